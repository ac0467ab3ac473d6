"""Use cases of folders: make, rename, list."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Actor, Permission, decide, require
from entitylocker.audit.recording import Subject, record
from entitylocker.audit.tags import EventTag
from entitylocker.errors import NotFound
from entitylocker.extensions import db
from entitylocker.organisations.events import OrganisationRegistered
from entitylocker.tenancy import use_case
from entitylocker.vault import rows, rules
from entitylocker.vault.errors import FolderNameTaken
from entitylocker.vault.models import Folder
from entitylocker.vault.views import FolderPlace

ROOT_NAME = "Documents"


def create_root_folder(happening: OrganisationRegistered) -> None:
    """Reaction: every organisation has a root folder from its first moment."""
    root = Folder(id=uuid7(), organisation_id=happening.organisation_id, parent_id=None, name=ROOT_NAME, path="/")
    db.session.add(root)
    tenancy.flush()


@use_case(Permission.FOLDER_MANAGE)
def create_folder(actor: Actor, parent_id: UUID, name: str) -> Folder:
    """Make a folder in another one. Raises NotFound, PermissionDenied, FolderNameTaken, FolderTooDeep."""
    parent = rows.folder_row(actor, parent_id)
    require(actor, Permission.FOLDER_MANAGE, rows.facts_of_folder(parent))
    folder_id = uuid7()
    folder = Folder(
        id=folder_id,
        organisation_id=parent.organisation_id,
        parent_id=parent.id,
        name=rules.clean_line(name),
        path=rules.child_path(parent.path, folder_id),
    )
    db.session.add(folder)
    _flush_name()
    record(actor, EventTag.FOLDER_CREATE, Subject("folder", folder.id, folder.name), parent=str(parent.id))
    return folder


@use_case(Permission.FOLDER_MANAGE)
def rename_folder(actor: Actor, folder_id: UUID, name: str) -> Folder:
    """Give a folder another name; the root keeps its own.

    Raises NotFound, PermissionDenied, FolderNameTaken.
    """
    folder = rows.folder_row(actor, folder_id)
    require(actor, Permission.FOLDER_MANAGE, rows.facts_of_folder(folder))
    if folder.parent_id is None:
        raise NotFound
    before, folder.name = folder.name, rules.clean_line(name)
    _flush_name()
    record(actor, EventTag.FOLDER_RENAME, Subject("folder", folder.id, folder.name), before=before)
    return folder


@use_case(Permission.FOLDER_READ)
def list_folders(actor: Actor) -> list[Folder]:
    """Every folder that the actor may see, a folder before what lies in it, alike ones by name."""
    folders = db.session.scalars(select(Folder).where(rows.visible_folders(actor)))
    by_path = {folder.path: folder for folder in folders}

    def names(folder: Folder) -> list[str]:
        above = [by_path[path].name.casefold() for path in rules.paths_above(folder.path) if path in by_path]
        return [*above, folder.name.casefold()]

    return sorted(by_path.values(), key=names)


@use_case(Permission.FOLDER_READ)
def get_folder(actor: Actor, folder_id: UUID) -> FolderPlace:
    """A folder, the way to it and what lies in it. Raises NotFound."""
    folder = rows.folder_row(actor, folder_id)
    require(actor, Permission.FOLDER_READ, rows.facts_of_folder(folder))
    return rows.place_of(actor, folder)


@use_case(Permission.FOLDER_READ)
def get_top(actor: Actor) -> FolderPlace:
    """Where the actor's view begins: the root, or the topmost folders of one who sees only some."""
    root = rows.folder_row(actor, None)
    if decide(actor, Permission.FOLDER_READ, rows.facts_of_folder(root)):
        return rows.place_of(actor, root)
    seen = list_folders(actor)
    paths = {folder.path for folder in seen}
    top = [folder for folder in seen if not paths.intersection(rules.paths_above(folder.path))]
    return FolderPlace(None, (), tuple(top))


def _flush_name() -> None:
    try:
        tenancy.flush()
    except IntegrityError as broken:
        if "uq_folders_name" in str(broken.orig):
            raise FolderNameTaken(field="name") from None
        raise
