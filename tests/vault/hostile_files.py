"""Files nobody wants to be sent, made here."""

from __future__ import annotations

import functools
import io
import unicodedata
import zipfile
import zlib
from collections.abc import Callable

import pikepdf

from tests.vault.helpers import PLAIN_PDF

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0" + b"\0" * 40
HINDI = unicodedata.normalize("NFC", "निगमन क़रार.pdf")


def _zip_with_sign() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("%PDF-1.7", b"%PDF-1.7")
    return packed.getvalue()


def _pdf(objects: list[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(out))
    return bytes(out) + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer


def _stream(content: bytes, extra: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), extra, content)


def _with_page(contents: bytes, *more: bytes) -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"
    return _pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            page,
            contents,
            *more,
        ]
    )


@functools.cache
def _flate_bomb() -> bytes:
    """A page whose contents unfold to 256 MiB."""
    squeeze, nothing = zlib.compressobj(1), b"\0" * (1024 * 1024)
    packed = b"".join(squeeze.compress(nothing) for _ in range(256)) + squeeze.flush()
    return _with_page(_stream(packed, b"/Filter /FlateDecode"))


@functools.cache
def _object_bomb() -> bytes:
    """More objects than anybody needs, packed small."""
    packed = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.Many = pdf.make_indirect(pikepdf.Array(pdf.make_indirect(number) for number in range(210_000)))
        pdf.save(packed, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return packed.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "plain": lambda: PLAIN_PDF,
    "png": lambda: PNG,
    "html": lambda: b"<!doctype html><html><body><script>alert('%PDF-1.7')</script></body></html>",
    "zip_with_sign": _zip_with_sign,
    "junk_in_front": lambda: b"\n~ junk ~\n" * 40 + PLAIN_PDF,
    "flate_bomb": _flate_bomb,
    "object_bomb": _object_bomb,
}

NAMES = {
    "long": "a" * 296 + ".pdf",
    "hindi_decomposed": unicodedata.normalize("NFD", HINDI),
}

KEPT_NAMES = {"long": "a" * 251 + ".pdf", "hindi": HINDI}
