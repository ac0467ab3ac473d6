"""No way of writing an address leads inside; what the operator allows is reached, and nothing beside it."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from entitylocker.config import BadSetting
from entitylocker.outgoing import AddressRefused, Hosts, NotPublic, Outgoing, is_public

NOBODY = "0.0.0.0"  # noqa: S104
INSIDE = [
    NOBODY, "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:0:7f00:1::",
    "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
]  # fmt: skip
OUTSIDE = [
    "1.1.1.1", "8.8.8.8", "164.100.1.1", "223.255.255.1", "2001:4860:4860::8888", "2606:4700::1111",
    "2405:200::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1",
]  # fmt: skip

# Every way of writing that some program reads as an address, a user or a second line.
DODGES = [
    "http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://127.1/",
    "http://0177.0.0.1/", "http://127.0.0.1.1/", "http://127.000.000.001/", "http://1.2.3/", "http://0x/",
    "http://[::ffff:127.0.0.1%25lo]/", "http://[fe80::1%25eth0]/", "http://[::1].example.in/",
    "http://[::1", "http://::1/", "http://[127.0.0.1]/", "http://[v1.x]/",
    "http://user@example.in/", "http://user:secret@example.in/", "http://example.in@127.0.0.1/", "http://@example.in/",
    "http://example.in:8080/", "http://example.in:0/", "http://example.in:65536/", "http://example.in:http/",
    "http://example.in:443/", "https://example.in:80/", "http://example.in:22/",
    "ftp://example.in/", "file:///etc/passwd", "gopher://example.in/", "ldap://example.in/", "//example.in/",
    "example.in/list.crl", "javascript:alert(1)", "", "http://", "http:///list.crl", "http:example.in",
    "http://example.in/\r\nHost: inside", "http://example.in/\nX: y", "http://exa\tmple.in/", "http://example.in/a b",
    "http://example.in\\@127.0.0.1/", "http://example.in\x00.test/", " http://example.in/", "http://example.in/\x7f",
    "http://１２７.0.0.1/", "http://example。in/", "http://ⓔxample.in/", "http://exa%6dple.in/",
    "http://-example.in/", "http://example..in/", f"http://{'a' * 64}.in/", f"http://{'a.' * 130}in/",
    f"http://example.in/{'a' * 2048}",
]  # fmt: skip


def never(host: str, port: int) -> list[object]:
    raise AssertionError(f"{host}:{port} was looked up")


@pytest.mark.parametrize("text", INSIDE)
def test_what_lies_inside_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_what_lies_outside_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("url", DODGES)
def test_an_address_that_can_be_read_in_two_ways_is_refused_before_anything_is_looked_up(url: str) -> None:
    with pytest.raises(AddressRefused):
        Outgoing(resolver=never).get(url)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", INSIDE)
def test_no_name_leads_inside(text: str, no_connections: list[object]) -> None:
    for answers in ([text], ["8.8.8.8", text]):
        with pytest.raises(NotPublic):
            Outgoing(resolver=lambda *_: [ip_address(one) for one in answers]).get("http://ca.example.in/list.crl")  # noqa: B023
    assert no_connections == []


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:127.0.0.1]", "localhost", "LOCALHOST."])
def test_numbers_and_the_systems_own_names_lead_nowhere_inside(host: str, no_connections: list[object]) -> None:
    with pytest.raises(NotPublic):
        Outgoing().get(f"http://{host}/")
    assert no_connections == []


def test_an_allowed_host_may_lie_inside_on_its_port_only() -> None:
    hosts = Hosts.parse("ca.inside, ocsp.inside:8080, 10.1.2.3:81, [fd12::1]:82")
    inside = ip_address("10.0.0.7")
    assert hosts.may_reach(hosts.target("http://CA.inside./list.crl"), inside)
    assert hosts.may_reach(hosts.target("https://ca.inside/"), inside)
    assert hosts.may_reach(hosts.target("http://ocsp.inside:8080/"), inside)
    assert not hosts.may_reach(hosts.target("http://ocsp.inside/"), inside)
    assert not hosts.may_reach(hosts.target("http://other.inside/"), inside)
    assert hosts.target("http://10.1.2.3:81/").allowed
    assert hosts.target("http://[fd12:0::1]:82/").allowed
    for url in ("http://ca.inside:8080/", "http://10.1.2.3:82/", "http://sub.ca.inside:8080/"):
        with pytest.raises(AddressRefused):
            hosts.target(url)


@pytest.mark.parametrize(
    "text", ["169.254.169.254", "fd00:ec2::254", NOBODY, "224.0.0.1", "fe80::1", "::ffff:169.254.1.1"]
)
def test_an_allowed_name_never_leads_to_the_machines_own_cloud(text: str) -> None:
    hosts = Hosts.parse("ca.inside")
    assert not hosts.may_reach(hosts.target("http://ca.inside/"), ip_address(text))


@pytest.mark.parametrize(
    "text", ["http://ca.inside", "ca.inside/x", "user@ca.inside", "ca.inside:port", "127.1", "ca inside"]
)
def test_a_mistyped_list_is_refused_at_the_start(text: str) -> None:
    with pytest.raises(BadSetting):
        Hosts.parse(text)


def test_the_path_and_the_query_are_kept_and_the_fragment_is_not() -> None:
    target = Hosts().target("http://Example.in/a/b.crl?x=1#part")
    assert (target.host, target.port, target.path) == ("example.in", 80, "/a/b.crl?x=1")
    assert Hosts().target("https://example.in?x").path == "/?x"
