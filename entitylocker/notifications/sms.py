"""Text messages: into an outbox with the transaction that causes them, out of it by a job and a gateway."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Text, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.config import BadSetting, Settings
from entitylocker.errors import NotFound
from entitylocker.extensions import Base, Dated, Identified, db, utc_now
from entitylocker.jobs.queue import defer, task
from entitylocker.outgoing import Limits, Outgoing
from entitylocker.tenancy import DatabaseRole, TableKind, Tenant, open_use_case
from entitylocker.web.engine_room import engines

ACCEPTED = frozenset({200, 201, 202, 204})
LIMITS = Limits(total_seconds=20.0, max_bytes=64 * 1024)
_KINDS = {"form": "application/x-www-form-urlencoded", "json": "application/json"}


class TextMessage(Identified, Dated, Base):
    """One text message. The app may only put it in; the worker reads and sends it."""

    __tablename__ = "text_messages"
    __table_args__ = ({"info": {"kind": TableKind.OPERATOR}},)

    recipient: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    sent_at: Mapped[datetime | None]


class SmsSender(Protocol):
    """How text messages leave the house."""

    def send(self, to: str, text: str) -> bool:
        """Hand one message over; `to` as in E.164. False: it stays where it is. Raises an OutgoingError."""
        ...


class LocalOutbox:
    """Without a gateway messages stay in the outbox, which the demo shows as a page."""

    def send(self, to: str, text: str) -> bool:
        """Nothing is sent."""
        del to, text
        return False


@dataclass(frozen=True)
class Gateway:
    """Any HTTP gateway: one POST for each message, as a form or as JSON.

    `fields`: name → value as the gateway wants them; `{to}` and `{text}` in a value stand for the number (E.164) and
    the words. `headers`: what it asks for beside, such as Authorization. Answers 200, 201, 202 and 204 mean taken.
    """

    outgoing: Outgoing
    url: str
    kind: str
    fields: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    def send(self, to: str, text: str) -> bool:
        """Hand one message to the gateway. Raises an OutgoingError: then it is tried again later."""
        filled = {name: value.replace("{to}", to).replace("{text}", text) for name, value in self.fields.items()}
        body = json.dumps(filled).encode() if self.kind == "json" else urlencode(filled).encode()
        headers = {"Accept": "*/*", **self.headers, "Content-Type": _KINDS[self.kind]}
        self.outgoing.call("POST", self.url, body, LIMITS, headers=headers, statuses=ACCEPTED)
        return True


def make_sender(settings: Settings, outgoing: Outgoing) -> SmsSender:
    """The sender that the settings name. Raises BadSetting."""
    if not settings.sms_url:
        return LocalOutbox()
    if settings.sms_kind not in _KINDS:
        raise BadSetting(name="ENTITYLOCKER_SMS_KIND", why="it must be form or json")
    fields = _read_names("ENTITYLOCKER_SMS_FIELDS", settings.sms_fields)
    if not any("{to}" in value for value in fields.values()) or not any("{text}" in v for v in fields.values()):
        raise BadSetting(name="ENTITYLOCKER_SMS_FIELDS", why="{to} and {text} must stand in it")
    return Gateway(
        outgoing, settings.sms_url, settings.sms_kind, fields,
        _read_names("ENTITYLOCKER_SMS_HEADERS", settings.sms_headers),
    )  # fmt: skip


def _read_names(setting: str, text: str) -> dict[str, str]:
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise BadSetting(name=setting, why="it must be a JSON object of texts")
    return found


def send_text(*, to: str, text: str) -> None:
    """Put a message into the outbox of the running transaction. `to`: as `find_phone` writes it."""
    message_id = uuid7()
    db.session.execute(insert(TextMessage).values(id=message_id, created_at=utc_now(), recipient=to, text=text))
    defer(send_text_message, message_id=str(message_id))


@task("notifications.send_text_message", persistent=True)
def send_text_message(message_id: str) -> None:
    """Send one message and note when. Without a gateway it stays in the outbox."""
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        message = db.session.get(TextMessage, UUID(message_id))
    if message is None or message.sent_at is not None:
        return
    if not make_sender(engines().settings, engines().outgoing).send(message.recipient, message.text):
        return
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        # The code in it is as good as a key: what it said is not kept.
        db.session.execute(update(TextMessage).where(TextMessage.id == message.id).values(sent_at=utc_now(), text=""))


@open_use_case("a demo has no gateway: its outbox is shown to whoever sits at the machine")
def list_text_messages(limit: int = 50) -> list[TextMessage]:
    """The newest messages; none where a gateway sends them. Raises NotFound where this is no demo."""
    settings = engines().settings
    if not settings.demo:
        raise NotFound
    if settings.sms_url:
        return []
    with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
        return list(db.session.scalars(select(TextMessage).order_by(TextMessage.id.desc()).limit(limit)))
