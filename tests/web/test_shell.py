"""The page shell: language and display settings, formats, the words of verdicts, and the promises of the templates."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, render_template, render_template_string
from flask.testing import FlaskClient
from flask_babel import Babel, force_locale
from flask_wtf import CSRFProtect
from hypothesis import given
from hypothesis import strategies as st

from entitylocker.errors import InvalidInput, NotFound
from entitylocker.paths import resource
from entitylocker.web import display
from entitylocker.web.formats import ago, docdate, filesize, initials, messages_of, number, slug, when
from entitylocker.web.verdicts import NOT_CHECKABLE_REASONS, VERDICT_FACES, not_checkable_reason, verdict_face

TEMPLATES = sorted(resource("templates").rglob("*.html"))
VENDOR = resource("static") / "vendor"


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A bare application with the shell alone; what the whole one had registered is put back afterwards."""
    for hook in ("find", "store"):
        monkeypatch.setattr(display.language_setting, hook, None)
    app = Flask("entitylocker", template_folder=str(resource("templates")), static_folder=str(resource("static")))
    app.config.update(SECRET_KEY="only for this test", BABEL_DEFAULT_LOCALE="en_IN", WTF_CSRF_ENABLED=False)
    Babel(app, locale_selector=display.select_locale)
    CSRFProtect(app)
    app.register_blueprint(display.pages)
    display.register_display(app)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize(
    ("header", "cookie", "account", "expected"),
    [
        ("hi-IN,hi;q=0.9", None, None, "hi"),
        ("en-GB", None, None, "en"),
        ("fr", None, None, "en"),
        ("hi", "en", None, "en"),
        ("en", "en", "hi", "hi"),
        ("en", "xx", "yy", "en"),
    ],
)
def test_language_comes_from_account_then_cookie_then_browser(
    client: FlaskClient, header: str, cookie: str | None, account: str | None, expected: str
) -> None:
    display.language_setting.find = lambda: account
    if cookie:
        client.set_cookie("lang", cookie)
    page = client.get("/help", headers={"Accept-Language": header}).text
    assert f'<html lang="{expected}"' in page


def test_choosing_a_language_is_remembered_and_comes_back(client: FlaskClient) -> None:
    stored: list[str] = []
    display.language_setting.store = stored.append
    answer = client.post("/display/language", data={"lang": "hi", "next": "/help?a=1"})
    assert (answer.status_code, answer.location) == (303, "/help?a=1")
    assert stored == ["hi"]
    cookie = client.get_cookie("lang")
    assert cookie is not None and cookie.value == "hi" and cookie.http_only and cookie.same_site == "Lax"
    assert '<html lang="hi"' in client.get("/help").text


def test_display_settings_are_kept_and_nonsense_is_not(client: FlaskClient) -> None:
    client.post("/display", data={"theme": "dark", "text_size": "huge", "next": "/help"})
    page = client.get("/help").text
    assert 'data-theme="dark" data-size="m"' in page


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/a\\b",
        "evil",
        "",
        "/\t/evil",
        "/a\nb",
        "/ b",
        None,
    ],
)
def test_return_paths_to_other_places_are_refused(client: FlaskClient, address: str | None) -> None:
    assert display.local_path(address) is None
    assert client.post("/display", data={"next": address or ""}).location == "/"


@given(st.text(max_size=60))
def test_return_paths_never_leave_the_site(text: str) -> None:
    kept = display.local_path(text)
    assert kept is None or re.match(r"/(?![/\\])", kept)


@pytest.mark.parametrize("address", ["/help", "/accessibility", "/privacy"])
def test_pages_of_the_site_open_for_everybody(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    assert {"Cookie", "Accept-Language"} <= set(answer.vary)


def test_every_link_of_the_bare_shell_leads_somewhere(client: FlaskClient) -> None:
    page = client.get("/help").text
    for address in set(re.findall(r'(?:href|src|action)="(/[^"#]+)', page)):
        assert client.get(address).status_code in (200, 405), address


def test_dates_and_times_are_indian(app: Flask) -> None:
    late = datetime(2026, 11, 22, 20, 0, 5, tzinfo=UTC)
    with app.test_request_context():
        assert docdate(late) == "23 Nov 2026"
        assert docdate(date(2026, 11, 22)) == "22 Nov 2026"
        assert when(late) == "23 Nov 2026, 01:30 IST"
        assert when(late, seconds=True) == "23 Nov 2026, 01:30:05 IST"
        assert ago(late, late + timedelta(hours=3)) == "3 hours ago"
        assert docdate(None) == when(None) == number(None) == "–"
        assert number(1234567) == "12,34,567"
        with force_locale("hi_IN"):
            assert docdate(late) == "23 नव॰ 2026"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1,023 B"), (1024, "1 KB"), (422_000, "412 KB"), (1_258_291, "1.2 MB"), (10 * 2**30, "10 GB")],
)
def test_sizes(app: Flask, size: int, text: str) -> None:
    with app.test_request_context():
        assert filesize(size) == text


def test_initials_slugs_and_messages() -> None:
    assert initials("Registrar of Companies") == "RC"
    assert initials("सह्याद्री एग्रो") == "सए"
    assert initials(None) == "?"
    assert slug("Who can see it?") == "who-can-see-it"
    assert messages_of({"0": {"a": ["x", "y"]}, "1": ["x"]}) == ["x", "y"]
    assert messages_of("one") == ["one"]


def test_every_verdict_has_words_and_unknown_ones_are_never_good(app: Flask) -> None:
    known = set(VERDICT_FACES)
    assert known == {
        *("altered", "changed_after_signing", "revoked", "not_checkable", "old_cryptography", "signer_not_confirmed"),
        *(
            "filled_in_after_signing",
            "valid_at_claimed_time",
            "valid_with_additions",
            "valid",
            "not_signed",
            "checking",
        ),
    }
    with app.test_request_context():
        assert {word for word in known if verdict_face(word).kind == "ok"} == {"valid", "valid_with_additions"}
        assert {word for word in known if verdict_face(word).kind == "bad"} == {
            "altered",
            "changed_after_signing",
            "revoked",
        }
        for strange in (None, "", "fine", 7):
            assert verdict_face(strange).words == "Not checked"
        assert all(not_checkable_reason(reason) for reason in NOT_CHECKABLE_REASONS)
        assert not_checkable_reason(None) == ""


def test_fields_are_wired_to_their_hint_and_error(app: Flask) -> None:
    source = """{% from "_macros.html" import field, error_summary %}{{ error_summary({'pan': ['Bad <b>']}) }}
    {{ field('pan', 'PAN', 'x"y', error=['Bad <b>'], hint='Ten', required=true, data_kind='k', autofocus=true) }}"""
    with app.test_request_context():
        page = render_template_string(source)
    assert 'aria-describedby="f-pan-hint f-pan-error" aria-invalid="true"' in page
    assert 'id="f-pan-hint"' in page and 'id="f-pan-error"' in page and 'href="#f-pan"' in page
    assert 'data-kind="k"' in page and " autofocus" in page
    assert "Bad &lt;b&gt;" in page and 'value="x&#34;y"' in page


def test_a_password_is_never_sent_back(app: Flask) -> None:
    with app.test_request_context():
        page = render_template_string(
            """{% from "_macros.html" import field %}{{ field('p', 'Password', 'secret', type='password') }}"""
        )
    assert "secret" not in page


def test_the_shell_says_for_whom_one_acts(app: Flask) -> None:
    acting = SimpleNamespace(organisation_name="Sahyadri <Agro>", organisation_verified=False, organisation_id=1)
    with app.test_request_context("/help"):
        page = render_template(
            "pages/help.html",
            acting=acting,
            acting_role="Reader",
            nav_items=[SimpleNamespace(icon="folder", label="Documents", href="/d", current=True, count=2)],
        )
    assert "Sahyadri &lt;Agro&gt;" in page and "Reader" in page and "Not verified yet" in page
    assert 'aria-current="page"' in page


@pytest.mark.parametrize("error", [NotFound(), InvalidInput({"name": ["Too short."]})])
def test_errors_are_pages_that_lead_on(app: Flask, error: NotFound | InvalidInput) -> None:
    with app.test_request_context("/nowhere"):
        page = render_template("errors/error.html", error=error, words=error.text())
    assert error.text() in page and 'href="/help"' in page and error.code in page


# A mail program and a file on one's own disk have no style sheet of ours; the locker serves neither under its policy.
NOT_SERVED = {resource("templates") / name for name in ("mail/_base.html", "organisations/slips_file.html")}
SERVED = [path for path in TEMPLATES if path not in NOT_SERVED]


@pytest.mark.parametrize("path", SERVED, ids=lambda path: str(path.relative_to(resource("templates"))))
def test_templates_keep_the_strict_policy(path: Path) -> None:
    text = path.read_text("utf-8")
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.S)
    assert not re.search(r'\sstyle\s*="', text), "style attributes are refused by the browser"
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)", text), "nothing inline"
    assert not re.search(r"\son(click|change|submit|load|input|error)\s*=", text), "no inline handlers"
    assert "|safe" not in text.replace("'|safe", ""), "only literal markup is marked safe"
    assert not re.search(r'(src|srcset|href|data)="\s*(https?:)?//', text), "nothing is loaded from elsewhere"


def test_every_icon_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "icons.svg").read_text("utf-8")))
    used: dict[str, str] = {face.icon: "verdicts" for face in VERDICT_FACES.values()}
    for path in TEMPLATES:
        for name in re.findall(r"""\b(?:icon|_svg)\(\s*['"]([a-z0-9-]+)['"]""", path.read_text("utf-8")):
            used[name] = path.name
    assert len(used) > 40
    assert {name: place for name, place in used.items() if name not in sprite} == {}


def test_vendored_files_are_those_of_the_lock() -> None:
    lock = json.loads((VENDOR / "vendor.lock.json").read_text("utf-8"))
    found = {path.name for path in VENDOR.iterdir()} - {"vendor.lock.json"}
    assert found == set(lock["files"])
    for name, entry in lock["files"].items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == entry["sha256"], name
    assert all(re.fullmatch(r"sha512-.{88}", package["integrity"]) for package in lock["packages"].values())


def test_vendored_files_are_named_with_their_licences() -> None:
    named = (VENDOR / "THIRD_PARTY.md").read_text("utf-8")
    for path in VENDOR.iterdir():
        if path.suffix in {".js", ".svg", ".woff2"}:
            assert f"`{path.name}`" in named, path.name
