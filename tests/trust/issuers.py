"""An issuer whose list of revoked certificates and OCSP responder answer on loopback, and papers signed below it."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
from pyhanko_certvalidator.registry import SimpleCertificateStore

from entitylocker.outgoing import Hosts, Outgoing

DAY = timedelta(days=1)


class Issuer:
    """A root that signs certificates, a list of those it revoked, and answers about them.

    `asked`: the requests that came, as (method, path). `says`: what a path answers instead of the truth.
    """

    def __init__(self, name: str, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._certificate(self.name, self.key, ca=True)
        self.revoked: dict[int, datetime] = {}
        self.issued: dict[int, x509.Certificate] = {}
        self.number = 1
        self.asked: list[tuple[str, str]] = []
        self.says: dict[str, Callable[[], tuple[int, bytes]]] = {}
        self.lasts = 7 * DAY

    @cached_property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def host(self) -> str:
        return self.base.removeprefix("http://")

    def outgoing(self) -> Outgoing:
        """A client that may call this issuer, though it lies inside."""
        return Outgoing(Hosts.parse(self.host))

    def _certificate(self, subject: x509.Name, key: Any, *, ca: bool = False, **ways: str | None) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * DAY)
            .not_valid_after(now + 3650 * DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(ca), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if crl := ways.get("crl"):
            point = x509.DistributionPoint([x509.UniformResourceIdentifier(crl)], None, None, None)
            builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
        if responder := ways.get("ocsp"):
            place = x509.UniformResourceIdentifier(responder)
            access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)
            builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name: str, *, crl: bool = True, responder: bool = False) -> Signer:
        """Somebody who may sign; his certificate says where to ask."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        ways = {"crl": f"{self.base}/list.crl" if crl else None, "ocsp": f"{self.base}/ocsp" if responder else None}
        certificate = self._certificate(subject, key, **ways)
        self.issued[certificate.serial_number] = certificate
        return Signer(self, certificate, key)

    def revoke(self, signer: Signer) -> None:
        """Withdraw a certificate as of an hour ago, and publish a new list."""
        self.revoked[signer.certificate.serial_number] = datetime.now(UTC) - timedelta(hours=1)
        self.number += 1

    def list(self, key: Any = None) -> bytes:
        """The list of revoked certificates of now."""
        now = datetime.now(UTC)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(now - timedelta(minutes=30) + timedelta(seconds=self.number))
            .next_update(now + self.lasts)
            .add_extension(x509.CRLNumber(self.number), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        for serial, when in self.revoked.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when).build()
            builder = builder.add_revoked_certificate(entry)
        return builder.sign(key or self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def respond(self, request: bytes) -> bytes:
        """The answer to an OCSP request."""
        asked = ocsp.load_der_ocsp_request(request)
        when, now = self.revoked.get(asked.serial_number), datetime.now(UTC)
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=self.issued[asked.serial_number],
            issuer=self.certificate,
            algorithm=asked.hash_algorithm,
            cert_status=ocsp.OCSPCertStatus.REVOKED if when else ocsp.OCSPCertStatus.GOOD,
            this_update=now - timedelta(minutes=5),
            next_update=now + self.lasts,
            revocation_time=when,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """What the server says."""
        self.asked.append((method, path))
        if path in self.says:
            return self.says[path]()
        if (method, path) == ("GET", "/list.crl"):
            return 200, self.list()
        return (200, self.respond(body)) if (method, path) == ("POST", "/ocsp") else (404, b"")


class Signer:
    """Somebody with a certificate of an issuer."""

    def __init__(self, issuer: Issuer, certificate: x509.Certificate, key: Any) -> None:
        self.issuer, self.certificate, self.key = issuer, certificate, key

    def sign(self, words: str = "Certificate") -> bytes:
        """A signed page."""
        pdf = pikepdf.new()
        pdf.add_blank_page(page_size=(595, 842))
        with pdf.open_metadata() as metadata:
            metadata["dc:title"] = words
        plain = io.BytesIO()
        pdf.save(plain)
        return self._sign(IncrementalPdfFileWriter(plain))

    def sign_locked(self, password: str) -> bytes:
        """A signed page that opens only with `password`."""
        pdf, plain = pikepdf.new(), io.BytesIO()
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(plain, encryption=pikepdf.Encryption(user=password, owner=password))
        writer = IncrementalPdfFileWriter(plain)
        writer.encrypt(password)
        return self._sign(writer)

    def _sign(self, writer: IncrementalPdfFileWriter) -> bytes:
        make: Any = SimpleCertificateStore
        pem = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        certificate = next(iter(load_certs_from_pemder_data(self.certificate.public_bytes(Encoding.PEM))))
        signer = SimpleSigner(certificate, load_private_key_from_pemder_data(pem, None), make())
        signed: bytes = sign_pdf(writer, PdfSignatureMetadata(field_name="Signature1"), signer).getvalue()
        return signed


def _usage(ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=not ca, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


@contextmanager
def issuing(name: str) -> Iterator[Issuer]:
    """An issuer whose server runs for as long as the `with` lasts."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, body = issuer.answer(self.command, self.path, self.rfile.read(length))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _do  # noqa: N815

        def log_message(self, *_words: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(name, server.server_address[1])
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()


def as_pem(crl: bytes) -> bytes:
    """A list as text, as some publish it."""
    inner = base64.encodebytes(crl)
    return b"-----BEGIN X509 CRL-----\n" + inner + b"-----END X509 CRL-----\n"
