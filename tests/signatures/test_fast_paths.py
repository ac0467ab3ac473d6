"""The fast readers answer what the stock ones answer: piece by piece on anything, and over whole files."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import pytest
from asn1crypto import x509
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import PdfFileReader

from entitylocker.signatures import fast_paths
from entitylocker.signatures.fast_reader import FastReader
from tests.pki import chain_of_objects

_HEX = st.binary(max_size=600).map(bytes.hex).map(str.encode)
_ODD = st.sampled_from([b"", b" ", b"\n", b"\x00", b"%note\n", b"%>", b"g", b"<", b"\x0b", b">", b"\r\n"])
_WHITE_OR_DELIMITER = misc.PDF_WHITESPACE + misc.PDF_DELIMITERS
Outcome = tuple[Any, ...]


def _replacement(name: str) -> fast_paths.Replacement:
    (found,) = (one for one in fast_paths.REPLACEMENTS if one.name == name)
    return found


def _outcome(act: Callable[[], Any]) -> Outcome:
    """What came of it: the value with its kind, or the complaint."""
    try:
        value = act()
    except Exception as fault:
        return type(fault), str(fault)
    return type(value), value


def _on_stream(read: Callable[..., Any], data: bytes, *arguments: Any) -> Outcome:
    stream = io.BytesIO(data)
    outcome = _outcome(lambda: read(*(stream if one is io.BytesIO else one for one in arguments)))
    return *outcome, stream.tell()


@given(st.binary(max_size=2000))
def test_hex_strings_of_anything(data: bytes) -> None:
    hex_string = _replacement("read_hex_string_from_stream")
    for text in (data, b"<" + data):
        fast = _on_stream(hex_string.fast, text, io.BytesIO)
        assert fast == _on_stream(hex_string.stock, text, io.BytesIO)


@given(st.lists(st.one_of(_HEX, _ODD), max_size=8), st.binary(max_size=40))
def test_hex_strings_that_nearly_are_some(pieces: list[bytes], behind: bytes) -> None:
    hex_string = _replacement("read_hex_string_from_stream")
    text = b"<" + b"".join(pieces) + b">" + behind
    assert _on_stream(hex_string.fast, text, io.BytesIO) == _on_stream(hex_string.stock, text, io.BytesIO)


@pytest.mark.parametrize("length", [127, 128, 129, 128 + 16 * 1024, 129 + 16 * 1024, 100_001])
def test_hex_strings_across_blocks(length: int) -> None:
    hex_string = _replacement("read_hex_string_from_stream")
    text = b"<" + b"a7" * (length // 2) + b"e" * (length % 2) + b"> endobj"
    assert _on_stream(hex_string.fast, text, io.BytesIO) == _on_stream(hex_string.stock, text, io.BytesIO)


@given(st.binary(max_size=60))
def test_names(name: bytes) -> None:
    decode = _replacement("_decode_name")
    assert _outcome(lambda: decode.fast(name)) == _outcome(lambda: decode.stock(name))


@pytest.mark.parametrize("byte", range(256))
def test_names_of_every_byte(byte: int) -> None:
    test_names.hypothesis.inner_test(b"A" + bytes([byte]))  # type: ignore[attr-defined]


_ENDS = st.sampled_from([_WHITE_OR_DELIMITER, misc.PDF_WHITESPACE, b"]"])


@given(st.binary(max_size=300), _ENDS, st.none() | st.just(9))
def test_tokens(data: bytes, until: bytes, most: int | None) -> None:
    token = _replacement("_read_until_class")
    fast = _on_stream(token.fast, data, until, io.BytesIO, most)
    assert fast == _on_stream(token.stock, data, until, io.BytesIO, most)


@given(
    st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"startxref", b"%%EOF", b"0" * 127, b" "]), max_size=6), st.data()
)
def test_lines_read_backwards(pieces: list[bytes], data: st.DataObject) -> None:
    line, text = _replacement("read_next_end_line"), b"%PDF" + b"".join(pieces)  # else the stock one never ends
    here = data.draw(st.integers(0, len(text) + 1))
    outcomes = []
    for read in (line.fast, line.stock):
        stream = io.BytesIO(text)
        stream.seek(here)
        outcomes.append((*_outcome(partial(read, stream)), stream.tell()))
    assert outcomes[0] == outcomes[1]


@given(st.text(max_size=40) | st.text(st.characters(max_codepoint=127), max_size=40))
def test_names_of_people_are_prepared_alike(text: str) -> None:
    prepare = _replacement("_ldap_string_prep")
    pair = x509.NameTypeAndValue({"type": "common_name", "value": x509.DirectoryString("utf8_string", "x")})
    assert _outcome(lambda: prepare.fast(pair, text)) == _outcome(lambda: prepare.stock(pair, text))


_PEOPLE = st.fixed_dictionaries(
    {"common_name": st.sampled_from(["Asha  Rao", "asha rao", "Ásha", "Asha Rao ", "\ufffd", "B"])},
    optional={"organization_name": st.sampled_from(["Demo", "demo"]), "country_name": st.just("IN")},
)


@given(_PEOPLE, _PEOPLE)
def test_people_are_compared_alike(one: dict[str, str], other: dict[str, str]) -> None:
    equal, hashable = _replacement("__eq__"), _replacement("hashable")
    first, second = (x509.Name.load(x509.Name.build(words).dump()) for words in (one, other))
    for _ in range(2):  # found out, then remembered
        assert _outcome(lambda: equal.fast(first, second)) == _outcome(lambda: equal.stock(first, second))
        assert _outcome(lambda: hashable.fast.fget(first)) == _outcome(lambda: hashable.stock.fget(first))
    assert equal.fast(first, "somebody") is equal.stock(first, "somebody") is False


_NUMBERS = st.integers(-1, 9).map(lambda number: b"%d" % number)
_BETWEEN = st.sampled_from([b" ", b" ", b" ", b"\n", b"\x00 ", b"", b" %x\n", b" + ", b"1."])
_HEADER = st.lists(st.tuples(_NUMBERS, _BETWEEN, _NUMBERS, _BETWEEN), max_size=4)
_BODY = st.lists(st.sampled_from([b"<</A 1>>", b"7 ", b"(x) ", b"3 0 R ", b"<<", b"%", b" ", b"/N "]), max_size=4)


@given(_HEADER, _BODY, st.integers(0, 40), st.integers(0, 5))
def test_object_streams(header: list[tuple[bytes, ...]], body: list[bytes], first: int, count: int) -> None:
    data = b"".join(b"".join(pair) for pair in header) + b"".join(body)
    for strict in (True, False):
        fast, stock = (_looked_up(kind, data, first, count, strict) for kind in (FastReader, PdfFileReader))
        assert fast == stock


def test_a_regular_object_stream_is_left_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    file = chain_of_objects(50)
    stock = PdfFileReader(io.BytesIO(file))
    expected = [_written(stock.get_object(generic.Reference(number, 0, stock))) for number in range(5, 55)]
    monkeypatch.delattr(PdfFileReader, "_get_object_from_stream")
    fast = FastReader(io.BytesIO(file))
    assert [_written(fast.get_object(generic.Reference(number, 0, fast))) for number in range(5, 55)] == expected


def _written(value: Any) -> tuple[type, bytes, Any]:
    target = io.BytesIO()
    value.write_to_stream(target)
    return type(value), target.getvalue(), value.container_ref and value.container_ref.idnum


def _looked_up(kind: type[PdfFileReader], data: bytes, first: int, count: int, strict: bool) -> list[Outcome]:
    """What comes of asking for every object at every place of an object stream that holds `data`."""
    reader = kind(io.BytesIO(chain_of_objects(1)), strict=strict)
    stream = generic.StreamObject(stream_data=data)
    stream[generic.NameObject("/Type")] = generic.NameObject("/ObjStm")
    stream[generic.NameObject("/N")] = generic.NumberObject(count)
    stream[generic.NameObject("/First")] = generic.NumberObject(first)
    reader.cache_indirect_object(0, 4, stream)
    return [_outcome(partial(_written_from, reader, number, index)) for number, index in product(range(10), range(4))]


def _written_from(reader: PdfFileReader, number: int, index: int) -> tuple[type, bytes, Any]:
    return _written(reader._get_object_from_stream(number, 4, index))
