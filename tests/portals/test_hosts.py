"""The host of a portal stands in a header of the consent page: nothing in it may end a directive there."""

from __future__ import annotations

import pytest
from flask import Flask

from entitylocker.portals.addresses import check_redirects
from entitylocker.portals.errors import BadAddress

BAD = ["a.example;frame-ancestors", "a.example,default-src", "'self'", "a.example%20b", "a..$", "!a", "[::1]x", "a:b"]
GOOD = ["portal.example.in", "portal.example.in:8443", "[::1]:8000", "127.0.0.1", "xn--p1b6ci4b4b3a.in"]


@pytest.mark.parametrize("host", BAD)
def test_a_host_holds_nothing_that_ends_a_directive(app: Flask, host: str) -> None:
    with app.test_request_context(), pytest.raises(BadAddress):
        check_redirects(f"https://{host}/callback")


@pytest.mark.parametrize("host", GOOD)
def test_hosts_that_portals_have_are_taken(app: Flask, host: str) -> None:
    with app.test_request_context():
        assert check_redirects(f"https://{host}/callback") == [f"https://{host}/callback"]
