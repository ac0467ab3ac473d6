"""All pages of the vault. Importing this puts every route on the blueprint."""

from entitylocker.vault import document_pages, folder_pages, list_pages, report_pages, upload_pages
from entitylocker.vault.blueprint import pages

__all__ = ["document_pages", "folder_pages", "list_pages", "pages", "report_pages", "upload_pages"]
