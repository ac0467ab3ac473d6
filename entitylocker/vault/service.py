"""The use cases of the vault, gathered from the modules that hold them by subject."""

from entitylocker.vault.checking import check_again, unlock
from entitylocker.vault.deposits import Upload, add_version, deposit
from entitylocker.vault.details import bin_document, edit_document, restore_document
from entitylocker.vault.folders import (
    create_folder,
    create_root_folder,
    get_folder,
    get_top,
    list_folders,
    rename_folder,
)
from entitylocker.vault.jobs import check_version, sweep
from entitylocker.vault.listing import (
    Cursor,
    list_bin,
    list_document_types,
    list_documents,
    list_due,
    list_offerable,
)
from entitylocker.vault.overview import count_documents, has_document, has_folder
from entitylocker.vault.reading import describe_for_portal, get_document, open_content, open_for_portal
from entitylocker.vault.reports import export_report, get_version, open_signed
from entitylocker.vault.shelf import open_shelf

__all__ = [
    "Cursor",
    "Upload",
    "add_version",
    "bin_document",
    "check_again",
    "check_version",
    "count_documents",
    "create_folder",
    "create_root_folder",
    "deposit",
    "describe_for_portal",
    "edit_document",
    "export_report",
    "get_document",
    "get_folder",
    "get_top",
    "get_version",
    "has_document",
    "has_folder",
    "list_bin",
    "list_document_types",
    "list_documents",
    "list_due",
    "list_folders",
    "list_offerable",
    "open_content",
    "open_for_portal",
    "open_shelf",
    "open_signed",
    "rename_folder",
    "restore_document",
    "sweep",
    "unlock",
]
