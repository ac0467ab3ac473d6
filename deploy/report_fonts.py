"""Cut the fonts of sealed reports: `pip install fonttools fontpkg-noto-sans fontpkg-noto-sans-devanagari`, then run it.

Of each family one regular and one bold face, with the letters of Latin, Greek and Cyrillic names or of Devanagari.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

FONTS = Path(__file__).parents[1] / "entitylocker" / "signatures" / "data" / "fonts"
WEIGHTS = {"Regular": 400, "Bold": 700}
FAMILIES = {"NotoSans": "fontpkg_noto_sans", "NotoSansDevanagari": "fontpkg_noto_sans_devanagari"}
LETTERS = {
    "NotoSans": (
        "20-7e a0-24f 2bb-2dc 300-304 370-3ff 400-45f 490-491 1e00-1eff 2010-2027 202f-203a 20ac 20b9 2116 2122 "
        "2190-2193 2212"
    ),
    "NotoSansDevanagari": (
        "20-7e a0 900-97f 1cd0-1cf9 200c-200d 2013-2014 2018-2019 201c-201d 20b9 25cc a830-a839 a8e0-a8ff"
    ),
}


def main() -> None:
    for family, package in FAMILIES.items():
        source = resources.files(package) / "files" / f"{family}[wdth,wght].ttf"
        for style, weight in WEIGHTS.items():
            with resources.as_file(source) as path:
                _cut(TTFont(path, recalcTimestamp=False), weight, LETTERS[family]).save(FONTS / f"{family}-{style}.ttf")
        licence = (resources.files(package) / "LICENSE").read_text("utf-8")
        name = package.removeprefix("fontpkg_").replace("_", "-")
        (FONTS / f"LICENCE.{name}.txt").write_text(licence, "utf-8")


def _cut(font: TTFont, weight: int, ranges: str) -> TTFont:
    face = instancer.instantiateVariableFont(font, {"wght": weight, "wdth": 100}, updateFontNames=True)
    options = subset.Options()
    options.layout_features = ["*"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.hinting = False
    options.glyph_names = False
    options.notdef_outline = True
    cutter = subset.Subsetter(options)
    ends = (part.split("-") for part in ranges.split())
    cutter.populate(unicodes=[code for end in ends for code in range(int(end[0], 16), int(end[-1], 16) + 1)])
    cutter.subset(face)
    return face


if __name__ == "__main__":
    main()
