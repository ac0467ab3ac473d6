"""Unicode Hindi as the bytes that Kruti Dev shows it with: enough of that font to make files that need it."""

from __future__ import annotations

_LETTERS = {
    "अ": "v", "आ": "vk", "इ": "b", "ई": "bZ", "उ": "m", "ऊ": "Å", "ए": ",", "ऐ": ",s", "ओ": "vks", "औ": "vkS",
    "क": "d", "ख": "[k", "ग": "x", "घ": "?k", "च": "p", "छ": "N", "ज": "t", "झ": ">", "ट": "V", "ठ": "B",
    "ड": "M", "ढ": "<", "ण": ".k", "त": "r", "थ": "Fk", "द": "n", "ध": "/k", "न": "u", "प": "i", "फ": "Q",
    "ब": "c", "भ": "Hk", "म": "e", "य": ";", "र": "j", "ल": "y", "व": "o", "श": "'k", "ष": "\"k", "स": "l", "ह": "g",
    "ा": "k", "ि": "f", "ी": "h", "ु": "q", "ू": "w", "ृ": "`", "े": "s", "ै": "S", "ो": "ks", "ौ": "kS",
    "ं": "a", "ँ": "¡", "ः": "%",
}  # fmt: skip
_HALF = {
    "क": "D", "ख": "[", "ग": "X", "च": "P", "ज": "T", "ण": ".", "त": "R", "थ": "F", "ध": "/", "न": "U", "प": "I",
    "ब": "C", "भ": "H", "म": "E", "य": "¸", "ल": "Y", "व": "O", "श": "'", "ष": "\"", "स": "L",
}  # fmt: skip
_WHOLE = {"क्ष": "{k", "त्र": "=", "ज्ञ": "K", "श्र": "J"}
_VIRAMA = "्"


def kruti(text: str) -> str:
    """`text` as it stands in a file that is made with that font."""
    out: list[str] = []
    at = 0
    while at < len(text):
        piece, at = _cluster(text, at)
        if text[at : at + 1] == "ि":
            piece, at = "f" + piece, at + 1
        out.append(piece)
    return "".join(out)


def _cluster(text: str, at: int) -> tuple[str, int]:
    """A consonant with the half ones before it, or any other sign. A ra without its vowel goes behind, as Z."""
    made, hook = "", ""
    while text[at + 1 : at + 2] == _VIRAMA and at + 2 < len(text):
        if text[at : at + 3] in _WHOLE:
            return made + _WHOLE[text[at : at + 3]] + hook, at + 3
        if text[at] == "र":
            hook = "Z"
        elif text[at + 2] == "र":
            return made + _LETTERS.get(text[at], text[at]) + "z" + hook, at + 3
        else:
            made += _HALF.get(text[at], _LETTERS.get(text[at], text[at]) + "~")
        at += 2
    return made + _LETTERS.get(text[at], text[at]) + hook, at + 1
