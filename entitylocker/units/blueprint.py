"""The blueprint that the page modules of this room share."""

from flask import Blueprint

pages = Blueprint("units", __name__)
