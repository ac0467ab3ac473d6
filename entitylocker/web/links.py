"""Addresses that leave this site, in mails: made of the setting, never of what a request says its host is."""

from __future__ import annotations

from typing import Any

from flask import current_app

from entitylocker.web.engine_room import engines


def link_to(endpoint: str, **values: Any) -> str:
    """The whole address of a page, for a mail.

    Whoever asks could name any host in the request; a link made of that would take the reader, and the token in it,
    to somebody else. Jobs, which nobody asks, make links too.
    """
    path = current_app.url_map.bind("").build(endpoint, values)
    return engines().settings.base_url.rstrip("/") + path
