"""A certification authority and signed PDFs, made when a test runs; and hostile files made by hand."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pikepdf
from asn1crypto import cms
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from entitylocker.sandbox.papers import KINDS, Paper, TestAuthority, make_paper
from entitylocker.signatures.trust import TrustStore

__all__ = ["KINDS", "Pki", "chain_of_objects", "crowd_of_objects"]


class Pki:
    """An authority in a directory, the trust a checker needs for it, and papers signed by it."""

    def __init__(self, directory: Path) -> None:
        self.authority = TestAuthority(directory)
        self.trust = TrustStore.load([self.authority.trust_dir])
        self._made: dict[str, bytes] = {}

    def make_signed_pdf(self, kind: str, **options: Any) -> bytes:
        """A file of `kind` (see `papers.KINDS`); without options the same bytes each time, made once."""
        if options:
            return make_paper(kind, authority=self.authority, **options)
        if kind not in self._made:
            self._made[kind] = make_paper(kind, "Certificate", ["Demo Traders"], authority=self.authority)
        return self._made[kind]

    def sign(self, data: bytes, field: str = "Signature1", signer: str = "officer") -> bytes:
        """`data` with one more plain signature."""
        writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
        metadata = PdfSignatureMetadata(field_name=field, md_algorithm="sha256")
        pdf_signer = PdfSigner(metadata, signer=self.authority.signer(signer), new_field_spec=SigFieldSpec(field))
        signed: bytes = pdf_signer.sign_pdf(writer).getvalue()
        return signed

    def sub_filter(self, name: bytes) -> bytes:
        """A signed file that says its signature is of the format `name`. Only the name is changed."""
        signed = self.make_signed_pdf("expired")
        old = b"/adbe.pkcs7.detached"
        assert signed.count(old) == 1
        return signed.replace(old, name.ljust(len(old)))

    def enveloped(self, *, digest_of: bytes | None = None) -> bytes:
        """A file signed as adbe.pkcs7.sha1: the CMS holds the SHA-1 of the byte ranges as its content."""
        paper = Paper(self.authority, "Registration certificate", signer="officer")
        signed = bytearray(make_paper("old_cryptography", "Registration", authority=paper.authority))
        at = signed.index(b"/adbe.pkcs7.detached")
        signed[at : at + 20] = b"/adbe.pkcs7.sha1    "
        with pikepdf.open(io.BytesIO(bytes(signed))) as pdf:
            field = pdf.Root.AcroForm.Fields[0]
            first, length, second, rest = (int(number) for number in field.V.ByteRange)
        covered = bytes(signed[first : first + length] + signed[second : second + rest])
        contents = self._envelope(hashlib.sha1(digest_of or covered, usedforsecurity=False).digest()).hex().encode()
        gap = second - length - 2
        signed[length + 1 : length + 1 + gap] = contents.ljust(gap, b"0")
        return bytes(signed)

    def _envelope(self, content: bytes) -> bytes:
        signer = self.authority.signer("officer")
        envelope = asyncio.run(signer.async_sign_general_data(content, "sha256", detached=False))
        assert isinstance(envelope, cms.ContentInfo)
        dumped: bytes = envelope.dump()
        return dumped


def _plain_pdf(bodies: list[bytes], root: bytes = b"") -> tuple[bytearray, list[int]]:
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    head = [
        b"<</Type/Catalog/Pages 2 0 R" + root + b">>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>",
    ]
    for number, body in enumerate(head + bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return out, offsets


def crowd_of_objects(count: int) -> bytes:
    """An unsigned PDF of `count` small objects: about fifty times its size in memory once parsed."""
    out, offsets = _plain_pdf([b"<</A<</B[1 2 3 4 5 6 7 8]/C(x)>>>>"] * count)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, start)
    return bytes(out)


@cache
def chain_of_objects(count: int, *, commented: bool = False) -> bytes:
    """An unsigned PDF with `count` objects in one object stream, all of them reachable.

    `commented`: the stream begins with a comment, which no program writes. Then comparing revisions of such a file
    takes time that grows with the square of `count`.
    """
    bodies = [b"<</N %d>>" % number for number in range(count)]
    first = 5  # 1 to 3: catalogue, pages, page; 4: the object stream
    index, offset = [], 0
    for number, body in enumerate(bodies, start=first):
        index.append(b"%d %d" % (number, offset))
        offset += len(body) + 1
    head = (b"%\n" if commented else b"") + b" ".join(index) + b" "
    packed = zlib.compress(head + b" ".join(bodies))
    stream = b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (
        count,
        len(head),
        len(packed),
        packed,
    )
    references = b" ".join(b"%d 0 R" % number for number in range(first, first + count))
    out, offsets = _plain_pdf([stream], root=b"/Things[" + references + b"]")
    return _with_cross_reference_stream(out, offsets, count)


def _with_cross_reference_stream(out: bytearray, offsets: list[int], count: int) -> bytes:
    own, start = 5 + count, len(out)
    rows = [b"\0\0\0\0\0\xff\xff"]
    rows += [b"\1" + offset.to_bytes(4, "big") + b"\0\0" for offset in offsets]
    rows += [b"\2" + (4).to_bytes(4, "big") + number.to_bytes(2, "big") for number in range(count)]
    rows += [b"\1" + start.to_bytes(4, "big") + b"\0\0"]
    table = b"".join(rows)
    out += b"%d 0 obj\n<</Type/XRef/Size %d/W[1 4 2]/Root 1 0 R/Length %d>>\nstream\n" % (own, own + 1, len(table))
    out += table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


def instant(text: str) -> datetime:
    """A point in time from its ISO 8601 form."""
    return datetime.fromisoformat(text)
