"""The published vectors and the written specification, held to the program and to Tink."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from entitylocker.storage import keys, recovery, stream
from entitylocker.storage.documents import EncryptedStore
from entitylocker.storage.keys import DocumentKey, OperatorKey, OrganisationKey, organisation_context
from entitylocker.storage.store import ObjectStore
from entitylocker.storage.stream import EncryptingReader, RangeReader
from tests.storage.test_stream import tink_primitive

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text())
SPECIFICATION = Path(__file__).parents[2] / "docs" / "storage-format.md"
STREAMS = pytest.mark.parametrize("vector", VECTORS["streams"], ids=lambda vector: vector["name"])
WRAPPED = pytest.mark.parametrize("vector", VECTORS["wrapped_keys"], ids=lambda vector: vector["name"])


def plaintext(size: int) -> bytes:
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def sealed(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(stream, "new_header", lambda: bytes.fromhex(vector["header"]))
    key, context = (
        DocumentKey(bytes.fromhex(vector["document_key"])),
        bytes.fromhex(vector["associated_data"]),
    )
    return EncryptingReader(io.BytesIO(plaintext(vector["plaintext_size"])), key, context).read()


@STREAMS
def test_stream(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    ciphertext = sealed(vector, monkeypatch)
    assert hashlib.sha256(ciphertext).hexdigest() == vector["ciphertext_sha256"]
    assert len(ciphertext) == vector["ciphertext_size"]
    assert ciphertext.hex() == vector.get("ciphertext", ciphertext.hex())
    key, context = (
        DocumentKey(bytes.fromhex(vector["document_key"])),
        bytes.fromhex(vector["associated_data"]),
    )
    reader = RangeReader(lambda start, stop: ciphertext[start:stop], len(ciphertext), key, context)
    opened = b"".join(reader.iter())
    assert opened == plaintext(vector["plaintext_size"])
    assert hashlib.sha256(opened).hexdigest() == vector["plaintext_sha256"]


@STREAMS
def test_tink_opens_the_stream(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    primitive = tink_primitive(DocumentKey(bytes.fromhex(vector["document_key"])))
    source = io.BytesIO(sealed(vector, monkeypatch))
    with primitive.new_decrypting_stream(source, bytes.fromhex(vector["associated_data"])) as opened:
        assert opened.read() == plaintext(vector["plaintext_size"])


@WRAPPED
def test_wrapped_key(vector: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    wrapping = OperatorKey(bytes.fromhex(vector["wrapping_key"]))
    context = bytes.fromhex(vector["context"])
    blob = bytes.fromhex(vector["blob"])
    assert wrapping.unwrap(blob, context=context).hex() == vector["key"]
    monkeypatch.setattr(os, "urandom", lambda size: bytes.fromhex(vector["nonce"]))
    assert wrapping.wrap(bytes.fromhex(vector["key"]), context=context) == blob


def test_the_chain_from_operator_key_to_document() -> None:
    outer, inner = VECTORS["wrapped_keys"]
    organisation_id = uuid.UUID("01900000-0000-7000-8000-000000000001")
    assert organisation_context(organisation_id).hex() == outer["context"]
    operator = OperatorKey(bytes.fromhex(VECTORS["operator_key_file"]["key"]))
    organisation = keys.open_organisation_key(operator, bytes.fromhex(outer["blob"]), organisation_id=organisation_id)
    context = bytes.fromhex(inner["context"])
    document = organisation.open_document_key(bytes.fromhex(inner["blob"]), context=context)
    small = next(vector for vector in VECTORS["streams"] if vector["name"] == "small")
    ciphertext = bytes.fromhex(small["ciphertext"])
    reader = RangeReader(lambda start, stop: ciphertext[start:stop], len(ciphertext), document, context)
    assert b"".join(reader.iter()) == plaintext(100)


def test_operator_key_file(tmp_path: Path) -> None:
    vector, path = VECTORS["operator_key_file"], tmp_path / "operator.key"
    OperatorKey(bytes.fromhex(vector["key"])).save(path)
    assert path.read_text() == vector["text"]
    assert OperatorKey.load(path).key_id == vector["key_id"]


def test_recovery_file(tmp_path: Path) -> None:
    vector, path = VECTORS["recovery"], tmp_path / "recovery.json"
    path.write_text(json.dumps(vector["file"]))
    found = recovery.import_recovery(path, vector["passphrase"])
    assert [key.raw.hex() for key in found] == vector["keys"]
    head = {name: value for name, value in vector["file"].items() if name != "ciphertext"}
    assert recovery._canonical(head).decode() == vector["authenticated"]


def test_the_specification_shows_the_vectors_as_they_are() -> None:
    text = SPECIFICATION.read_text()
    stream_, wrapped = VECTORS["streams"][1], VECTORS["wrapped_keys"][0]
    for name in ("document_key", "associated_data", "stream_key", "header", "ciphertext"):
        assert f"`{stream_[name]}`" in text, name
    for name in ("wrapping_key", "key", "context", "nonce", "blob"):
        assert f"`{wrapped[name]}`" in text, name


@pytest.mark.parametrize("size", [0, 1_048_520, 3_000_000])
def test_the_program_of_the_specification_recovers_a_document(
    object_store: ObjectStore, object_prefix: str, tmp_path: Path, size: int
) -> None:
    """What is written there suffices: a document is opened without this package."""
    operator, passphrase = OperatorKey.create(tmp_path / "operator.key"), "the passphrase of the operator é"
    recovery.export_recovery(tmp_path / "recovery.json", [OperatorKey(bytes(32)), operator], passphrase)
    organisation_id, document_id, version_id = (uuid.uuid4() for _ in range(3))
    store = EncryptedStore(object_store, operator)
    organisation, wrapped = store.new_organisation_key(organisation_id)
    stored = store.put_document(
        f"{object_prefix}{version_id}",
        io.BytesIO(plaintext(size)),
        organisation_key=OrganisationKey(organisation.raw),
        context=organisation_id.bytes + document_id.bytes + version_id.bytes,
    )
    whole = object_store.get_range(stored.key, 0, stored.ciphertext_size)
    (tmp_path / "object").write_bytes(b"".join(whole))
    found = re.search(r"```python\n(.*?)```", SPECIFICATION.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "recover.py").write_text(found[1])
    identifiers = [str(one) for one in (organisation_id, document_id, version_id)]
    arguments = ["recovery.json", *identifiers, wrapped.hex(), stored.wrapped_key.hex(), "object", "output"]
    done = subprocess.run(
        [sys.executable, "-I", "recover.py", *arguments],
        input=passphrase + "\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "output").read_bytes() == plaintext(size)
