"""Facts for the overview of an organisation: how far the vault is set up, what waits there."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from entitylocker.access import Actor, Permission
from entitylocker.extensions import db
from entitylocker.signatures.verdicts import Colour, Verdict, colour
from entitylocker.tenancy import use_case
from entitylocker.vault import rows, rules
from entitylocker.vault.models import Document, Folder, Version
from entitylocker.vault.views import Counts

_RED = tuple(verdict.value for verdict in Verdict if colour(verdict) is Colour.RED)
_GREEN = tuple(verdict.value for verdict in Verdict if colour(verdict) is Colour.GREEN)


@use_case(Permission.FOLDER_READ)
def has_folder(actor: Actor) -> bool:
    """Whether somebody made a folder besides the root."""
    found = select(Folder.id).where(rows.visible_folders(actor), Folder.parent_id.is_not(None))
    return db.session.scalars(found.limit(1)).one_or_none() is not None


@use_case(Permission.DOCUMENT_READ)
def has_document(actor: Actor) -> bool:
    """Whether there is a document that the actor may see."""
    found = select(Document.id).where(rows.in_vault(actor, Permission.DOCUMENT_READ))
    return db.session.scalars(found.limit(1)).one_or_none() is not None


@use_case(Permission.DOCUMENT_READ)
def count_documents(actor: Actor) -> Counts:
    """The numbers for the overview, over what the actor may see."""
    soon = rules.today() + timedelta(days=30)
    counted = rows.views().with_only_columns(
        func.count(),
        func.count().filter(Version.verdict.in_(_GREEN)),
        func.count().filter(Version.verdict.in_(_RED)),
        func.count().filter(Document.expires_on <= soon),
        maintain_column_froms=True,
    )
    found = db.session.execute(counted.where(rows.in_vault(actor, Permission.DOCUMENT_READ))).one()
    return Counts(*found)
