"""No byte that a signature covers can be changed and leave the file green."""

from __future__ import annotations

import io

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entitylocker.signatures.check import check_bytes
from entitylocker.signatures.verdicts import Colour, colour
from tests.pki import Pki


def _covered(paper: bytes) -> tuple[int, int, int, int]:
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        first, length, second, rest = (int(number) for number in pdf.Root.AcroForm.Fields[0].V.ByteRange)
    return first, length, second, rest


@pytest.mark.parametrize("kind", ["valid", "timestamped", "certified"])
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_byte_is_never_green(pki: Pki, kind: str, data: st.DataObject) -> None:
    paper = bytearray(pki.make_signed_pdf(kind))
    _, length, second, rest = _covered(bytes(paper))
    where = data.draw(st.integers(0, length - 1) | st.integers(second, second + rest - 1))
    paper[where] ^= data.draw(st.integers(1, 255))
    assert colour(check_bytes(bytes(paper), trust=pki.trust).verdict) is not Colour.GREEN
