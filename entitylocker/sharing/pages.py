"""All pages of sharing. Importing this puts every route on the blueprint."""

from entitylocker.sharing import member_pages, public_pages
from entitylocker.sharing.blueprint import pages, register_sharing

__all__ = ["member_pages", "pages", "public_pages", "register_sharing"]
