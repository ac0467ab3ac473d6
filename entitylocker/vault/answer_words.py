"""The six answers about a file, each in a sentence; what was not checked says so, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask_babel import gettext, ngettext

from entitylocker.signatures.report import Change, Report, Revocation, SignatureReport
from entitylocker.signatures.verdicts import Verdict
from entitylocker.vault.report_words import (
    CHANGE_WORDS,
    DIFFERENCE_WORDS,
    FIELDS_RESTYLED,
    NO_WORDS,
    REASON_WORDS,
    SOURCE_WORDS,
)
from entitylocker.web.formats import when

_HARMFUL = {"not_permitted", "not_covered"}
_DOUBTFUL = {"field_filled_in", "not_looked_at"}


@dataclass(frozen=True)
class Answer:
    """One of the six answers. `kind`: ok, warn, bad, info, or none for what was not checked."""

    kind: str
    title: str
    text: str


def six_answers(report: Report) -> tuple[Answer, ...]:
    """Signed? Intact? By whom? Trusted? Still good? What changed after signing? Always all of them."""
    if report.signed is False:
        return _unsigned()
    return (
        _signed(report),
        _intact(report),
        _by_whom(report),
        _trusted(report),
        _still_good(report),
        _changed(report),
    )


def _unsigned() -> tuple[Answer, ...]:
    nothing = gettext("Not checked: there is no signature to look at.")
    others = (
        gettext("Is it intact?"),
        gettext("Signed by whom?"),
        gettext("Is the signer trusted?"),
        gettext("Is the signature still good?"),
        gettext("What changed after signing?"),
    )
    signed = Answer("info", gettext("Is it signed?"), gettext("No. Nobody signed this file."))
    return (signed, *(Answer("none", title, nothing) for title in others))


def _signed(report: Report) -> Answer:
    title = gettext("Is it signed?")
    if report.signed is None:
        return _not_checked(title, report)
    count = sum(1 for one in report.signatures if one.kind == "signature")
    stamps = len(report.signatures) - count
    if not count and stamps:
        return Answer("info", title, gettext("It carries a time stamp, but nobody’s signature."))
    if not count:
        return Answer("warn", title, gettext("It claims to be, but no signature in it could be read."))
    text = ngettext("Yes, once.", "Yes, %(num)s times.", count)
    if stamps:
        text += " " + ngettext("It also carries a time stamp.", "It also carries %(num)s time stamps.", stamps)
    return Answer("ok", title, text)


def _intact(report: Report) -> Answer:
    title = gettext("Is it intact?")
    if report.intact is None:
        return _not_checked(title, report)
    if report.intact:
        return Answer("ok", title, gettext("Yes. What was signed is unaltered."))
    return Answer("bad", title, gettext("No. What was signed was altered."))


def _by_whom(report: Report) -> Answer:
    title = gettext("Signed by whom?")
    if not report.by_whom:
        return _not_checked(title, report)
    names = ", ".join(report.by_whom)
    if report.trusted:
        return Answer("ok", title, names)
    return Answer("warn", title, gettext("The certificate says “%(names)s”, which nobody confirms.", names=names))


def _trusted(report: Report) -> Answer:
    title = gettext("Is the signer trusted?")
    if report.trusted is None:
        return _not_checked(title, report)
    kind = "ok" if report.trusted else "warn"
    return Answer(kind, title, _together(report, trust_sentence))


def _still_good(report: Report) -> Answer:
    title = gettext("Is the signature still good?")
    if report.intact is not True or not _signers(report):
        return _not_checked(title, report)
    kind = {True: "ok", None: "none", False: "bad" if report.verdict is Verdict.REVOKED else "warn"}[report.still_good]
    return Answer(kind, title, _together(report, still_good_sentence))


def _changed(report: Report) -> Answer:
    title = gettext("What changed after signing?")
    if report.signed is None or report.intact is None:
        return _not_checked(title, report)
    if not report.changes:
        return Answer("ok", title, gettext("Nothing."))
    kinds = {change.kind for change in report.changes}
    kind = "bad" if kinds & _HARMFUL else ("warn" if kinds & _DOUBTFUL else "info")
    return Answer(kind, title, " ".join(change_lines(report.changes)))


def trust_sentence(one: SignatureReport) -> str:
    """Whether the signer of `one` is trusted, and by what."""
    if one.trusted is None:
        return not_checked_sentence(one)
    if one.trusted and one.chain:
        return gettext("Yes. The certificate leads to “%(root)s”, on which this locker relies.", root=one.chain[0])
    if one.trusted:
        return gettext("Yes. A trusted authority confirms who the signer is.")
    if one.issuer_missing:
        return gettext(
            "No. The certificate of “%(issuer)s”, who vouches for the signer, is not at hand.",
            issuer=one.issuer_missing,
        )
    why = REASON_WORDS.get(one.reason or "")
    return gettext("No.") + " " + (gettext(why) if why else gettext("No trusted authority confirms who the signer is."))


def still_good_sentence(one: SignatureReport) -> str:
    """Whether the certificate of `one` held at the time that counts, and how that is known."""
    if one.intact is not True:
        return not_checked_sentence(one)
    if one.revoked_at is not None:
        return gettext("No. The certificate was withdrawn on %(at)s.", at=when(one.revoked_at))
    if one.still_good:
        return gettext("Yes. The certificate held when the document was signed.") + _known_by(one.revocation)
    if one.still_good is False:
        return gettext("No longer. The certificate has expired, and no time stamp proves that the signature is older.")
    return gettext("Not checked: whether the certificate was withdrawn could not be asked.")


def revocation_sentence(revocation: Revocation) -> str:
    """Where the knowledge about withdrawal comes from, and of when it is."""
    source = gettext(SOURCE_WORDS.get(revocation.source, NO_WORDS))
    facts = {"source": source, "at": when(revocation.produced_at)}
    if revocation.embedded:
        return gettext("Known from a %(source)s of %(at)s, which the document itself brings.", **facts)
    return gettext("Known from a %(source)s of %(at)s, which this locker has.", **facts)


def not_checked_sentence(record: Report | SignatureReport) -> str:
    """That something was not checked, and why, as far as that is known."""
    if record.intact is False:
        return gettext("Not checked: the contents are not what was signed, so this no longer matters.")
    why = REASON_WORDS.get(record.reason or "")
    if why is None or record.verdict is not Verdict.NOT_CHECKABLE:
        return gettext("Not checked.")
    return gettext("Not checked.") + " " + gettext(why)


def change_lines(changes: Iterable[Change]) -> tuple[str, ...]:
    """What was changed, a sentence each, with the pages it touched; the same twice is said once."""
    return tuple(dict.fromkeys(line for change in changes for line in _change_lines(change)))


def _change_lines(change: Change) -> Iterable[str]:
    restyled = change.kind == "field_filled_in" and not change.detail
    text = gettext(FIELDS_RESTYLED if restyled else CHANGE_WORDS.get(change.kind, NO_WORDS))
    difference = DIFFERENCE_WORDS.get(change.detail)
    if change.kind == "not_permitted" and difference is not None:
        return (text, gettext(difference) + _pages(change))
    return (text + (f" ({change.detail})" if change.detail else "") + _pages(change),)


def _pages(change: Change) -> str:
    if not change.pages:
        return ""
    pages = ", ".join(str(page) for page in change.pages)
    return " " + ngettext("Page %(pages)s.", "Pages %(pages)s.", len(change.pages), pages=pages)


def _known_by(revocation: Revocation | None) -> str:
    return " " + revocation_sentence(revocation) if revocation is not None else ""


def _together(report: Report, sentence: Callable[[SignatureReport], str]) -> str:
    """The sentence about the signers: one where it is the same for all, else one for each by name."""
    said = {one: sentence(one) for one in _signers(report)}
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return " ".join(f"{one.signer.name if one.signer else '?'}: {text}" for one, text in said.items())


def _signers(report: Report) -> list[SignatureReport]:
    return [one for one in report.signatures if one.kind == "signature"]


def _not_checked(title: str, record: Report | SignatureReport) -> Answer:
    return Answer("none", title, not_checked_sentence(record))
