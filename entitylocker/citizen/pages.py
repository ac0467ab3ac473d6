"""All pages of this room: importing it adds their routes to the blueprint."""

from entitylocker.citizen import lending_pages, lent_pages, proof_pages, visit_pages
from entitylocker.citizen.blueprint import pages

__all__ = ["lending_pages", "lent_pages", "pages", "proof_pages", "visit_pages"]
