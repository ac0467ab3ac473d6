"""The outbox of a demo as a page."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, render_template

from entitylocker.notifications import service
from entitylocker.notifications.sms import list_text_messages
from entitylocker.web.arrival import open_to_all

pages = Blueprint("notifications", __name__)

# As a mail program shows it: nothing runs, nothing is loaded, nothing is sent; links may be followed.
_AS_MAIL = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@pages.get("/outbox")
@open_to_all("only a demo without a mail server has this page")
def outbox() -> str:
    """The newest mails and text messages that would have been sent."""
    texts = list_text_messages()
    return render_template("notifications/outbox.html", messages=service.list_outbox(), texts=texts)


@pages.get("/outbox/<uuid:message_id>")
@open_to_all("only a demo without a mail server has this page")
def outbox_html(message_id: UUID) -> Response:
    """The HTML face of one mail, as a mail program would show it."""
    response = Response(service.get_outbox_message(message_id).html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = _AS_MAIL
    return response
