"""Lists, folders, details, bin and due days, as far as one's role reaches."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.access.roles import SEAT_ROLES
from entitylocker.delegations.service import give_delegation
from entitylocker.extensions import db
from entitylocker.vault import rules, service
from tests.factories import Member, Organisations
from tests.vault.helpers import PLAIN_PDF, Sender, text_of


def root_of(member: Member) -> UUID:
    with member.app.app_context():
        folder = service.get_top(member.actor).folder
    assert folder is not None
    return folder.id


def make_folder(member: Member, name: str, parent: UUID | None = None) -> UUID:
    with member.app.app_context():
        return service.create_folder(member.actor, parent or root_of(member), name).id


def titles(sender: Sender, **query: str) -> list[str]:
    answer = sender.client.get(f"/api/v1{sender.base}/documents", query_string=query)
    assert answer.status_code == 200, answer.text
    return [document["title"] for document in answer.get_json()["items"]]


def test_pages_lead_to_older_ones_and_back(sender: Sender) -> None:
    for number in range(5):
        sender.deposit(PLAIN_PDF + b"%d" % number, title=f"T{number}")
    address = f"/api/v1{sender.base}/documents"
    first = sender.client.get(f"{address}?limit=2").get_json()
    second = sender.client.get(f"{address}?limit=2&older={first['older']}").get_json()
    third = sender.client.get(f"{address}?limit=2&older={second['older']}").get_json()
    back = sender.client.get(f"{address}?limit=2&newer={third['newer']}").get_json()
    shown = [[one["title"] for one in page["items"]] for page in (first, second, third, back)]
    assert shown == [["T4", "T3"], ["T2", "T1"], ["T0"], ["T2", "T1"]]
    assert (first["newer"], third["older"]) == (None, None)


def test_filters(sender: Sender) -> None:
    sender.deposit(PLAIN_PDF, title="Trade licence 50% off", type_code="TRDLC", number="TL/77")
    sender.deposit(PLAIN_PDF + b"%", title="Board resolution")
    assert titles(sender, q="licence") == ["Trade licence 50% off"]
    assert titles(sender, q="tl/77") == ["Trade licence 50% off"]
    assert titles(sender, q="50%") == ["Trade licence 50% off"]
    assert titles(sender, q="%") == ["Trade licence 50% off"]
    assert titles(sender, type="TRDLC") == ["Trade licence 50% off"]
    assert titles(sender, verdict="checking") == ["Board resolution", "Trade licence 50% off"]
    assert titles(sender, verdict="valid") == []
    assert "Nothing matches" in text_of(sender.get("/documents?q=nothing+like+it"))
    for bad in ("verdict=good", "limit=0", "older=x", "colour=red", "changed=maybe"):
        assert sender.client.get(f"/api/v1{sender.base}/documents?{bad}").status_code == 422


def test_an_empty_vault_says_so(sender: Sender) -> None:
    assert "Nothing here yet" in text_of(sender.get("/documents"))


def test_folders_over_the_pages(sender: Sender) -> None:
    root = root_of(sender.member)
    assert sender.post(f"/folders/{root}/new", name="  Tax ").status_code == 303
    again = sender.post(f"/folders/{root}/new", name="TAX")
    assert again.status_code == 422 or again.status_code == 200
    assert "There is a folder with this name already" in text_of(again)
    with sender.member.app.app_context():
        tax = service.get_top(sender.member.actor).children[0]
    assert tax.name == "Tax"
    assert sender.post(f"/folders/{tax.id}/rename", name="Taxes").status_code == 303
    assert sender.post(f"/folders/{root}/rename", name="Mine").status_code == 404
    assert "Taxes" in text_of(sender.get("/documents"))


def test_a_folder_lists_what_is_below_it(sender: Sender) -> None:
    tax = make_folder(sender.member, "Tax")
    gst = make_folder(sender.member, "GST", tax)
    sender.deposit(PLAIN_PDF, title="deep", folder_id=str(gst))
    sender.deposit(PLAIN_PDF + b"%", title="top")
    assert titles(sender, folder=str(tax)) == ["deep"]
    assert titles(sender) == ["top", "deep"]
    page = text_of(sender.get(f"/documents?folder={gst}"))
    assert "Tax" in page


def test_who_has_a_role_in_one_folder_sees_that_folder_only(
    sender: Sender, organisations: Organisations, app: Flask
) -> None:
    tax, hr = make_folder(sender.member, "Tax"), make_folder(sender.member, "Personnel")
    secret = sender.deposit(PLAIN_PDF, title="secret", folder_id=str(hr))["document_id"]
    sender.deposit(PLAIN_PDF + b"%", title="open", folder_id=str(tax))
    clerk = organisations.add_member(Role.MEMBER, sender.member.organisation_id)
    membership_id = clerk.actor.membership_id
    assert membership_id is not None
    with app.test_request_context():
        give_delegation(
            sender.member.actor, membership_id=membership_id, role=Role.RECORDS_OFFICER, folder_id=tax,
            starts_on=rules.today(), ends_on=None, reason="tests",
        )  # fmt: skip
    mine = Sender(clerk)
    assert titles(mine) == ["open"]
    page = text_of(mine.get("/documents"))
    assert "Tax" in page
    assert "Personnel" not in page
    for path in (
        f"/documents/{secret}",
        f"/documents/{secret}/content",
        f"/documents/{secret}/edit",
        f"/documents?folder={hr}",
    ):
        assert mine.get(path).status_code == 404
    assert mine.send("api", PLAIN_PDF, folder_id=str(hr)).status_code == 404
    assert mine.send("api", PLAIN_PDF, folder_id=str(tax)).status_code == 201
    assert "duplicate" in str(mine.send("api", PLAIN_PDF + b"%", folder_id=str(tax)).get_json())


def test_a_duplicate_one_may_not_see_is_not_told(sender: Sender, organisations: Organisations, app: Flask) -> None:
    tax, hr = make_folder(sender.member, "Tax"), make_folder(sender.member, "Personnel")
    sender.deposit(PLAIN_PDF, folder_id=str(hr))
    clerk = organisations.add_member(Role.MEMBER, sender.member.organisation_id)
    membership_id = clerk.actor.membership_id
    assert membership_id is not None
    with app.test_request_context():
        give_delegation(
            sender.member.actor, membership_id=membership_id, role=Role.RECORDS_OFFICER, folder_id=tax,
            starts_on=rules.today(), ends_on=None, reason="tests",
        )  # fmt: skip
    assert Sender(clerk).deposit(PLAIN_PDF, folder_id=str(tax))["duplicate_of"] is None


def test_the_bin(sender: Sender) -> None:
    stored = sender.deposit(title="Old lease")
    path = f"/documents/{stored['document_id']}"
    assert sender.post(f"{path}/bin").status_code == 303
    for gone in (path, f"{path}/content", f"{path}/edit", f"{path}/check"):
        assert sender.get(gone).status_code == 404
    assert titles(sender) == []
    assert sender.deposit(PLAIN_PDF)["duplicate_of"] is None
    assert "Old lease" in text_of(sender.get("/bin"))
    assert sender.post(f"/bin/{stored['document_id']}/restore").status_code == 303
    assert sender.get(path).status_code == 200
    assert sender.post(f"/bin/{stored['document_id']}/restore").status_code == 404


def test_after_thirty_days_the_bin_does_not_give_it_back(sender: Sender, app: Flask) -> None:
    stored = sender.deposit(title="Old lease")
    sender.post(f"/documents/{stored['document_id']}/bin")
    actor = sender.member.actor
    with app.app_context(), tenancy.transaction(tenancy.tenant_of(actor)):
        db.session.execute(text("UPDATE documents SET binned_at = now() - interval '31 days'"))
    assert "The bin is empty" in text_of(sender.get("/bin"))
    assert sender.post(f"/bin/{stored['document_id']}/restore").status_code == 404


def test_what_is_due_on_the_page(sender: Sender) -> None:
    day = rules.today()
    for title, days in (("past", -1), ("today", 0), ("soon", 30), ("later", 90), ("much later", 91)):
        sender.deposit(PLAIN_PDF + title.encode(), title=title, expires_on=str(day + timedelta(days=days)))
    with sender.member.app.app_context():
        groups = service.list_due(sender.member.actor)
    assert {group.value: [view.document.title for view in found] for group, found in groups.items()} == {
        "overdue": ["past"], "in_30_days": ["today", "soon"], "in_90_days": ["later"],
    }  # fmt: skip
    page = text_of(sender.get("/documents/due"))
    assert "Within 30 days" in page
    assert "much later" not in page


def test_editing_details(sender: Sender) -> None:
    path = f"/documents/{sender.deposit(title='Licence')['document_id']}"
    assert 'value="Licence"' in sender.get(f"{path}/edit").text
    good = {"title": "Trade licence", "type_code": "TRDLC", "number": "9", "issued_on": "", "expires_on": "2027-01-31"}
    assert sender.post(f"{path}/edit", **good).status_code == 303
    kept = sender.listed()[0]
    assert (kept["title"], kept["type"], kept["expires_on"]) == ("Trade licence", "TRDLC", "2027-01-31")
    for wrong in ({"title": ""}, {"type_code": "NOSUCH"}, {"expires_on": "31.1.2027"}, {"issued_on": "2027-02-01"}):
        assert sender.post(f"{path}/edit", **{**good, **wrong}).status_code in (200, 422)
    assert sender.listed()[0] == {**kept, "updated_at": sender.listed()[0]["updated_at"]}
    assert date.fromisoformat(kept["expires_on"]) == date(2027, 1, 31)


@pytest.mark.parametrize("role", [role for role in Role if role not in SEAT_ROLES])
def test_every_role_sees_pages_that_fit_it(sender: Sender, organisations: Organisations, role: Role) -> None:
    stored = sender.deposit(title="Licence")
    member = Sender(organisations.add_member(role, sender.member.organisation_id))
    page = member.get("/documents")
    assert page.status_code == 200
    assert ("Licence" in text_of(page)) == (role is not Role.MEMBER)
    assert ("data-upload" in page.text) == (role in (Role.ADMINISTRATOR, Role.RECORDS_OFFICER))
    content = member.get(f"/documents/{stored['document_id']}/content").status_code
    assert content == {Role.MEMBER: 404, Role.AUDITOR: 403}.get(role, 200)
