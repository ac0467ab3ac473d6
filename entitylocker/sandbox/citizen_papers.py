"""The bytes of what was issued: signed PDFs and signed certificate XML, made when somebody first asks for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml import XMLSigner, methods

from entitylocker.sandbox.authority import TestAuthority
from entitylocker.sandbox.citizen_people import Citizen, IssuedPaper
from entitylocker.sandbox.papers import make_paper

_SIGNER = "registrar"


class Printer:
    """Makes each paper once and keeps it: the same address gives the same bytes as long as the process runs.

    `directory`: where the authority's keys are; they are made when they are not there.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = threading.Lock()
        self._made: dict[tuple[str, str, str], bytes] = {}
        self._authority: TestAuthority | None = None

    def pdf(self, paper: IssuedPaper, citizen: Citizen) -> bytes:
        """The paper as a PDF, signed by the demo's registrar unless its kind says otherwise."""
        return self._once(("pdf", paper.uri, citizen.key), lambda: self._print(paper, citizen))

    def xml(self, paper: IssuedPaper, citizen: Citizen) -> bytes:
        """The paper as a Certificate with an enveloped XML signature (RSA-SHA256)."""
        return self._once(("xml", paper.uri, citizen.key), lambda: self._sign(_certificate(paper, citizen)))

    def _once(self, key: tuple[str, str, str], make: Callable[[], bytes]) -> bytes:
        with self._lock:
            if key not in self._made:
                if self._authority is None:
                    self._authority = TestAuthority(self._directory)
                self._made[key] = make()
            return self._made[key]

    def _print(self, paper: IssuedPaper, citizen: Citizen) -> bytes:
        assert self._authority is not None
        lines = [
            f"Issued to {citizen.latin_name or citizen.name}, born on {citizen.born_on:%d-%m-%Y}",
            f"Number {paper.number}, issued on {paper.issued_on:%d-%m-%Y}",
            f"by {paper.issuer}. A sample: nobody of this name exists.",
        ]
        return make_paper(paper.kind, paper.description, lines, authority=self._authority, signer=_SIGNER)

    def _sign(self, certificate: etree._Element) -> bytes:
        key = load_pem_private_key((self._directory / f"{_SIGNER}.key").read_bytes(), None)
        issued = x509.load_pem_x509_certificate((self._directory / f"{_SIGNER}.pem").read_bytes())
        signer = XMLSigner(method=methods.enveloped, signature_algorithm="rsa-sha256", digest_algorithm="sha256")
        signed = signer.sign(certificate, key=key, cert=[issued])  # type: ignore[arg-type]
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + bytes(etree.tostring(signed, encoding="UTF-8"))


def _certificate(paper: IssuedPaper, citizen: Citizen) -> etree._Element:
    """The e-document of the issuer specification: attributes, IssuedBy, IssuedTo, CertificateData."""
    root = etree.Element(
        "Certificate",
        language="99",
        name=paper.description,
        type=paper.doctype,
        number=paper.number,
        prevNumber="",
        expiryDate=f"{paper.expires_on:%d-%m-%Y}" if paper.expires_on else "",
        validFromDate=f"{paper.issued_on:%d-%m-%Y}",
        issuedAt="Sample",
        issueDate=f"{paper.issued_on:%d-%m-%Y}",
        status="A",
    )
    office = etree.SubElement(
        etree.SubElement(root, "IssuedBy"), "Organization", name=paper.issuer, code=paper.issuer_id, type="SG"
    )
    etree.SubElement(office, "Address", type="official", district="Sample", state="Sample", country="IN")
    etree.SubElement(
        etree.SubElement(root, "IssuedTo"), "Person",
        uid="", title="", name=citizen.name, dob=f"{citizen.born_on:%d-%m-%Y}", gender=citizen.gender,
    )  # fmt: skip
    data = etree.SubElement(root, "CertificateData")
    etree.SubElement(data, "Certificate", number=paper.number, date=f"{paper.issued_on:%d-%m-%Y}")
    return root
