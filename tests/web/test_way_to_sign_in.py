"""Whoever must sign in first comes back to exactly the address that was asked for."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    "address",
    [
        "/organisations",
        "/oauth/authorize?client_id=a&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Ab",
        "/organisations?q=%E0%A4%B9&next=/help%3Fa%3D1",
    ],
)
def test_the_address_is_kept_as_it_was_written(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.location).query)["next"] == [address]
