"""Where the package's own files are: in a wheel inside the package, in a checkout beside it."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """Return the directory called `name` (`templates`, `static`, `migrations`, `translations`).

    A wheel carries these inside the package; a source tree or an editable install has them beside it.
    `importlib.resources` cannot be used: it does not see mapped packages of an editable install.
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
