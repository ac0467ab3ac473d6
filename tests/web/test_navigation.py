"""Which way of the side navigation is marked on which page."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask, url_for

from entitylocker.web.shell import _current_entry


@pytest.mark.parametrize(
    ("endpoint", "way"),
    [
        ("organisations.overview", "organisations.overview"),
        ("organisations.change_role", "organisations.people"),
        ("onboarding.adoption", "organisations.people"),
        ("organisations.proposals", "organisations.details"),
        ("exports.export", "organisations.details"),
        ("units.branches", "units.units"),
        ("vault.due", "vault.due"),
        ("vault.bin", "vault.documents"),
        ("accounts.security", None),
    ],
)
def test_the_way_to_a_page_is_the_current_one(app: Flask, endpoint: str, way: str | None) -> None:
    rule = next(app.url_map.iter_rules(endpoint))
    names = {name: uuid4() for name in rule.arguments}
    with app.test_request_context():
        address = url_for(endpoint, **names)
    with app.test_request_context(address):
        found = _current_entry()
    assert (found.endpoint if found else None) == way
