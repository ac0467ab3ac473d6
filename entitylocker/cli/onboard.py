"""`entitylocker onboard`: departments and their officers from one file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from flask import Flask
from rich.console import Console
from rich.progress import Progress

from entitylocker import tenancy
from entitylocker.access import Actor, Means
from entitylocker.accounts.people import find_person_id
from entitylocker.app import create_app
from entitylocker.cli.options import home_option, json_option, settings_of
from entitylocker.cli.slips_file import write_slips
from entitylocker.config import write_private
from entitylocker.onboarding import service
from entitylocker.onboarding.errors import FileRefused, LetterRefused
from entitylocker.onboarding.files import MAX_BYTES
from entitylocker.onboarding.models import RowState
from entitylocker.onboarding.results import RunView
from entitylocker.onboarding.rows import ReadRow
from entitylocker.organisations.rules import LETTER_MAX_BYTES
from entitylocker.organisations.service import Sendings, Slip, get_sendings, list_my_organisations
from entitylocker.tenancy import Tenant

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)


@click.command()
@home_option
@click.argument("file", type=_FILE)
@click.option("--parent", required=True, help="The organisation above the departments: its name or its id.")
@click.option(
    "--as",
    "email",
    required=True,
    metavar="EMAIL",
    help="Who acts: the address of an administrator of that organisation. The trail names this person.",
)
@click.option("--dry-run", is_flag=True, help="Say what each row would do, and change nothing.")
@click.option(
    "--in-person",
    is_flag=True,
    help="You hand the slips over in person: needed for slips of administrators and signatories.",
)
@click.option("--letter", type=_FILE, help="An order letter (PDF): the parent vouches for departments by it.")
@click.option("--result", "result_path", type=_OUT, help="Write what became of each row to this CSV file.")
@click.option("--slips", "slips_path", type=_OUT, help="Write all slips to this HTML file, to be printed and cut.")
@json_option
def onboard(
    home: Path, file: Path, parent: str, email: str, dry_run: bool, in_person: bool, letter: Path | None,
    result_path: Path | None, slips_path: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Bring departments and their officers in from FILE, a CSV file with one row for each officer.

    Columns: Department, Officer, Role, and E-mail or Mobile; if you like also Kind, Code, Parent department, Language
    and Way (mail, slip or SMS). Their names may be English or Hindi. Each row is checked by itself: one with a problem
    is left out and named, the others are done. The same file again changes nothing. What was stopped in the middle is
    brought to its end by calling the command again.

    Ends with 0 if every row is done, 1 if some rows have a problem, 2 if the file cannot be read.
    """
    app = create_app(settings_of(home))
    sent = _read(file, letter, in_person)
    with app.test_request_context(base_url=app.extensions["entitylocker"].settings.base_url):
        person_id, parent_id = _who(email, parent)

        def now() -> Actor:
            return service.load_runner(person_id, parent_id, Means.COMMAND)

        try:
            if dry_run:
                rows = service.look_at_file(now(), sent)
                raise SystemExit(_say_preview(rows, get_sendings(now()), as_json))
            run_id = service.keep_run(now(), sent)
        except (FileRefused, LetterRefused) as refused:
            if as_json:
                click.echo(json.dumps({"error": refused.code, "message": refused.text(), **refused.facts}))
            raise click.UsageError(refused.text()) from None
        _work(now, run_id, quiet=as_json)
        run = service.get_run(now(), run_id)
        written = _write(app, now(), run, result_path, slips_path)
        raise SystemExit(_say_run(run, written, as_json))


def _read(file: Path, letter: Path | None, in_person: bool) -> service.SentFile:
    """The files, no more of them than is taken."""
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    order = None
    if letter is not None:
        with letter.open("rb") as stream:
            order = stream.read(LETTER_MAX_BYTES + 1)
    return service.SentFile(file.name, content, in_person, order, letter.name if letter else "")


def _who(email: str, parent: str) -> tuple[UUID, UUID]:
    with tenancy.transaction(Tenant()):
        person_id = find_person_id(email)
    if person_id is None:
        raise click.UsageError(f"Nobody has an account with the address {email}.")
    mine = list_my_organisations(person_id)
    found = [one for one in mine if parent in (one.name, str(one.organisation_id))]
    if len(found) != 1:
        names = ", ".join(f"{one.name} ({one.organisation_id})" for one in mine) or "none"
        raise click.UsageError(f"{email} belongs to no single organisation “{parent}”, but to: {names}.")
    return person_id, found[0].organisation_id


def _work(now: Callable[[], Actor], run_id: UUID, *, quiet: bool) -> None:
    with Progress(console=Console(stderr=True), disable=quiet) as progress:
        bar = progress.add_task("Rows", total=None)
        service.work(now, run_id, lambda done, total: progress.update(bar, completed=done, total=total))


def _write(app: Flask, actor: Actor, run: RunView, result: Path | None, slips: Path | None) -> dict[str, str]:
    written: dict[str, str] = {}
    if result is not None:
        write_private(result.absolute(), service.result_file(run))
        written["result_file"] = str(result.absolute())
    if slips is not None and run.slips:
        write_slips(app, slips.absolute(), _all_slips(actor, run.id))
        written["slips_file"] = str(slips.absolute())
    return written


def _all_slips(actor: Actor, run_id: UUID) -> list[Slip]:
    first = service.print_run(actor, run_id)
    others = (service.print_run(actor, run_id, number).slips for number in range(2, first.of + 1))
    return first.slips + [slip for slips in others for slip in slips]


def _say_preview(rows: list[ReadRow], today: Sendings, as_json: bool) -> int:
    bad = sum(bool(row.problems) for row in rows)
    wanted = sum(row.would_send for row in rows)
    if as_json:
        lines = [_line(row.line, "bad" if row.problems else "ready", row) for row in rows]
        sending = {"wanted": wanted, "left_today": today.left, "limit": today.limit}
        click.echo(json.dumps({"dry_run": True, "sending": sending, "rows": lines}, ensure_ascii=False))
    else:
        for row in rows:
            _say_row(row)
        click.echo(f"{len(rows) - bad} rows would be done, {bad} with a problem. Nothing was changed.")
        if wanted > today.left:
            click.echo(
                f"{wanted} of them send a mail or a text message; {today.left} of {today.limit} are left today. "
                f"Call the command again from {today.more_on.isoformat()} on for the rest."
            )
    return 1 if bad else 0


def _say_run(run: RunView, written: dict[str, str], as_json: bool) -> int:
    counts = {state.value: run.counts.get(state, 0) for state in RowState}
    bad = counts["bad"] + counts["failed"]
    if as_json:
        lines = [_line(row.line, row.state.value, row) for row in run.rows]
        facts = {"run_id": str(run.id), "state": run.state.value, "counts": counts, **written, "rows": lines}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return 1 if bad else 0
    for row in run.rows:
        if row.problems:
            _say_row(row)
    click.echo(f"{counts['done']} rows done, {counts['known']} had nothing to change, {bad} with a problem.")
    for what, path in written.items():
        click.echo(f"{'Result' if what == 'result_file' else 'Slips'}: {path}")
    return 1 if bad else 0


def _say_row(row: Any) -> None:
    problems = "; ".join(f"{word.column_label or 'Row'}: {word.text}" for word in row.problems)
    notes = " ".join(word.text for word in row.notes)
    click.echo(f"Line {row.line}: {row.plan.department or '-'} / {row.plan.officer or '-'}: {problems or notes}")


def _line(number: int, state: str, row: Any) -> dict[str, Any]:
    problems = [{"column": word.column, "code": word.code, "text": word.text} for word in row.problems]
    notes = [{"code": word.code, "text": word.text} for word in row.notes]
    return {"line": number, "state": state, **row.plan.to_json(), "problems": problems, "notes": notes}
