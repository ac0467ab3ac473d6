"""Lists of revoked certificates that are imported by command: for installations that fetch none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from cryptography import x509
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from entitylocker.access import Actor
from entitylocker.extensions import db, utc_now
from entitylocker.signatures.trust_files import short_name
from entitylocker.trust.errors import ListsTooLarge
from entitylocker.trust.models import ImportedList
from entitylocker.trust.reading import clean

# Each check is handed all of them, and takes no more than signatures.caps.MAX_TRUST_BYTES.
MOST_BYTES = 8 * 1024 * 1024


def put_lists(actor: Actor, crls: Iterable[bytes]) -> list[ImportedList]:
    """Keep CRLs (DER) in place of older ones of the same series; those that were kept. Raises ListsTooLarge.

    Whether an authority signed one is seen by the check that relies on it.
    """
    kept = [row for crl in crls if (row := _put(actor, crl)) is not None]
    if int(db.session.scalar(select(func.sum(func.length(ImportedList.der)))) or 0) > MOST_BYTES:
        raise ListsTooLarge(megabytes=MOST_BYTES // (1024 * 1024))
    return kept


def _put(actor: Actor, der: bytes) -> ImportedList | None:
    said = {**_facts(der), "der": der, "added_at": utc_now(), "added_by_name": actor.name}
    statement = insert(ImportedList).values(id=uuid7(), **said)
    statement = statement.on_conflict_do_update(
        index_elements=[ImportedList.series],
        set_={name: value for name, value in said.items() if name != "series"},
        where=ImportedList.produced_at < statement.excluded.produced_at,
    )
    return db.session.scalar(statement.returning(ImportedList))


def _facts(der: bytes) -> dict[str, Any]:
    crl = x509.load_der_x509_crl(der)
    return {
        "series": _series(crl),
        "issuer": clean(short_name(crl.issuer)),
        "produced_at": crl.last_update_utc,
        "next_update": crl.next_update_utc,
    }


def _series(crl: x509.CertificateRevocationList) -> str:
    """Which list it is: of whom, with which key, for which part (RFC 5280, 5.2.1 and 5.2.5), whole or delta."""
    parts = [crl.issuer.public_bytes()]
    for kind in (x509.AuthorityKeyIdentifier, x509.IssuingDistributionPoint, x509.DeltaCRLIndicator):
        try:
            parts.append(crl.extensions.get_extension_for_class(kind).value.public_bytes())
        except (x509.ExtensionNotFound, ValueError):
            parts.append(b"")
    return hashlib.sha256(b"|".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
