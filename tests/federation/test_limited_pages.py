"""What the pages of a session say that counts for one organisation."""

from __future__ import annotations

from tests.federation.ways import Way

LIMITED = "This sign-in opens that organisation only."


def test_the_page_says_so_and_leads_to_nothing_that_would_refuse(way: Way) -> None:
    overview = f"/organisations/{way.administrator.organisation_id}"
    own = way.administrator.client().get(overview).get_data(as_text=True)
    assert LIMITED not in own and 'href="/account/security"' in own
    way.connect(way.administrator, "asha@corp")
    client, _ = way.sign_in("asha@corp")
    page = client.get(overview).get_data(as_text=True)
    assert LIMITED in page and "this organisation only" in page
    assert 'href="/account' not in page and "Sign out" in page
