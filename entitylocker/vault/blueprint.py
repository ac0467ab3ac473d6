"""The blueprint of the vault's pages; the modules that hold them by subject put their routes on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext
from marshmallow import EXCLUDE, ValidationError

from entitylocker.access import Actor, Facts, Permission, decide
from entitylocker.errors import NotFound
from entitylocker.vault.models import Document, Folder
from entitylocker.vault.schemas import ListSchema

pages = Blueprint("vault", __name__)

P = Permission


def query() -> dict[str, Any]:
    """What the address narrows a list to. Raises NotFound for an address nobody was led to."""
    try:
        loaded: dict[str, Any] = ListSchema().load(request.args.to_dict(), unknown=EXCLUDE)
    except ValidationError:
        raise NotFound from None
    return loaded


def folder_rights(actor: Actor, folder: Folder | None) -> dict[str, bool]:
    """Which buttons a folder has for the actor."""
    facts = Facts(actor.organisation_id, folder_path=folder.path if folder else None)
    return {
        "deposit": folder is not None and bool(decide(actor, P.DOCUMENT_DEPOSIT, facts)),
        "manage": folder is not None and bool(decide(actor, P.FOLDER_MANAGE, facts)),
    }


def document_rights(actor: Actor, document: Document) -> dict[str, bool]:
    """Which buttons a document has for the actor."""
    facts = Facts(document.organisation_id, folder_path=document.folder_path, document_id=document.id)
    asked = {
        "download": P.DOCUMENT_DOWNLOAD,
        "deposit": P.DOCUMENT_DEPOSIT,
        "edit": P.DOCUMENT_EDIT,
        "bin": P.DOCUMENT_BIN,
    }
    return {name: bool(decide(actor, permission, facts)) for name, permission in asked.items()}


def folder_name(folder: Folder) -> str:
    """The name of a folder; the root's in the reader's language."""
    return gettext("Documents") if folder.parent_id is None else folder.name
