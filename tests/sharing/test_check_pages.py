"""Check pages: off until switched on, nothing shown that was not chosen, and every no the same no."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text, update

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.organisations.models import StatedIdentifier
from entitylocker.sharing import service
from entitylocker.sharing.codes import digest, read_code
from entitylocker.sharing.errors import CheckPageIsOn
from entitylocker.sharing.views import Choices
from entitylocker.tenancy import DatabaseRole, Tenant
from entitylocker.vault import service as vault
from entitylocker.vault.models import Version
from entitylocker.web.links import link_to
from tests.architecture.matrix import plain
from tests.factories import Member, Organisations
from tests.sharing.helpers import Keeper, Visitor, boxes_of
from tests.statements import statements
from tests.vault.helpers import PLAIN_PDF, Sender, code_of, text_of, upload_of

UNKNOWN = "0000-0000-0000-0000"
TITLE, ORGANISATION, SIGNER = "Certificate of Spices", "Konkan Spices", "Asha"


def test_it_is_off_until_it_is_switched_on_and_nothing_is_ticked(keeper: Keeper) -> None:
    page = keeper.sender.get(keeper.path)
    assert boxes_of(page) == {"show_title": False, "show_organisation": False, "show_signers": False}
    assert "Off" in text_of(keeper.sender.get(f"/documents/{keeper.document_id}"))
    assert keeper.events() == []


def test_switched_on_by_hand_it_shows_what_was_ticked(keeper: Keeper, visitor: Visitor) -> None:
    assert keeper.sender.post(keeper.path, show="show_title").status_code == 303
    page = keeper.sender.get(keeper.path)
    code = keeper.page().code
    assert code in page.text and f"/check/{code}" in page.text
    assert "<svg viewBox" in page.text
    assert boxes_of(page) == {"show_title": True, "show_organisation": False, "show_signers": False}
    seen = text_of(visitor.look(code))
    assert TITLE in seen and ORGANISATION not in seen


@pytest.mark.parametrize(
    "shown", [(), ("title",), ("organisation",), ("signers",), ("title", "organisation", "signers")]
)
def test_nothing_is_shown_that_was_not_chosen(keeper: Keeper, visitor: Visitor, shown: tuple[str, ...]) -> None:
    answer = visitor.look(keeper.switch_on(*shown).code)
    assert answer.status_code == 200
    words = text_of(answer)
    assert "Signer not confirmed" in words
    assert hashlib.sha256(keeper.content).hexdigest() in words
    assert (TITLE in answer.text) == ("title" in shown)
    assert (ORGANISATION in answer.text) == ("organisation" in shown)
    with keeper.member.app.app_context():
        version = vault.get_document(keeper.member.actor, keeper.document_id).version
    assert version.report is not None
    names = version.report["by_whom"]
    assert names
    assert all((name in answer.text) == ("signers" in shown) for name in names)
    for private in (
        keeper.member.name,
        keeper.member.email,
        str(keeper.document_id),
        str(keeper.member.organisation_id),
        "paper.pdf",
    ):
        assert private not in answer.text


def test_the_page_is_for_no_search_engine_and_leaves_no_referrer(keeper: Keeper, visitor: Visitor) -> None:
    answer = visitor.look(keeper.switch_on().code)
    assert "noindex" in answer.headers["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex' in answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_code_may_be_typed_in_any_way(keeper: Keeper, visitor: Visitor) -> None:
    code = keeper.switch_on("title").code
    bare = read_code(code)
    for typed in (code, bare, code.lower(), bare.replace("0", "O").replace("1", "l"), " ".join(bare)):
        assert TITLE in visitor.look(typed).text
        led = visitor.client.get("/check", query_string={"code": typed})
        assert (led.status_code, led.headers["Location"]) == (303, f"/check/{code}")
    wrong = visitor.client.get("/check", query_string={"code": "not-a-code"})
    assert wrong.status_code == 422
    assert "16 letters and digits" in text_of(wrong)


def test_a_file_in_hand_is_compared_with_the_one_kept(keeper: Keeper, visitor: Visitor) -> None:
    code = keeper.switch_on().code
    assert "This is the very file" in text_of(visitor.send(keeper.content, code=code))
    assert "This is not the file" in text_of(visitor.send(keeper.content + b"\n", code=code))
    assert "opens no check page" in text_of(visitor.send(keeper.content, code=UNKNOWN))
    assert keeper.page().counts.ever == 0, "comparing is not looking"


def test_a_newer_version_takes_the_place_of_the_older(keeper: Keeper, visitor: Visitor) -> None:
    code = keeper.switch_on().code
    newer = PLAIN_PDF + b"% newer"
    with keeper.member.app.app_context():
        vault.add_version(keeper.member.actor, upload_of(newer), keeper.document_id)
    words = text_of(visitor.look(code))
    assert "Being checked" in words
    assert hashlib.sha256(newer).hexdigest() in words
    assert "2, the current one" in words


def test_strangers_are_told_the_verdict_by_the_installation_s_trust(keeper: Keeper, visitor: Visitor) -> None:
    code = keeper.switch_on().code
    mine = Tenant(organisation_id=keeper.member.organisation_id)
    with keeper.member.app.app_context(), tenancy.transaction(mine):
        changed = {"verdict": "valid", "outward_verdict": "signer_not_confirmed"}
        db.session.execute(update(Version).where(Version.document_id == keeper.document_id).values(**changed))
    words = text_of(visitor.look(code))
    assert "Signer not confirmed" in words and "Signature valid" not in words


def test_looks_are_counted_and_nothing_else_of_who_looks(keeper: Keeper, visitor: Visitor) -> None:
    code = keeper.switch_on().code
    for _ in range(3):
        visitor.look(code)
    visitor.client.head(f"/check/{code}")
    visitor.look(UNKNOWN)
    counts = keeper.page().counts
    assert (counts.today, counts.month, counts.ever) == (3, 3, 3)
    assert "Looked at 3 times" in text_of(keeper.sender.get(f"/documents/{keeper.document_id}"))
    assert keeper.events() == ["check_page:issue"]


# No is no.


def _new_code(keeper: Keeper) -> None:
    keeper.sender.post(f"{keeper.path}/code")


def _switch_off(keeper: Keeper) -> None:
    keeper.sender.post(f"{keeper.path}/revoke")


def _bin(keeper: Keeper) -> None:
    keeper.sender.post(f"/documents/{keeper.document_id}/bin")


def _lose_verification(keeper: Keeper) -> None:
    with keeper.member.app.app_context(), tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
        of_theirs = StatedIdentifier.organisation_id == keeper.member.organisation_id
        db.session.execute(update(StatedIdentifier).where(of_theirs).values(state="expired"))


@pytest.mark.parametrize("act", [_new_code, _switch_off, _bin, _lose_verification])
def test_what_opens_nothing_any_more_is_as_absent_as_what_never_was(
    keeper: Keeper, visitor: Visitor, act: Callable[[Keeper], None]
) -> None:
    code = keeper.switch_on("title", "organisation").code
    assert visitor.look(code).status_code == 200
    act(keeper)
    app = keeper.member.app
    asked = {}
    for name, typed in (("dead", code), ("unknown", UNKNOWN), ("no code", "xyzzy")):
        with statements(app) as seen:
            answer = visitor.look(typed)
        asked[name] = (answer.status_code, plain(answer.text).replace(typed, ""), sorted(answer.headers.keys()), seen)
    assert asked["dead"][0] == 404
    assert asked["dead"] == asked["unknown"] == asked["no code"], "the same answer by the same statements"


def test_hostile_codes_are_no_codes(visitor: Visitor) -> None:
    for typed in ("%00", "a%00b", "..%5c..", "%F0%9F", "' OR 1=1 --", "A" * 3000, "%D9%A1" * 16):
        assert visitor.client.get(f"/check/{typed}").status_code == 404, typed
        assert visitor.client.get(f"/check?code={typed}").status_code == 422, typed


def test_a_document_taken_out_of_the_bin_has_no_check_page(keeper: Keeper, visitor: Visitor) -> None:
    code = keeper.switch_on().code
    _bin(keeper)
    assert keeper.sender.post(f"/bin/{keeper.document_id}/restore").status_code == 303
    assert visitor.look(code).status_code == 404
    assert keeper.events() == ["check_page:issue", "check_page:revoke"]
    again = keeper.switch_on().code
    assert again != code
    assert visitor.look(again).status_code == 200


def test_every_change_is_in_the_trail_and_no_change_is_not(keeper: Keeper) -> None:
    keeper.switch_on()
    keeper.sender.post(f"{keeper.path}/choices", show="show_signers")
    keeper.sender.post(f"{keeper.path}/choices", show="show_signers")
    _new_code(keeper)
    _switch_off(keeper)
    _switch_off(keeper)
    tags = ["issue", "change", "renew_code", "revoke"]
    assert keeper.events() == [f"check_page:{tag}" for tag in tags]


# The code and what is stored of it.


def test_the_code_is_stored_nowhere(keeper: Keeper) -> None:
    code = keeper.switch_on().code
    bare = read_code(code)
    with keeper.member.app.app_context(), tenancy.transaction(Tenant(organisation_id=keeper.member.organisation_id)):
        pages = str(db.session.execute(text("SELECT check_pages::text FROM check_pages")).all())
        events = str(db.session.execute(text("SELECT events::text FROM events")).all())
    for place in (pages, events):
        for form in (code, bare, digest(bare).hex(), bare.encode().hex()):
            assert form not in place


def test_a_secret_moved_to_another_page_gives_no_code(keeper: Keeper, paper: Callable[[str], bytes]) -> None:
    keeper.switch_on()
    other = Keeper(keeper.member, paper("unsigned"))
    other.switch_on()
    mine = Tenant(organisation_id=keeper.member.organisation_id)
    with keeper.member.app.app_context(), tenancy.transaction(mine):
        move = "UPDATE check_pages SET wrapped_secret = (SELECT wrapped_secret FROM check_pages WHERE document_id = :a)"
        db.session.execute(text(f"{move} WHERE document_id = :b"), {"a": other.document_id, "b": keeper.document_id})
    assert keeper.sender.get(keeper.path).status_code == 500
    assert other.sender.get(other.path).status_code == 200


def test_switching_on_together_makes_one_page(keeper: Keeper) -> None:
    actor, app = keeper.member.actor, keeper.member.app

    def switch_on(_: int) -> str | None:
        with app.app_context():
            try:
                view = service.issue_check_page(actor, keeper.document_id, Choices())
            except CheckPageIsOn:
                return None
        return view.page.code if view.page else None

    with ThreadPoolExecutor(6) as pool:
        made = [code for code in pool.map(switch_on, range(6)) if code]
    assert made == [keeper.page().code]


# Who may.


def test_roles(keeper: Keeper, organisations: Organisations) -> None:
    organisation_id = keeper.member.organisation_id
    expected = {Role.SIGNATORY: 303, Role.READER: 403, Role.RECORDS_OFFICER: 403, Role.AUDITOR: 403, Role.MEMBER: 404}
    for role, status in expected.items():
        sender = Sender(organisations.add_member(role, organisation_id))
        assert sender.post(keeper.path).status_code == status, role
    auditor = Sender(organisations.add_member(Role.AUDITOR, organisation_id))
    page = auditor.get(keeper.path)
    assert keeper.page().code in page.text
    assert "Switch off" not in page.text and boxes_of(page) == {}
    reader = Sender(organisations.add_member(Role.READER, organisation_id))
    assert 'id="check-page"' not in reader.get(f"/documents/{keeper.document_id}").text


def test_an_organisation_that_only_states_who_it_is_speaks_to_nobody(
    make_organisation: Callable[..., Member], paper: Callable[[str], bytes]
) -> None:
    keeper = Keeper(make_organisation(verified=False), paper("unsigned"))
    refused = keeper.sender.post(keeper.path)
    assert refused.status_code == 403
    page = text_of(keeper.sender.get(keeper.path))
    assert "not verified yet" in page and "Switch on" not in page


def test_others_find_nothing(keeper: Keeper, make_organisation: Callable[..., Member]) -> None:
    keeper.switch_on()
    other = make_organisation()
    client = other.client()
    for organisation_id in (keeper.member.organisation_id, other.organisation_id):
        for rest in ("", "/slip", "/qr.svg"):
            answer = client.get(f"/organisations/{organisation_id}{keeper.path}{rest}")
            assert answer.status_code == 404
    with other.app.app_context(), pytest.raises(NotFound):
        service.revoke_check_page(other.actor, keeper.document_id)
    assert keeper.page()


def test_what_is_off_has_no_slip_and_no_new_code(keeper: Keeper) -> None:
    for path in ("/slip", "/qr.svg"):
        assert keeper.sender.get(f"{keeper.path}{path}").status_code == 404
    for path in ("/code", "/choices"):
        assert keeper.sender.post(f"{keeper.path}{path}").status_code == 404
    assert keeper.sender.post(f"{keeper.path}/revoke").status_code == 303
    assert keeper.sender.post(keeper.path).status_code == 303
    assert keeper.sender.post(keeper.path).status_code == 409


def test_unknown_boxes_are_not_ticked(keeper: Keeper) -> None:
    for value in ("everything", "a\x00b", "show_title, show_signers"):
        assert keeper.sender.post(keeper.path, show=value).status_code == 422


# On paper.


def test_the_slip_says_it_in_both_languages_and_names_only_what_was_chosen(keeper: Keeper) -> None:
    code = keeper.switch_on("organisation").code
    slip = keeper.sender.get(f"{keeper.path}/slip")
    assert code in slip.text
    assert 'lang="en"' in slip.text and 'lang="hi"' in slip.text
    assert ORGANISATION in slip.text and TITLE not in slip.text
    assert "<svg viewBox" in slip.text
    assert "style=" not in slip.text


def test_the_link_is_of_the_installation_whatever_host_is_asked(keeper: Keeper, app: Flask) -> None:
    base = app.extensions["entitylocker"].settings.base_url
    with app.test_request_context(base_url="http://evil.example/"):
        assert link_to("sharing.check_page", code="X") == f"{base}/check/X"
    code = keeper.switch_on().code
    assert f"{base}/check/{code}" in keeper.sender.get(keeper.path).text


def test_the_qr_is_a_picture_that_may_do_nothing(keeper: Keeper) -> None:
    keeper.switch_on()
    answer = keeper.sender.get(f"{keeper.path}/qr.svg")
    assert answer.mimetype == "image/svg+xml"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert b"<script" not in answer.data and b"<svg" in answer.data


def test_forms_of_others_switch_nothing(keeper: Keeper) -> None:
    for path in ("", "/choices", "/code", "/revoke"):
        answer = keeper.sender.client.post(f"{keeper.sender.base}{keeper.path}{path}", data={})
        assert (answer.status_code, code_of(answer)) == (400, "form_expired")
    assert isinstance(keeper.document_id, UUID)
