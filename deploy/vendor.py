#!/usr/bin/env python3
"""For maintainers: rebuild static/vendor from the npm packages named in static/vendor/vendor.lock.json.

Users never run this: what it makes is committed. It needs npm and `pip install fonttools brotli`.
Each package is fetched by `npm pack` and refused unless it has the sha512 that the lock names. To take a newer
version, write it into the lock and run with --accept: the new sum is then recorded instead of compared.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

VENDOR = Path(__file__).resolve().parent.parent / "static" / "vendor"
LOCK = VENDOR / "vendor.lock.json"
ICONS = (Path(__file__).resolve().parent / "icons.txt").read_text("utf-8").split()
WEIGHTS = {"wght": (400, 700)}
AUTONYMS = "हिन्दी"
RUPEE = 0x20B9


def fetch(name: str, entry: dict[str, Any], work: Path, accept: bool) -> Path:
    """Download one package, compare its sum with the lock, unpack it and return its directory."""
    spec = f"{name}@{entry['version']}"
    sys.stdout.write(f"fetching {spec}\n")
    sys.stdout.flush()
    packed = subprocess.run(["npm", "pack", "--silent", spec], cwd=work, check=True, capture_output=True, text=True)
    tarball = work / packed.stdout.strip().splitlines()[-1]
    found = "sha512-" + base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
    if not accept and found != entry.get("integrity"):
        sys.exit(f"{spec}: the package has {found}, the lock names {entry.get('integrity')}. Nothing was changed.")
    entry["integrity"] = found
    target = work / re.sub(r"\W+", "_", name)
    with tarfile.open(tarball) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def build_icons(source: Path) -> None:
    """One sprite of the icons that icons.txt names, each a symbol that takes the colour of its text."""
    symbols = []
    for name in ICONS:
        drawing = re.sub(r"<!--.*?-->", "", (source / "icons" / f"{name}.svg").read_text("utf-8"), flags=re.S)
        found = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.S)
        assert found is not None, name
        inner = re.sub(r"\s+", " ", found.group(1)).strip().replace(" />", "/>").replace("> <", "><")
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.9" '
            f'stroke-linecap="round" stroke-linejoin="round">{inner}</symbol>\n'
        )
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "".join(symbols) + "</svg>\n"
    (VENDOR / "icons.svg").write_text(sprite, "utf-8")


def cut_font(source: Path, name: str, letters: set[int] | None, weights: dict[str, Any]) -> None:
    """Cut a variable font to some weights and, where `letters` is given, to those letters."""
    font = TTFont(source, recalcTimestamp=False)
    if "gvar" in font:
        font["gvar"].variations = dict(font["gvar"].variations.items())
    font = instancer.instantiateVariableFont(font, weights)
    if letters is not None:
        if "gvar" in font:
            for glyph in font.getGlyphOrder():
                font["gvar"].variations.setdefault(glyph, [])
        options = subset.Options()
        options.layout_features, options.hinting, options.name_IDs = ["*"], False, ["*"]
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=sorted(letters))
        cutter.subset(font)
    font.flavor = "woff2"
    font.save(VENDOR / name)


def build_fonts(latin: Path, devanagari: Path) -> None:
    """The four font files that app.css names."""
    files = latin / "files"
    cut_font(files / "noto-sans-latin-wght-normal.woff2", "noto-sans-latin.woff2", None, WEIGHTS)
    cut_font(files / "noto-sans-latin-ext-wght-normal.woff2", "noto-sans-rupee.woff2", {RUPEE}, WEIGHTS)
    hindi = devanagari / "files" / "noto-sans-devanagari-devanagari-wght-normal.woff2"
    cut_font(hindi, "noto-sans-devanagari.woff2", None, WEIGHTS)
    cut_font(hindi, "autonyms.woff2", {ord(letter) for letter in AUTONYMS}, {"wght": 500})


def keep_licence(name: str, source: Path) -> None:
    """Put the licence text of a package beside what was taken from it."""
    text = (source / "LICENSE").read_bytes()
    (VENDOR / f"LICENCE.{name.replace('/', '_').strip('@')}.txt").write_bytes(text)


def sums() -> dict[str, dict[str, Any]]:
    """Name → sha256 and size of every file in static/vendor but the lock."""
    return {
        path.name: {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size}
        for path in sorted(VENDOR.iterdir())
        if path != LOCK
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accept", action="store_true", help="record the sums of the packages instead of comparing")
    accept = parser.parse_args().accept
    lock = json.loads(LOCK.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as temporary:
        packages = lock["packages"]
        # All are fetched and compared before the first file is written.
        found = {name: fetch(name, entry, Path(temporary), accept) for name, entry in packages.items()}
        for name, source in found.items():
            packages[name]["licence"] = json.loads((source / "package.json").read_text("utf-8"))["license"]
            keep_licence(name, source)
        (VENDOR / "htmx.min.js").write_bytes((found["htmx.org"] / "dist" / "htmx.min.js").read_bytes())
        build_icons(found["lucide-static"])
        build_fonts(found["@fontsource-variable/noto-sans"], found["@fontsource-variable/noto-sans-devanagari"])
    lock["files"] = sums()
    LOCK.write_text(json.dumps(lock, indent=1, ensure_ascii=False) + "\n", "utf-8")
    sys.stdout.write(f"{len(ICONS)} icons, {len(lock['files'])} files in {VENDOR}\n")


if __name__ == "__main__":
    main()
