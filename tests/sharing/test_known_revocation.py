"""What the locker knows of a revocation, it tells strangers too; for them alone it asks nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from uuid_utils.compat import uuid7

from entitylocker.trust.fetch_jobs import fetch_answers
from entitylocker.trust.service import add_to_installation
from tests.factories import Member, Organisations
from tests.sharing.helpers import Visitor
from tests.trust.issuers import issuing
from tests.vault.helpers import Sender


def test_a_stranger_is_told_of_the_revocation_that_members_know(
    app: Flask,
    organisations: Organisations,
    make_organisation: Callable[..., Member],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with issuing(f"Issuer {uuid7()}") as issuer:
        monkeypatch.setattr(app.extensions["entitylocker"], "outgoing", issuer.outgoing())
        with app.test_request_context():
            add_to_installation(organisations.operator(), [issuer.der])
        signer = issuer.issue("Asha Verma", crl=True)
        content = signer.sign()
        issuer.revoke(signer)
        stranger = Visitor(app)
        assert stranger.report(content)["verdict"] == "valid", "nobody has asked yet, and for strangers nobody does"

        sender = Sender(make_organisation())
        sender.check(sender.deposit(content)["document_id"])
        with app.app_context():
            fetch_answers()
        assert stranger.report(content)["verdict"] == "revoked"
