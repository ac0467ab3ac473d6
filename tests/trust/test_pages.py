"""The pages of the organisation and of the operator, as people use them, with hostile files too."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

import pytest

from entitylocker.access import Role
from entitylocker.signatures.trust import TrustStore
from entitylocker.trust.reading import LARGEST_UPLOAD
from tests.factories import Member, Organisations
from tests.trust.authorities import bundle, make_authority, make_crl, packed
from tests.trust.conftest import Visitor
from tests.vault.helpers import code_of, text_of


def _ticked(page: str) -> list[bytes]:
    """The certificates that the page would send back."""
    return [base64.b64decode(value) for value in re.findall(r'name="certificates" value="([^"]+)" checked', page)]


@pytest.fixture(params=["organisation", "operator"])
def either(request: pytest.FixtureRequest, visitor: Visitor, operator: Visitor) -> Visitor:
    """Both pages work alike."""
    return visitor if request.param == "organisation" else operator


def test_from_files_over_a_look_to_trust_and_back(either: Visitor) -> None:
    root = make_authority()
    below = make_authority(issuer=root)
    looked = either.look(("root.pem", root.pem), ("all.zip", packed({"a/below.p7b": bundle(below)})))
    assert looked.status_code == 200
    words = text_of(looked)
    for one in (root, below):
        assert one.name in words
        assert one.fingerprint in words.replace(" ", "")
    assert "Compare the fingerprint of every root" in words
    assert "Nothing was changed yet" in words
    assert root.name not in text_of(either.get())
    assert set(_ticked(looked.text)) == {root.der, below.der}
    added = either.add(*_ticked(looked.text))
    assert (added.status_code, added.location) == (303, f"{either.base}/trust")
    page = either.get()
    assert "2 certificates are trusted from now on" in text_of(page)
    assert root.name in text_of(page)
    again = either.look(("root.pem", root.pem))
    assert "Nothing new in these files" in text_of(again)
    remove = re.findall(r'action="[^"]*?/trust(/certificates/[0-9a-f-]+/remove)"', page.text)
    assert either.post(remove[-1]).status_code == 303
    page = either.get()
    assert "is no longer trusted. You can undo this below." in text_of(page)
    assert either.post(remove[-1].replace("/remove", "/restore")).status_code == 303
    assert "is trusted from now on" in text_of(either.get())


def test_only_what_is_ticked_is_added(visitor: Visitor) -> None:
    wanted, unwanted = make_authority(), make_authority()
    looked = visitor.look(("both.pem", wanted.pem + unwanted.pem))
    visitor.add(next(der for der in _ticked(looked.text) if der == wanted.der))
    words = text_of(visitor.get())
    assert wanted.name in words
    assert unwanted.name not in words


def test_what_was_passed_over_is_said_with_the_reason(visitor: Visitor) -> None:
    root = make_authority()
    somebody = make_authority("Somebody", issuer=root, ca=False)
    looked = visitor.look(
        ("good.pem", root.pem), ("secret.pem", root.key_pem), ("person.cer", somebody.der),
        ("list.crl", make_crl(root)), ("words.txt", b"<script>alert(1)</script>"), ("<b>evil\u202e.pem", b"none"),
    )  # fmt: skip
    words = text_of(looked)
    for said in ("It holds a private key. It was not kept", "It is not the certificate of an authority",
                 "It is a list of revoked certificates", "No certificate in it can be read"):  # fmt: skip
        assert said in words
    assert "PRIVATE KEY" not in looked.text
    assert "<b>evil" not in looked.text
    assert _ticked(looked.text) == [root.der]


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 200, "Nothing new"),
        (make_authority().pem + b"\n" * LARGEST_UPLOAD, 200, "It is too large, or holds too much"),
        (packed({"a.pem": b"\0" * (LARGEST_UPLOAD + 1)}), 200, "It is too large, or holds too much"),
        (packed({"../../etc/passwd.pem": b"root"}), 200, "passwd.pem"),
        (b"".join(make_authority().pem for _ in range(201)), 422, "too many certificates"),
    ],
    ids=["empty", "large", "bomb", "path", "many"],
)
def test_a_hostile_file_changes_nothing(either: Visitor, content: bytes, status: int, said: str) -> None:
    answer = either.look(("evil.pem", content))
    assert answer.status_code == status
    assert said in text_of(answer)
    assert "/etc/" not in answer.text


def test_a_body_over_the_limit_is_turned_away(either: Visitor) -> None:
    answer = either.look(("a.pem", b"\0" * (LARGEST_UPLOAD + 2 * 1024 * 1024)))
    assert (answer.status_code, code_of(answer)) == (413, "body_too_large")


def test_no_file_at_all_is_said(either: Visitor) -> None:
    answer = either.post("/look")
    assert answer.status_code == 422
    assert "Choose at least one file" in text_of(answer)


@pytest.mark.parametrize(
    "sent",
    [[], ["not base64!"], ["AAAA"], ["A" * 40_000], [base64.b64encode(make_authority(ca=False).der).decode()]],
    ids=["nothing", "no base64", "no certificate", "long", "nobody"],
)
def test_what_a_page_sends_back_may_be_anything(either: Visitor, sent: list[str]) -> None:
    assert either.post("/certificates", certificates=sent).status_code == 422


def test_the_issuer_that_a_document_lacks_is_named_and_kept_through_a_mistake(visitor: Visitor) -> None:
    asked = visitor.get(issuer="Capricorn CA\u202e\n2014 <script>")
    assert "The certificate of “Capricorn CA 2014 <script>” is missing" in text_of(asked)
    assert "<script>" not in asked.text.replace("<script src", "")
    assert "Capricorn CA 2014" in text_of(visitor.post("/look", issuer="Capricorn CA 2014"))
    assert f"“{'x' * 200}”" in text_of(visitor.get(issuer="x" * 5000))
    for page in (asked, visitor.get()):
        assert page.text.count('<input class="in file" type="file"') == 1


def test_an_issuer_that_is_not_trusted_here_is_pointed_out(visitor: Visitor) -> None:
    root = make_authority()
    below = make_authority(issuer=root)
    warning = "Its issuer is not trusted here"
    assert warning in text_of(visitor.look(("below.pem", below.pem)))
    assert warning not in text_of(visitor.look(("both.pem", below.pem + root.pem)))


def test_the_operator_sees_what_came_along_with_fingerprint_source_and_dates(operator: Visitor) -> None:
    page = text_of(operator.get())
    for one in TrustStore.shipped().list_certificates():
        assert one.name in page
        assert one.fingerprint in page.replace(" ", "")
    assert "agrees with two independent pin lists" in page
    assert "The list of the operating system is never used" in page
    approvals = operator.client.get("/operator")
    assert 'href="/operator/trust"' in approvals.text


@pytest.mark.parametrize("role", [Role.RECORDS_OFFICER, Role.SIGNATORY, Role.AUDITOR])
def test_who_may_only_look_is_offered_nothing_to_change(
    administrator: Member, organisations: Organisations, visitor: Visitor, role: Role
) -> None:
    visitor.add(make_authority().der)
    member = organisations.add_member(role, administrator.organisation_id)
    page = Visitor(member, visitor.base).get(issuer="Somebody")
    assert page.status_code == 200
    assert "An administrator of your organisation can add it here" in text_of(page)
    assert f'action="{visitor.base}/trust' not in page.text


def test_another_organisation_sees_nothing_of_it(visitor: Visitor, make_organisation: Callable[..., Member]) -> None:
    root = make_authority()
    visitor.add(root.der)
    other = make_organisation(name="Malabar Traders")
    stranger = Visitor(other, f"/organisations/{other.organisation_id}")
    assert root.name not in text_of(stranger.get())
    assert Visitor(other, visitor.base).get().status_code == 404
    assert Visitor(other, "/operator").get().status_code == 404


def test_the_policy_begins_with_yes_and_says_who_set_it(visitor: Visitor, administrator: Member) -> None:
    assert "Nobody has chosen yet" in text_of(visitor.get())
    assert visitor.post("/policy", claimed_time="does_not").status_code == 303
    page = visitor.get()
    assert f"Set by {administrator.name}" in text_of(page)
    assert re.search(r'value="does_not" checked', page.text)
    assert visitor.post("/policy", claimed_time="perhaps").status_code == 422
    assert visitor.post("/policy").status_code == 422
