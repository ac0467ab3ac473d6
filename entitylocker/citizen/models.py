"""Links to citizen lockers, proofs of who a person is, what is shown of them, and documents that people lend."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from entitylocker.citizen.states import Ending, Purpose, Source
from entitylocker.extensions import Base, Dated, Identified
from entitylocker.signatures.verdicts import Verdict
from entitylocker.tenancy import TableKind


def _words(words: Any) -> str:
    return ", ".join(f"'{word.value}'" for word in words)


class CitizenLink(Identified, Dated, Base):
    """A person's account in a citizen locker. Gone when the person ends it; never holds an Aadhaar number.

    Who it is there is `(issuer, subject)` and nothing else. The tokens are sealed under a key of their own, which the
    operator's key wraps. `broken_at`: the locker takes our tokens no longer. `refresh_id`: who is using up the refresh
    token, until `refreshing_until` at most; nobody else may meanwhile.
    """

    __tablename__ = "citizen_links"
    __table_args__ = (
        UniqueConstraint("issuer", "subject"),
        UniqueConstraint("person_id", "locker_key"),
        CheckConstraint("(refresh_id IS NULL) = (refreshing_until IS NULL)", name="refreshing"),
        {"info": {"kind": TableKind.PERSON}},
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    locker_key: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    born_on: Mapped[date | None] = mapped_column(Date)
    reference_key: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)
    proved_at: Mapped[datetime]
    consent_valid_till: Mapped[datetime | None]
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_tokens: Mapped[bytes] = mapped_column(LargeBinary)
    tokens_expire_at: Mapped[datetime | None]
    broken_at: Mapped[datetime | None]
    refresh_id: Mapped[UUID | None]
    refreshing_until: Mapped[datetime | None]


class CitizenProof(Identified, Dated, Base):
    """That somebody held an offline e-KYC file for this name, issued at `signed_at`, and knew its share code.

    Not that they are who it names. The file, its share code, the photograph and any part of an Aadhaar number are not
    kept. `signature_method`: how the file was signed, as `signatures.ekyc.EkycResult` has it.
    """

    __tablename__ = "citizen_proofs"
    __table_args__ = (
        UniqueConstraint("person_id"),
        {"info": {"kind": TableKind.PERSON}},
    )

    person_id: Mapped[UUID] = mapped_column(ForeignKey("persons.id"))
    name: Mapped[str] = mapped_column(Text)
    born_on: Mapped[date | None] = mapped_column(Date)
    proved_at: Mapped[datetime]
    signed_at: Mapped[datetime]
    signer_sha256: Mapped[str] = mapped_column(Text)
    signature_method: Mapped[str | None] = mapped_column(Text)
    reference_digest: Mapped[bytes] = mapped_column(LargeBinary)


class CitizenState(Identified, Dated, Base):
    """A door: a visit to a citizen locker from which somebody is expected back, once, in the same browser."""

    __tablename__ = "citizen_states"
    __table_args__ = (
        CheckConstraint(f"purpose IN ({_words(Purpose)})", name="purpose"),
        CheckConstraint("(purpose = 'link') = (person_id IS NOT NULL)", name="person"),
        Index("ix_citizen_states_expires_at", "expires_at"),
        {"info": {"kind": TableKind.DOOR}},
    )

    state_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    browser_digest: Mapped[bytes] = mapped_column(LargeBinary)
    locker_key: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    person_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]


class EkycUse(Identified, Dated, Base):
    """A door: whose proof an offline e-KYC file was. Only its digest; outlives the proof, so that no second has it."""

    __tablename__ = "ekyc_uses"
    __table_args__ = ({"info": {"kind": TableKind.DOOR}},)

    reference_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    person_id: Mapped[UUID]


class CitizenRevocation(Identified, Dated, Base):
    """Tokens of a link that ended, sealed, until the citizen locker was told; a day at most."""

    __tablename__ = "citizen_revocations"
    __table_args__ = ({"info": {"kind": TableKind.OPERATOR}},)

    locker_key: Mapped[str] = mapped_column(Text)
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_tokens: Mapped[bytes] = mapped_column(LargeBinary)


class ShownProof(Identified, Dated, Base):
    """What a member lets an organisation see of a proof. Gone when withdrawn, or when proof or membership ends.

    `issued_at`: of offline e-KYC, when the file was made.
    """

    __tablename__ = "shown_proofs"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        UniqueConstraint("organisation_id", "membership_id"),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        CheckConstraint(f"source IN ({_words(Source)})", name="source"),
        Index("ix_shown_proofs_person_id", "person_id"),
        Index("ix_shown_proofs_source_id", "source_id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID]
    membership_id: Mapped[UUID]
    person_id: Mapped[UUID]
    organisation_name: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    source_id: Mapped[UUID]
    source_name: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    born_on: Mapped[date | None] = mapped_column(Date)
    proved_at: Mapped[datetime]
    issued_at: Mapped[datetime | None]


_VERDICTS = _words(Verdict)


class Lending(Identified, Dated, Base):
    """A person's document in an organisation's hands, for a time.

    Its bytes lie under a key of their own. With `wrapped_key` gone nobody reads them any more, and that is what
    every end does first. What stays is that there was a lending: who, to whom, what kind, for what, until when.
    """

    __tablename__ = "lendings"
    __table_args__ = (
        UniqueConstraint("organisation_id", "id"),
        ForeignKeyConstraint(["organisation_id", "membership_id"], ["memberships.organisation_id", "memberships.id"]),
        CheckConstraint(f"verdict IN ({_VERDICTS})", name="verdict"),
        CheckConstraint(f"ended_because IN ({_words(Ending)})", name="ended_because"),
        CheckConstraint("(ended_at IS NULL) = (wrapped_key IS NOT NULL)", name="key_ends"),
        CheckConstraint("(ended_at IS NULL) = (ended_because IS NULL)", name="end_whole"),
        Index("ix_lendings_organisation_id", "organisation_id", "id"),
        Index("ix_lendings_person_id", "person_id", "id"),
        Index("ix_lendings_link_id", "link_id"),
        Index("ix_lendings_ends_at", "ends_at", postgresql_where=text("ended_at IS NULL")),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID]
    organisation_name: Mapped[str] = mapped_column(Text)
    membership_id: Mapped[UUID]
    person_id: Mapped[UUID]
    person_name: Mapped[str] = mapped_column(Text)
    link_id: Mapped[UUID]
    locker_name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    type_code: Mapped[str] = mapped_column(Text)
    issuer_name: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    ends_on: Mapped[date] = mapped_column(Date)
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    ciphertext_size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    wrapped_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    verdict: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    signers: Mapped[list[Any]]
    checked_at: Mapped[datetime | None]
    reads: Mapped[int] = mapped_column(Integer, default=0)
    last_read_at: Mapped[datetime | None]
    copy_allowed_at: Mapped[datetime | None]
    copied_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]


class LendingRead(Identified, Dated, Base):
    """That somebody opened a lent document: what the lender sees."""

    __tablename__ = "lending_reads"
    __table_args__ = (
        ForeignKeyConstraint(["organisation_id", "lending_id"], ["lendings.organisation_id", "lendings.id"]),
        Index("ix_lending_reads_lending_id", "organisation_id", "lending_id", "id"),
        {"info": {"kind": TableKind.OWN}},
    )

    organisation_id: Mapped[UUID]
    lending_id: Mapped[UUID]
    person_id: Mapped[UUID]
    reader_name: Mapped[str] = mapped_column(Text)
