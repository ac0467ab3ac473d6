"""The SCIM conformance checks of another project, run against this server (scim2-tester)."""

from __future__ import annotations

from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from tests.federation.conftest import Directory


def test_the_checks_of_scim2_tester_find_nothing_wrong(directory: Directory) -> None:
    client = WSGISCIMClient(
        directory.app.wsgi_app,
        base_url="http://localhost/scim/v2",
        headers={"Authorization": f"Bearer {directory.token}"},
    )
    results = check_server(client)
    wrong = [f"{each.title}: {each.reason}" for each in results if each.status in (Status.ERROR, Status.CRITICAL)]
    assert not wrong, "\n".join(wrong)
    assert sum(each.status is Status.SUCCESS for each in results) > 60
