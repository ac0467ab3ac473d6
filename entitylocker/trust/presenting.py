"""What the pages of the organisation and of the operator have in common: files as they are sent, words."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from flask import request
from flask_babel import gettext, ngettext

from entitylocker.errors import N_
from entitylocker.trust.errors import NoFile
from entitylocker.trust.reading import LARGEST_UPLOAD, Why

WHY: dict[Why, str] = {
    Why.PRIVATE_KEY: N_(
        "It holds a private key. It was not kept. Keep that key secret, and send the certificate instead."
    ),
    Why.NOT_AN_AUTHORITY: N_(
        "It is not the certificate of an authority, so it can confirm nobody. Send that of the authority above it."
    ),
    Why.REVOCATION_LIST: N_("It is a list of revoked certificates. The locker fetches these by itself."),
    Why.UNREADABLE: N_("No certificate in it can be read."),
    Why.TOO_LARGE: N_("It is too large, or holds too much."),
}


def sent_files() -> list[tuple[str, bytes]]:
    """The files of the field `files`: name and content. Raises NoFile."""
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        raise NoFile(field="files")
    return [(file.filename or "", file.stream.read(LARGEST_UPLOAD + 1)) for file in files]


def why_words(why: Why) -> str:
    """Why something was passed over, in the reader's language."""
    return str(gettext(WHY[why]))


def encode(der: bytes) -> str:
    """A certificate as the value of a field."""
    return base64.b64encode(der).decode("ascii")


def added_words(names: Sequence[str]) -> str:
    """What has happened, in the reader's language."""
    if not names:
        return str(gettext("All of these were trusted already. Nothing was changed."))
    count = len(names)
    return str(
        ngettext(
            "%(name)s is trusted from now on. Documents that wait for it are checked again.",
            "%(num)s certificates are trusted from now on. Documents that wait for them are checked again.",
            count,
            name=names[0],
        )
    )
