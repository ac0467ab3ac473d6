"""What can go wrong with a file of departments and officers as a whole, and with a run of it."""

from __future__ import annotations

from entitylocker.errors import N_, Conflict, LockerError


class FileRefused(LockerError):
    """The file as a whole cannot be read. `advice` says what to do."""

    code = "onboarding_file_refused"
    status = 422
    message = N_("This file cannot be read.")

    def __init__(self, field: str | None = "file", **facts: object) -> None:
        super().__init__(field=field, **facts)


class EmptyFile(FileRefused):
    code = "onboarding_file_empty"
    message = N_("The file is empty. Nothing was changed.")


class FileTooLarge(FileRefused):
    """Fact `megabytes`: the limit."""

    code = "onboarding_file_too_large"
    message = N_(
        "The file is larger than %(megabytes)s MB. Divide it into several files, each with the line that names the "
        "columns, and send them one by one."
    )


class TooManyRows(FileRefused):
    """Facts `rows`: the limit; `found`: what the file has; `files`: how many it makes."""

    code = "onboarding_too_many_rows"
    message = N_(
        "The file has %(found)s rows; at most %(rows)s are taken at once. Divide it into %(files)s files, each with "
        "the line that names the columns, and send them one by one."
    )


class Workbook(FileRefused):
    code = "onboarding_workbook"
    message = N_("This is a workbook, not a CSV file. Open it, choose Save as, and there CSV UTF-8.")


class NotText(FileRefused):
    code = "onboarding_not_text"
    message = N_(
        "This is no text that can be read: it holds bytes that no letter has. Save it again as CSV UTF-8 and send that."
    )


class UnclosedQuote(FileRefused):
    """Fact `line`: where it opens."""

    code = "onboarding_unclosed_quote"
    message = N_("A quotation mark that opens in line %(line)s is never closed. Close or remove it, and send it again.")


class RowAboveHeading(FileRefused):
    """Facts `line`: of the row; `heading`: where the columns are named."""

    code = "onboarding_row_above_heading"
    message = N_(
        "Line %(line)s looks like a row, but the columns are named only in line %(heading)s. Put the names of the "
        "columns above all rows, and send it again."
    )


class SecondHeading(FileRefused):
    """Facts `line`: where the columns are named anew; `heading`: where first."""

    code = "onboarding_second_heading"
    message = N_(
        "Line %(line)s names the columns anew and otherwise than line %(heading)s. Put each list into a "
        "file of its own."
    )


class NoHeader(FileRefused):
    code = "onboarding_no_header"
    message = N_(
        "No line names the columns. One line must say at least: Department, Officer, Role, and E-mail or Mobile. "
        "The sample file shows how."
    )


class ColumnTwice(FileRefused):
    """Fact `column`: its heading."""

    code = "onboarding_column_twice"
    message = N_("Two columns mean the same: %(column)s. Remove one of them.")


class NoRows(FileRefused):
    code = "onboarding_no_rows"
    message = N_("Below the names of the columns there is no row. Nothing was changed.")


class LegacyFont(FileRefused):
    """Fact `line`: the first such line."""

    code = "onboarding_legacy_font"
    message = N_(
        "The Hindi in this file is written with an old font such as Kruti Dev: without that font it is only Latin "
        "letters (first in line %(line)s). Convert it to Unicode with a converter, or type it with a Unicode keyboard "
        "such as InScript, and send the file again."
    )


class RunIsOver(Conflict):
    code = "onboarding_run_over"
    message = N_("This file was worked through already, or taken back.")


class RunIsRunning(Conflict):
    code = "onboarding_run_running"
    message = N_("This file is being worked through just now.")
    advice = N_("Wait until it is at its end.")


class RunTakenOver(Conflict):
    """Whoever works on a run has lost it: it was too slow and somebody else goes on, or the run is over."""

    code = "onboarding_run_taken_over"
    message = N_("Somebody else goes on with this file by now.")


class LetterRefused(LockerError):
    code = "onboarding_letter_refused"
    status = 422
    message = N_("The order letter must be a PDF file of at most 10 MB.")


class LetterLost(LockerError):
    code = "onboarding_letter_lost"
    status = 422
    message = N_("The order letter that was kept with the file cannot be opened any more. Send the file with it again.")
