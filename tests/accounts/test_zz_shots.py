import threading, sys
from datetime import date, timedelta
import pytest
from werkzeug.serving import make_server
from playwright.sync_api import sync_playwright
from axe_playwright_python.sync_playwright import Axe
from entitylocker.access import Role
from entitylocker.organisations import service
from entitylocker.delegations import service as dele
from tests.factories import PASSWORD

def test_shots(app, organisations):
    admin = organisations.make(verified=False)
    member = organisations.add_member(Role.READER, admin.organisation_id)
    with app.app_context():
        dele.give_delegation(admin.actor, membership_id=member.actor.membership_id, role=Role.RECORDS_OFFICER, folder_id=None, starts_on=date.today(), ends_on=date.today()+timedelta(days=9), reason="Stands in for Meera during leave")
    with app.test_request_context():
        inv = service.invite_member(admin.actor, "friend@example.in", Role.AUDITOR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    t = threading.Thread(target=server.serve_forever, daemon=True); t.start()
    base = f"http://127.0.0.1:{server.port}"
    h = f"/organisations/{admin.organisation_id}"
    out = []
    with sync_playwright() as p:
        b = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for width in (1280, 390):
            page = b.new_page(viewport={"width": width, "height": 900})
            errs = []
            page.on("console", lambda m: errs.append(m.text) if m.type == "error" else None)
            def shot(name, path=None):
                if path: page.goto(base + path)
                page.screenshot(path=f"/tmp/elplug/{name}-{width}.png", full_page=True)
                r = Axe().run(page)
                v = [(x["id"], [n["html"][:150] for n in x["nodes"]][:3]) for x in r.response["violations"]]
                wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
                out.append((name, width, v, wide, list(errs))); errs.clear()
            shot("sign_up", "/sign-up")
            shot("check", "/sign-up/check-mail")
            shot("invitation", "/invitations/" + inv.link.rsplit("/",1)[1])
            shot("sign_in", "/sign-in")
            page.fill("#f-email", admin.email); page.fill("#f-password", "wrong password")
            page.click("button:has-text('Sign in')"); shot("sign_in_wrong")
            page.fill("#f-email", admin.email); page.context.add_cookies([])
            page.context.clear_cookies()
            c = app.test_client(); admin.sign_in(c)
            cookie = c.get_cookie("entitylocker")
            page.context.add_cookies([{"name": "entitylocker", "value": cookie.value, "url": base}])
            for name, path in [("overview", h), ("people", h+"/people"), ("details", h+"/details"), ("delegations", h+"/delegations"), ("give", h+"/delegations/new"), ("account", "/account"), ("mine", "/organisations"), ("register", "/organisations/new")]:
                shot(name, path)
            page.close()
        b.close()
    server.shutdown()
    for o in out:
        if o[2] or o[3] or o[4]: print("!!", o)
