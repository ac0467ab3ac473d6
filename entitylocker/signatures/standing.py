"""What is known about the revocation of a path's certificates: since when, by whose word, what is missing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from entitylocker.signatures.report import Revocation, Wanted
from entitylocker.signatures.revocation_answers import HANDED_OVER, IN_STORE, Answer, Evidence, find_answers
from entitylocker.signatures.wanted import questions_about


@dataclass(frozen=True, slots=True)
class _Link:
    """One certificate of a path below its root, and all that is known about its revocation."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Standing:
    """`revoked_at`: the earliest revocation known; `of_authority`: it is not the signer's own certificate.

    `confirmation`: the youngest answer that the signer's is not revoked; `confirmed`: there is one about every
    certificate. `stored`: the document's own store has an answer about every certificate.
    """

    revoked_at: datetime | None = None
    of_authority: bool = False
    confirmation: Revocation | None = None
    confirmed: bool = False
    stored: bool = False
    wanted: tuple[Wanted, ...] = ()


def find_standing(path: Sequence[bytes], evidence: Iterable[Evidence], at: datetime, moment: datetime) -> Standing:
    """What `evidence` says as of `at` about `path` (DER, root first), used at `moment`. A root alone stands."""
    links = _links(path, list(evidence))
    revocations = [(time, number) for number, link in enumerate(links) for time in _revocations(link, at)]
    first = min(revocations, default=None)
    confirmations = [_confirmation(link, at, moment) for link in links]
    return Standing(
        revoked_at=first[0] if first is not None else None,
        of_authority=first is not None and first[1] < len(links) - 1,
        confirmation=confirmations[-1] if confirmations else None,
        confirmed=None not in confirmations,
        stored=bool(links) and all(any(one.origin == IN_STORE for one in link.answers) for link in links),
        wanted=tuple(question for link in links for question in _questions(link, at)),
    )


def _links(path: Sequence[bytes], evidence: list[Evidence]) -> list[_Link]:
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in path]
        return [
            _Link(one, issuer, find_answers(one, issuer, evidence)) for issuer, one in itertools.pairwise(certificates)
        ]
    except ValueError:
        return []  # a certificate that only the more tolerant parser reads: nothing more is found out about it


def _revocations(link: _Link, at: datetime) -> list[datetime]:
    """What happens only after the instant the check is made for is not known at that instant."""
    return [one.revoked_at for one in link.answers if one.revoked_at is not None and one.revoked_at <= at]


def _confirmation(link: _Link, at: datetime, moment: datetime) -> Revocation | None:
    good = [one for one in link.answers if one.revoked_at is None and _speaks(one, link.certificate, at, moment)]
    best = max(good, key=lambda one: one.produced_at, default=None)
    if best is None:
        return None
    return Revocation(best.source, best.origin != HANDED_OVER, best.produced_at, best.next_update)


def _speaks(answer: Answer, certificate: x509.Certificate, at: datetime, moment: datetime) -> bool:
    """Whether `answer` can tell that a certificate used at `moment` was not revoked.

    It must not be older than the use, unless it was not yet overdue then; and silence about a certificate that
    had expired before says nothing: authorities forget those (RFC 5280, 3.3).
    """
    in_time = moment <= answer.produced_at or answer.holds_at(moment)
    still_listed = answer.produced_at <= certificate.not_valid_after_utc or answer.keeps_expired
    return answer.produced_at <= at and in_time and still_listed


def _questions(link: _Link, at: datetime) -> Iterable[Wanted]:
    """What to ask about it. What the document brings may confirm, but its author chose it: it never spares asking."""
    if any(answer.origin == HANDED_OVER and answer.holds_at(at) for answer in link.answers):
        return ()
    return questions_about(link.certificate, link.issuer, expired=link.certificate.not_valid_after_utc < at)
