"""An upload through a form on a page: fields, file, and what is shown again when it does not fit."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import request
from marshmallow import Schema

from entitylocker.errors import InvalidInput, LockerError
from entitylocker.vault.papers import PaperSource
from entitylocker.vault.service import Upload
from entitylocker.vault.views import Deposited
from entitylocker.web.engine_room import engines
from entitylocker.web.errors import words
from entitylocker.web.forms import load
from entitylocker.web.uploads import Incoming, receive_file, require_csrf

Store = Callable[[Upload, dict[str, Any]], Deposited]


def upload_values(folder_id: UUID | None = None) -> dict[str, Any]:
    """What a fresh upload form holds. Its key makes a form that is sent twice one upload."""
    return {"folder_id": folder_id or "", "idempotency_key": secrets.token_urlsafe(16)}


class UploadForm:
    """An upload that was sent with a form. `done` is its answer; else `problems` say what to correct."""

    def __init__(self, schema: type[Schema], store: Store) -> None:
        """Receives it. Raises what cannot be corrected in the form."""
        self.values: dict[str, Any] = {}
        self.problems: dict[str, list[str]] = {}
        self.status = 200
        self.done: Deposited | None = None
        try:
            with receive_file(request, engines().settings.max_upload_bytes) as incoming:
                self.values = incoming.fields
                require_csrf(self.values.pop("csrf_token", None))
                self.done = self._store(incoming, schema, store)
        except LockerError as refusal:
            self._take(refusal)

    def _store(self, incoming: Incoming, schema: type[Schema], store: Store) -> Deposited:
        data = load(schema, dict(self.values))
        return store(upload_of(incoming, data.get("key") or data.get("idempotency_key")), data)

    def _take(self, refusal: LockerError) -> None:
        if isinstance(refusal, InvalidInput):
            self.problems = refusal.problems
        elif refusal.field is not None:
            self.problems = {refusal.field: [words(refusal)]}
        else:
            raise refusal
        self.status = refusal.status


def upload_of(incoming: Incoming, key: str | None) -> Upload:
    """What came in as an upload for the service."""
    return Upload(incoming.filename, PaperSource(incoming.stream), key)
