"""`entitylocker doctor`: look at everything, say what is wrong and what to do about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click
import psycopg
from cryptography import x509
from rich.console import Console
from rich.markup import escape
from sqlalchemy.engine import make_url

from entitylocker.accounts.breached import find_fault
from entitylocker.citizen.ekyc import check_days, read_certificates
from entitylocker.citizen.lockers import parse_lockers
from entitylocker.cli.installation import object_store
from entitylocker.cli.options import home_option, json_option, settings_of
from entitylocker.config import BadSetting, Settings, read_remembered
from entitylocker.engines.health import Finding, check_home
from entitylocker.errors import LockerError
from entitylocker.jobs.worker import connection_facts
from entitylocker.outgoing import Hosts
from entitylocker.signatures.sealing import Seal
from entitylocker.signatures.trust import TrustStore
from entitylocker.storage.keys import OperatorKey

_CLOCK_SECONDS = 5
_SEAL_DAYS = 60
_MIGHTY = (
    "SELECT rolname FROM pg_roles WHERE rolname IN ('el_app', 'el_operator', 'el_worker', 'el_lookup') "
    "AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)"
)

_ANSWERS = (
    "SELECT count(body), count(*) FILTER (WHERE fetched_at > now() - interval '2 days'), "
    "count(*) FILTER (WHERE failures > 0) FROM revocation_answers"
)
_FAILURES = (
    "SELECT substring(url FROM '://([^/?#]*)') AS host, max(last_error) FROM revocation_answers WHERE failures > 0 "
    "GROUP BY host ORDER BY count(*) DESC, host LIMIT 3"
)
_MAILS = (
    "SELECT count(*) FILTER (WHERE sent_at IS NULL AND failed_at IS NULL AND created_at < now() - interval '1 hour'), "
    "count(*) FILTER (WHERE failed_at > now() - interval '7 days') FROM outbox_messages"
)
_ABOUT_REVOCATION = (
    "Let the worker reach the internet by http and https; name hosts inside your network in "
    "ENTITYLOCKER_OUTGOING_ALLOW. Where there is no way out, set ENTITYLOCKER_REVOCATION=off and import lists with "
    "`entitylocker trust import`."
)


@click.command()
@home_option
@json_option
def doctor(home: Path, as_json: bool) -> None:
    """Look at engines, settings, keys, clock, disk and walls; say what to do about each fault.

    The exit code is 0 when nothing is wrong and 1 when something is.
    """
    settings = settings_of(home)
    findings = list(examine(settings))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _print(findings)
    sys.exit(0 if all(finding.ok for finding in findings) else 1)


def _print(findings: list[Finding]) -> None:
    console = Console(highlight=False)
    for finding in findings:
        mark = "[green]ok[/green]   " if finding.ok else "[red]fault[/red]"
        console.print(f"{mark} {escape(finding.message)}")
        if not finding.ok and finding.advice:
            console.print(f"      → {escape(finding.advice)}")


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in turn; one that cannot be made is a fault of its own."""
    engines = (_database, _walls, _clock, _store, _checker, _revocation, _operator_key, _recovery, _seal)
    for check in (*engines, _citizen_lockers, _ekyc):
        yield _safely(check, settings)
    for about_people in (_mail, _breached_passwords, _operators):
        yield _safely(about_people, settings)
    if (settings.home / "secrets" / "engines.json").exists() or (settings.home / "postgres").exists():
        yield from check_home(settings.home)


def _safely(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    name = check.__name__.removeprefix("_")
    try:
        return check(settings)
    except LockerError as fault:
        return Finding(name, False, fault.text(), fault.advice)
    except (psycopg.Error, OSError) as fault:
        message = f"The check '{name}' could not be made: {type(fault).__name__}."
        return Finding(name, False, message, "Are the engines running? Start `entitylocker demo` or your services.")


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(**connection_facts(url), connect_timeout=5)


def _database(settings: Settings) -> Finding:
    with _connect(settings.database_app_url) as connection:
        row = connection.execute("SELECT current_setting('server_version_num')::int").fetchone()
    version = int(str(row[0])) // 10000 if row else 0
    message = f"PostgreSQL {version} answers at {make_url(settings.database_app_url).query.get('host', 'its address')}."
    return Finding("database", version >= 15, message, "EntityLocker needs PostgreSQL 15 or newer.")


def _walls(settings: Settings) -> Finding:
    with _connect(settings.database_app_url) as connection:
        mighty = [str(row[0]) for row in connection.execute(_MIGHTY)]
    message = (
        f"Roles with too many rights: {', '.join(mighty)}"
        if mighty
        else "No serving role can pass the walls between organisations."
    )
    return Finding("walls", not mighty, message, "Take SUPERUSER, BYPASSRLS, CREATEROLE and CREATEDB from them.")


def _clock(settings: Settings) -> Finding:
    with _connect(settings.database_app_url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    theirs = row[0] if row else None
    away = abs((datetime.now(UTC) - theirs).total_seconds()) if isinstance(theirs, datetime) else _CLOCK_SECONDS
    message = f"The clocks of this machine and of the database are {away:.1f} s apart."
    return Finding("clock", away < _CLOCK_SECONDS, message, "Let both follow the same time server (NTP).")


def _store(settings: Settings) -> Finding:
    object_store(settings).check()
    return Finding("store", True, f"The document store at {settings.s3_endpoint} takes, gives back and removes.")


def _checker(settings: Settings) -> Finding:
    running = Path(settings.checker_socket).is_socket()
    message = "The checker of signatures listens." if running else "The checker of signatures does not listen."
    return Finding("checker", running, message, "Start it: `python -m entitylocker.signatures.checker --socket …`.")


def _revocation(settings: Settings) -> Finding:
    """Whether answers about revoked certificates come in. That a few servers of issuers are gone is usual."""
    Hosts.parse(settings.outgoing_allow)
    if not settings.revocation:
        return Finding("revocation", True, "Nothing is fetched about revoked certificates: it is switched off.")
    with _connect(settings.database_worker_url) as connection:
        kept, recent, failing = connection.execute(_ANSWERS).fetchone() or (0, 0, 0)
        faults = [f"{host} ({error})" for host, error in connection.execute(_FAILURES)]
    message = f"{kept} answers about revoked certificates are at hand, {recent} of the last two days."
    if failing:
        message += f" {failing} questions find no answer, most of them at {', '.join(faults)}."
    return Finding("revocation", not failing or bool(recent), message, _ABOUT_REVOCATION)


def _mail(settings: Settings) -> Finding:
    """Whether mail leaves the house. That a few addresses do not exist is usual."""
    if not settings.smtp_url:
        advice = "Set ENTITYLOCKER_SMTP_URL: without it nobody can confirm an address or set a forgotten password."
        return Finding("mail", settings.demo, "No mail server is set: mail stays in the outbox.", advice)
    with _connect(settings.database_worker_url) as connection:
        waiting, refused = connection.execute(_MAILS).fetchone() or (0, 0)
    message = f"{waiting} mails have waited for more than an hour; {refused} were refused for good within a week."
    advice = "Does the mail server answer, and does the worker run? Its log says what the server said."
    return Finding("mail", not waiting, message, advice)


def _breached_passwords(settings: Settings) -> Finding:
    """Whether the operator's list of breached passwords is there, sorted where one looks, and how old it is."""
    if not settings.breached_passwords:
        message = "No list of breached passwords is set; common and guessable passwords are refused all the same."
        return Finding("breached_passwords", True, message)
    path = Path(settings.breached_passwords)
    if not path.is_file():
        advice = "Put the file there or change ENTITYLOCKER_BREACHED_PASSWORDS. Until then no new password is compared."
        return Finding("breached_passwords", False, f"The list of breached passwords is not at {path}.", advice)
    fault = find_fault(path)
    age = (datetime.now(UTC) - datetime.fromtimestamp(path.stat().st_mtime, UTC)).days
    size = f"{path.stat().st_size / 1e6:.0f} MB"
    message = f"The list of breached passwords {path} ({size}) is {age} days old."
    if fault:
        message = f"The list of breached passwords {path} cannot be used: {fault}."
    advice = "Sort it: `entitylocker operator sort-breached FILE NEW_FILE`."
    return Finding("breached_passwords", not fault, message, advice)


def _citizen_lockers(settings: Settings) -> Finding:
    if not settings.citizen_lockers:
        return Finding("citizen_lockers", True, "No citizen locker is set up: nobody can link one.")
    try:
        entries = parse_lockers(json.loads(Path(settings.citizen_lockers).read_text("utf-8")))
    except (BadSetting, ValueError, OSError) as fault:
        why = fault.text() if isinstance(fault, BadSetting) else "The file of citizen lockers cannot be read."
        return Finding("citizen_lockers", False, why, "Correct the file that ENTITYLOCKER_CITIZEN_LOCKERS names.")
    plain = [entry.name for entry in entries if not entry.base_url.startswith("https:") and not settings.demo]
    message = f"Citizen lockers: {', '.join(entry.name for entry in entries) or 'none'}."
    if plain:
        message = f"Spoken to without encryption: {', '.join(plain)}"
    return Finding("citizen_lockers", not plain, message, "Use https for every citizen locker.")


def _ekyc(settings: Settings) -> Finding:
    if not settings.ekyc_certificates:
        return Finding("ekyc", True, "Offline e-KYC is not set up: no certificates of UIDAI are named.")
    try:
        found = [x509.load_der_x509_certificate(der) for der in read_certificates(settings.ekyc_certificates)]
        check_days(settings.ekyc_days)
    except BadSetting as fault:
        advice = "Correct it; certificates are those that UIDAI publishes, as .cer or .pem files."
        return Finding("ekyc", False, fault.text(), advice)
    current = [one for one in found if one.not_valid_after_utc > datetime.now(UTC)]
    message = f"Offline e-KYC is checked by {len(current)} current certificate{'' if len(current) == 1 else 's'}."
    return Finding("ekyc", bool(current), message, "Download UIDAI's current certificate into that directory.")


def _operator_key(settings: Settings) -> Finding:
    key = OperatorKey.load(settings.operator_key_file)
    return Finding("operator_key", True, f"The operator's key {key.key_id} can be read, by nobody else.")


def _operators(settings: Settings) -> Finding:
    """Whether every operator has a second factor. In a demo everybody's password is on the screen anyway."""
    with _connect(settings.database_app_url) as connection:
        row = connection.execute("SELECT lookup_operators_without_second_factor()").fetchone()
    without = int(str(row[0])) if row else 0
    message = f"Operators without a second factor: {without}." if without else "Every operator has a second factor."
    advice = "Let them set up a passkey or an authenticator app on the security page of their account."
    if not settings.operator_second_factor:
        message += " A password alone is enough for them."
        advice += " Then remove ENTITYLOCKER_OPERATOR_SECOND_FACTOR=off."
    good = settings.operator_second_factor and not without
    return Finding("operators", good or settings.demo, message, advice)


def _recovery(settings: Settings) -> Finding:
    exported = read_remembered(settings.home).get("recovery_exported_at")
    message = (
        f"The recovery key was exported on {str(exported)[:10]}."
        if exported
        else "The recovery key was never exported."
    )
    advice = (
        "Run `entitylocker keys export FILE`: without it nobody can open the documents after a loss of this machine."
    )
    return Finding("recovery", bool(exported), message, advice)


def _seal(settings: Settings) -> Finding:
    seal = Seal.load(settings.seal_file)
    days = (seal.expires_at - datetime.now(UTC)).days
    trusted = seal.fingerprint in TrustStore.load([settings.trust_directory]).fingerprints()
    message = f"Reports are sealed by “{seal.name}”, which holds for {days} more days."
    if not trusted:
        message = f"The seal “{seal.name}” is not among the certificates that this installation trusts."
    return Finding("seal", trusted and days > _SEAL_DAYS, message, "Make a new one: `entitylocker keys seal --new`.")
