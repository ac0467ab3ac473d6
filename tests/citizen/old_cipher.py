"""The old cipher of ZIP files (PKWARE's), written out: Python's zipfile and pyzipper read it but do not write it."""

from __future__ import annotations

import io
import os
import struct
import zipfile


class _Keys:
    """The three keys of the traditional cipher (APPNOTE 6.1)."""

    def __init__(self, code: bytes) -> None:
        self._keys = [0x12345678, 0x23456789, 0x34567890]
        for byte in code:
            self._update(byte)

    def _update(self, byte: int) -> None:
        keys = self._keys
        keys[0] = _crc(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc(keys[2], keys[1] >> 24)

    def encrypt(self, data: bytes) -> bytes:
        made = bytearray()
        for byte in data:
            mixed = (self._keys[2] | 2) & 0xFFFF
            made.append(byte ^ (((mixed * (mixed ^ 1)) >> 8) & 0xFF))
            self._update(byte)
        return bytes(made)


def _table() -> list[int]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = (number >> 1) ^ (0xEDB88320 if number & 1 else 0)
        table.append(number)
    return table


_TABLE = _table()


def _crc(crc: int, byte: int) -> int:
    return (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]


def pack_with_old_cipher(content: bytes, code: str, name: str = "offline.xml") -> bytes:
    """A ZIP of one file, as UIDAI makes it."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
        entry = archive.infolist()[0]
    data = plain.getvalue()
    start = 30 + len(name)
    packed = data[start : start + entry.compress_size]
    head = os.urandom(11) + bytes([(entry.CRC >> 24) & 0xFF])
    sealed = _Keys(code.encode()).encrypt(head + packed)
    local = bytearray(data[:start])
    central = bytearray(data[start + entry.compress_size :])
    struct.pack_into("<H", local, 6, 1)
    struct.pack_into("<I", local, 18, len(sealed))
    struct.pack_into("<H", central, 8, 1)
    struct.pack_into("<I", central, 20, len(sealed))
    end = bytes(central).index(b"PK\x05\x06")
    struct.pack_into("<I", central, end + 16, start + len(sealed))
    return bytes(local) + sealed + bytes(central)
