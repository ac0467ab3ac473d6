"""What issuers answered about revocation, and who waits for which answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.extensions import Base, Dated
from entitylocker.tenancy import TableKind


class RevocationAnswer(Dated, Base):
    """The newest answer to one question: a CRL, or an OCSP response. Only the worker writes here.

    `key`: see `answers.key_of`. `request`: the OCSP request in base64, empty for a CRL. `digest`: SHA-256 of `body`
    (DER) in hexadecimal, `size` its length in bytes. `next_update` is the issuer's own word, not checked.
    `failures`: tries in a row that brought nothing, the last for the reason `last_error`. Who holds a claim fetches,
    until `claimed_until`.
    """

    __tablename__ = "revocation_answers"
    __table_args__ = (
        CheckConstraint("kind IN ('crl', 'ocsp')", name="kind"),
        Index("ix_revocation_answers_next_try_at", "next_try_at"),
        {"info": {"kind": TableKind.COMMON}},
    )

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    request: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    digest: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int | None] = mapped_column(Integer)
    fetched_at: Mapped[datetime | None]
    next_update: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, default=0)
    last_error: Mapped[str | None] = mapped_column(Text)
    next_try_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]


class RevocationWant(Base):
    """A check asked this question: `subject_id` says of what, and means something to the room above.

    `asked_again_at`: when a later check missed the answer still. `once`: one answer is enough, it need not be renewed.
    `served_at`: when an answer was first handed to a check of the subject.
    """

    __tablename__ = "revocation_wants"
    __table_args__ = (
        Index("ix_revocation_wants_key", "key"),
        Index("ix_revocation_wants_asked_at", "organisation_id", "asked_at"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    request: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_again_at: Mapped[datetime | None]
    once: Mapped[bool] = mapped_column(Boolean, default=False)
    served_at: Mapped[datetime | None]
