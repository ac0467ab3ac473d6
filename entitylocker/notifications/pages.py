"""The outbox of a demo as a page."""

from __future__ import annotations

from flask import Blueprint, render_template

from entitylocker.notifications import service
from entitylocker.web.arrival import open_to_all

pages = Blueprint("notifications", __name__)


@pages.get("/outbox")
@open_to_all("only a demo without a mail server has this page")
def outbox() -> str:
    """The newest mails that would have been sent."""
    return render_template("notifications/outbox.html", messages=service.list_outbox())
