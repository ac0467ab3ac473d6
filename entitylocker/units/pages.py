"""All pages of this room: importing the modules adds their routes."""

from entitylocker.units import agency_pages, branch_pages, tree_pages
from entitylocker.units.blueprint import pages

__all__ = ["agency_pages", "branch_pages", "pages", "tree_pages"]
