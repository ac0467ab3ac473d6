"""Papers for the demo and for tests: one-page PDFs, signed as asked, or with something wrong on purpose."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pikepdf
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    DictionaryObject,
    NumberObject,
    StreamObject,
    pdf_name,
    pdf_string,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from entitylocker.sandbox.authority import TestAuthority

__all__ = ["KINDS", "Paper", "TestAuthority", "make_paper"]

_A4 = (595, 842)
_LONG_AGO = datetime(2022, 5, 1, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Paper:
    """What is asked for: the words on it, who signs it, by which authority, and when he says he did."""

    authority: TestAuthority
    title: str = "Certificate"
    lines: Sequence[str] = ()
    signer: str = "officer"
    at: datetime | None = None
    password: str = "open sesame"  # noqa: S105  (of a demo file)


class _Signer(PdfSigner):
    """A signer that states the time it is told, where one is told."""

    stated: datetime | None = None

    def init_signing_session(self, *args: Any, **kwargs: Any) -> Any:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.stated or session.system_time
        return session


def make_paper(
    kind: str,
    title: str = "Certificate",
    lines: Sequence[str] = (),
    *,
    authority: TestAuthority,
    signer: str = "officer",
    at: datetime | None = None,
    password: str = "open sesame",  # noqa: S107
) -> bytes:
    """A one-page A4 PDF of `kind` (see KINDS) with a title and lines of text, signed as the kind says.

    `at`: the time the signature states (now if None). `password`: of the kind `password`. Raises KeyError for
    an unknown kind or signer.
    """
    return KINDS[kind](Paper(authority, title, lines, signer, at, password))


def _escaped(text: str) -> bytes:
    encoded = text.encode("cp1252", "replace")
    return encoded.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _drawing(title: str, lines: Sequence[str]) -> bytes:
    width, height = _A4
    parts = [b"0.12 0.25 0.45 rg 56 %d %d 3 re f 0 g" % (height - 104, width - 112)]
    parts.append(b"BT /F2 20 Tf 56 %d Td (%s) Tj ET" % (height - 92, _escaped(title)))
    for number, line in enumerate(lines):
        parts.append(b"BT /F1 11 Tf 56 %d Td (%s) Tj ET" % (height - 140 - 18 * number, _escaped(line)))
    return b"\n".join(parts)


def _document(paper: Paper) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=_A4)
    fonts = {
        f"/F{number}": pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=name,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
        for number, name in ((1, pikepdf.Name.Helvetica), (2, pikepdf.Name("/Helvetica-Bold")))
    }
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(fonts))
    page.Contents = pdf.make_stream(_drawing(paper.title, paper.lines))
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = paper.title
    return pdf


def _saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    target = io.BytesIO()
    pdf.save(target, **options)
    return target.getvalue()


def _plain(paper: Paper) -> bytes:
    return _saved(_document(paper))


def _sign(data: bytes, paper: Paper, signer: str | None = None, **options: Any) -> bytes:
    """`data` with one more signature: field, stated, stamped, certify, algorithm, detached, password."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(data))
    if "password" in options:
        writer.encrypt(options["password"])
    field = options.get("field", "Signature1")
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm=options.get("algorithm", "sha256"),
        certify="certify" in options,
        docmdp_permissions=options.get("certify", MDPPerm.FILL_FORMS),
        subfilter=SigSeedSubFilter.ADOBE_PKCS7_DETACHED if options.get("detached") else SigSeedSubFilter.PADES,
    )
    stated = options.get("stated", paper.at)
    pdf_signer = _Signer(
        metadata,
        signer=paper.authority.signer(signer or paper.signer),
        timestamper=paper.authority.time_stamper(stated) if options.get("stamped") else None,
        new_field_spec=SigFieldSpec(field),
    )
    pdf_signer.stated = stated
    signed: bytes = pdf_signer.sign_pdf(writer).getvalue()
    return signed


def _signed_by(signer: str | None = None, **options: Any) -> Callable[[Paper], bytes]:
    return lambda paper: _sign(_plain(paper), paper, signer, **options)


def _two_signatures(paper: Paper) -> bytes:
    once = _sign(_plain(paper), paper)
    return _sign(once, paper, "second_officer", field="Signature2")


def _stranger_later(paper: Paper) -> bytes:
    return _sign(_sign(_plain(paper), paper), paper, "stranger", field="Signature2")


def _updated(data: bytes, change: Callable[[Any], None]) -> bytes:
    """`data` with a revision appended in which `change` was made: how a signed file is tampered with."""
    writer: Any = IncrementalPdfFileWriter(io.BytesIO(data))
    change(writer)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _dictionary(entries: dict[Any, Any]) -> DictionaryObject:
    dictionary: Any = DictionaryObject
    made: DictionaryObject = dictionary(entries)
    return made


def _page_of(writer: Any) -> DictionaryObject:
    page: DictionaryObject = writer.root["/Pages"]["/Kids"][0]
    return page


def _changed_after_signing(paper: Paper) -> bytes:
    def overwrite(writer: Any) -> None:
        drawing = _drawing(paper.title, [*paper.lines, "and ten times as much besides"])
        page = _page_of(writer)
        page[pdf_name("/Contents")] = writer.add_object(StreamObject(stream_data=drawing))
        writer.update_container(page)

    return _updated(_sign(_plain(paper), paper), overwrite)


def _with_field(paper: Paper) -> bytes:
    pdf = _document(paper)
    field = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T=pikepdf.String("amount"),
            V=pikepdf.String(""),
            Rect=[56, 120, 256, 140],
            F=4,
        )
    )
    page = pdf.pages[0].obj
    field.P = page
    page.Annots = pdf.make_indirect(pikepdf.Array([field]))
    pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array([field])))
    return _saved(pdf)


def _filled_in(**options: Any) -> Callable[[Paper], bytes]:
    def fill_in(writer: Any) -> None:
        for field in writer.root["/AcroForm"]["/Fields"]:
            dictionary = field.get_object()
            if dictionary["/T"] == "amount":
                dictionary[pdf_name("/V")] = pdf_string("1,00,000")
                writer.update_container(dictionary)

    return lambda paper: _updated(_sign(_with_field(paper), paper, **options), fill_in)


def _altered(paper: Paper) -> bytes:
    """One bit flipped in what was signed: the page size, which no parser minds."""
    signed = bytearray(_sign(_plain(paper), paper))
    at = signed.index(b"595")
    signed[at + 2] ^= 1
    return bytes(signed)


def _with_password(paper: Paper) -> bytes:
    return _saved(_document(paper), encryption=pikepdf.Encryption(owner=paper.password, user=paper.password, R=6))


def _encrypted(paper: Paper) -> bytes:
    locked = _saved(_document(paper), encryption=pikepdf.Encryption(owner="owner", user="", R=6))
    return _sign(locked, paper, password=b"")


def _xfa(paper: Paper) -> bytes:
    pdf = _document(paper)
    xfa = pdf.make_stream(b'<?xml version="1.0"?><xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"></xdp:xdp>')
    pdf.Root.AcroForm = pdf.make_indirect(pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=xfa))
    return _sign(_saved(pdf), paper)


def _active_content(paper: Paper) -> bytes:
    pdf = _document(paper)
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert('hello')"))
    return _sign(_saved(pdf), paper)


def _script_added(paper: Paper) -> bytes:
    def add(writer: Any) -> None:
        action: Any = {
            pdf_name("/S"): pdf_name("/JavaScript"),
            pdf_name("/JS"): pdf_string("app.alert('hello')"),
        }
        writer.root[pdf_name("/OpenAction")] = _dictionary(action)
        writer.update_root()

    return _updated(_sign(_plain(paper), paper), add)


def _zero_pages(paper: Paper) -> bytes:
    pdf = _document(paper)
    del pdf.pages[0]
    return _saved(pdf)


def _note_added(paper: Paper) -> bytes:
    def add(writer: Any) -> None:
        note = _dictionary(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/FreeText"),
                pdf_name("/Contents"): pdf_string("Approved"),
                pdf_name("/DA"): pdf_string("/Helv 12 Tf"),
                pdf_name("/Rect"): ArrayObject(map(NumberObject, (56, 600, 300, 640))),
            }
        )
        page = _page_of(writer)
        page[pdf_name("/Annots")] = ArrayObject([*page.get("/Annots", []), writer.add_object(note)])
        writer.update_container(page)

    return _updated(_sign(_plain(paper), paper, certify=MDPPerm.ANNOTATE), add)


KINDS: dict[str, Callable[[Paper], bytes]] = {
    "unsigned": _plain,
    "valid": _signed_by(),
    "certified": _signed_by(certify=MDPPerm.NO_CHANGES),
    "timestamped": _signed_by(stamped=True),
    "two_signatures": _two_signatures,
    "filled_in": _filled_in(),
    "filled_in_certified": _filled_in(certify=MDPPerm.FILL_FORMS),
    "filled_in_forbidden": _filled_in(certify=MDPPerm.NO_CHANGES),
    "unknown_signer": _signed_by("stranger"),
    "stranger_later": _stranger_later,
    "expired": _signed_by("expired", stated=_LONG_AGO, detached=True),
    "expired_stamped": _signed_by("expired", stated=_LONG_AGO, stamped=True),
    "expired_before_signing": _signed_by("expired", detached=True),
    "revoked": _signed_by("revoked"),
    "revoked_after_stamp": _signed_by("revoked", stated=_LONG_AGO, stamped=True),
    "old_cryptography": _signed_by(algorithm="sha1", detached=True),
    "changed_after_signing": _changed_after_signing,
    "note_added": _note_added,
    "script_added": _script_added,
    "altered": _altered,
    "encrypted": _encrypted,
    "password": _with_password,
    "xfa": _xfa,
    "active_content": _active_content,
    "zero_pages": _zero_pages,
}
