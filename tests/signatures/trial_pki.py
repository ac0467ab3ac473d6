"""A certification authority with everything a real one has (OCSP, CRLs, time stamps), made with certomancer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pikepdf
import yaml
from asn1crypto import ocsp as asn1_ocsp
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig, KeyLabel, ServiceLabel
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from entitylocker.signatures.trust import TrustStore

CRL_URL = "http://pki.trial.test/trial/crls/issuing/latest.crl"
OCSP_URL = "http://pki.trial.test/trial/ocsp/issuing"
REVOKED_AT = datetime(2024, 6, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

_LONG = {"valid-from": "2005-01-01T00:00:00+0000", "valid-to": "2100-01-01T00:00:00+0000"}
_RSA = {"short": 1024, "rsa": 2048, "stamper": 2048}
_NAMES = ("root", "issuing", "responder", "stamper", "signer", "second", "revoked", "withdrawn", "web", "stranger")


def _usage(*names: str) -> dict[str, Any]:
    return {"id": "key_usage", "critical": True, "smart-value": {"schema": "key-usage", "params": list(names)}}


def _purpose(name: str) -> dict[str, Any]:
    return {"id": "extended_key_usage", "value": [name]}


def _certificate(subject: str, issuer: str, *extensions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "subject": subject,
        "subject-key": subject,
        "issuer": issuer,
        "authority-key": issuer,
        "validity": _LONG,
        "extensions": [*extensions],
        **more,
    }


_AUTHORITY = ({"id": "basic_constraints", "critical": True, "value": {"ca": True}}, _usage("key_cert_sign", "crl_sign"))
_LISTS = {
    "id": "crl_distribution_points",
    "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": ["issuing"]}},
}
_ROOT_LISTS = {
    "id": "crl_distribution_points",
    "smart-value": {"schema": "crl-dist-url", "params": {"crl-repo-names": ["root"]}},
}
_ACCESS = {
    "id": "authority_information_access",
    "smart-value": {"schema": "aia-urls", "params": {"ocsp-responder-names": ["issuing"]}},
}
_UNCHECKED = {"id": "ocsp_no_check"}  # RFC 6960, 4.2.2.2.1
_SIGNING = (_usage("digital_signature", "non_repudiation"), _LISTS, _ACCESS)


def _signer(name: str, issuer: str = "issuing", **more: Any) -> dict[str, Any]:
    return _certificate(name, issuer, *_SIGNING, **more)


def _config() -> dict[str, Any]:
    revocation = {"revoked-since": REVOKED_AT.isoformat(), "reason": "key_compromise"}
    certificates = {
        "root": _certificate("root", "root", *_AUTHORITY),
        "issuing": _certificate("issuing", "root", *_AUTHORITY, _ROOT_LISTS),
        "withdrawn": _certificate("withdrawn", "root", *_AUTHORITY, _ROOT_LISTS, revocation=revocation),
        "responder": _certificate(
            "responder", "issuing", _usage("digital_signature"), _purpose("ocsp_signing"), _UNCHECKED
        ),
        "stamper": _certificate("stamper", "issuing", _usage("digital_signature"), _purpose("time_stamping"), _LISTS),
        "web": _certificate("web", "issuing", _usage("digital_signature"), _purpose("server_auth"), _LISTS),
        "signer": _signer("signer"),
        "second": _signer("second"),
        "short": _signer("short"),
        "rsa": _signer("rsa"),
        "revoked": _signer("revoked", revocation=revocation),
        "below_withdrawn": _certificate("below_withdrawn", "withdrawn", *_SIGNING[:1]),
        "stranger": _certificate("stranger", "stranger", *_SIGNING[:1]),
    }
    names = {*_NAMES, *_RSA, "below_withdrawn"}
    service = {"simulated-update-schedule": "P90D"}
    services = {
        "ocsp": {"issuing": {"for-issuer": "issuing", "responder-cert": "responder", "signing-key": "responder"}},
        "crl-repo": {
            "root": {"for-issuer": "root", "signing-key": "root", **service},
            "issuing": {"for-issuer": "issuing", "signing-key": "issuing", **service},
        },
        "time-stamping": {"stamper": {"signing-key": "stamper", "signing-cert": "stamper"}},
    }
    return {
        "external-url-prefix": "http://pki.trial.test",
        "keysets": {"keys": {"path-prefix": "keys", "keys": {name: {"path": f"{name}.pem"} for name in sorted(names)}}},
        "pki-architectures": {
            "trial": {
                "keyset": "keys",
                "entities": {name: {"common-name": f"Trial {name}", "country-name": "IN"} for name in sorted(names)},
                "certs": certificates,
                "services": services,
            }
        },
    }


class _Unscrupulous(PdfSigner):
    """Signs also what its author certified to be final, as an attacker's tool would."""

    def _enforce_certification_constraints(self, reader: Any) -> None:
        pass


class TrialPki:
    """Signs files in every way and knows the right answers. Times are given, so that nothing depends on today."""

    def __init__(self, directory: Path) -> None:
        self._signed: dict[str, bytes] = {}
        (directory / "keys").mkdir()
        config = _config()
        for name in config["keysets"]["keys"]["keys"]:
            (directory / "keys" / f"{name}.pem").write_bytes(_key(name))
        path = directory / "pki.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        self.arch = CertomancerConfig.from_file(str(path), key_search_dir=str(directory)).get_pki_arch(
            ArchLabel("trial")
        )

    def certificate(self, name: str) -> Any:
        """The certificate (asn1crypto) called `name`."""
        return self.arch.get_cert(CertLabel(name))

    @cached_property
    def roots(self) -> TrustStore:
        """The root alone: nothing is known about revocation."""
        return TrustStore.from_der([self.certificate("root").dump()])

    @cached_property
    def trust(self) -> TrustStore:
        """The root and the CRLs as they were at NOW."""
        return TrustStore.from_der([self.certificate("root").dump()], [self.crl("root"), self.crl("issuing")])

    def crl(self, name: str, at: datetime = NOW) -> bytes:
        """The list of the issuer `name` at a time, DER."""
        der: bytes = self.arch.service_registry.get_crl(ServiceLabel(name), at).dump()
        return der

    def ocsp(self, name: str, at: datetime = NOW) -> bytes:
        """What the responder says of the certificate `name` at a time, DER."""
        responder = self.arch.service_registry.summon_responder(ServiceLabel("issuing"), at)
        certificate = self.certificate(name)
        issuer = self.certificate("issuing")
        identity = {
            "hash_algorithm": {"algorithm": "sha1"},
            "issuer_name_hash": issuer.subject.sha1,
            "issuer_key_hash": issuer.public_key.sha1,
            "serial_number": certificate.serial_number,
        }
        request = asn1_ocsp.OCSPRequest({"tbs_request": {"request_list": [{"req_cert": identity}]}})
        der: bytes = responder.build_ocsp_response(request).dump()
        return der

    def signer(self, name: str = "signer") -> SimpleSigner:
        """A signer with the certificate of that name and those above it."""
        store = SimpleCertificateStore()
        store.register_multiple([self.certificate("withdrawn" if name == "below_withdrawn" else "issuing")])
        return SimpleSigner(self.certificate(name), self.private_key(name), store, embed_roots=False)

    def stamper(self, at: datetime = NOW) -> DummyTimeStamper:
        """Time stamps that state `at`."""
        store = SimpleCertificateStore()
        store.register_multiple([self.certificate("issuing")])
        return DummyTimeStamper(self.certificate("stamper"), self.private_key("stamper"), store, fixed_dt=at)

    def private_key(self, name: str) -> Any:
        """The key (asn1crypto, PKCS #8) of the certificate `name`."""
        return self.arch.key_set.get_private_key(KeyLabel(name))

    def sign(
        self, data: bytes, name: str = "signer", *, field: str = "Sig1", stamped: datetime | None = None, **more: Any
    ) -> bytes:
        """`data` signed by `name`. `stamped`: with a time stamp of then. `more`: for PdfSignatureMetadata."""
        box = more.pop("box", None)
        spec = more.pop("spec", SigFieldSpec(field, box=box))
        metadata = PdfSignatureMetadata(
            **{"field_name": field, "md_algorithm": "sha256", "subfilter": SigSeedSubFilter.PADES, **more}
        )
        signer = _Unscrupulous(
            metadata,
            signer=self.signer(name),
            timestamper=self.stamper(stamped) if stamped is not None else None,
            new_field_spec=spec,
        )
        signed: bytes = signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data), strict=False)).getvalue()
        return signed

    def signed_paper(self, name: str) -> bytes:
        """A small file signed by `name`; the same bytes each time."""
        if name not in self._signed:
            pdf = pikepdf.new()
            pdf.add_blank_page(page_size=(595, 842))
            target = io.BytesIO()
            pdf.save(target)
            self._signed[name] = self.sign(target.getvalue(), name)
        return self._signed[name]

    def stamp(self, data: bytes, at: datetime = NOW, field: str = "Stamp1") -> bytes:
        """`data` with a document time stamp."""
        writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
        stamped: bytes = (
            PdfTimeStamper(self.stamper(at), field_name=field)
            .timestamp_pdf(writer, "sha256", validation_context=self._context())
            .getvalue()
        )
        return stamped

    def with_store(self, data: bytes, names: Sequence[str] = ("root", "issuing")) -> bytes:
        """`data` with a security store (PAdES /DSS) that holds the CRLs of the authorities `names`."""
        target = io.BytesIO(data)
        lists = [self.arch.service_registry.get_crl(ServiceLabel(name), NOW) for name in names]
        certificates = [self.certificate(name) for name in ("issuing", "root")]
        DocumentSecurityStore.add_dss(target, sig_contents=None, certs=certificates, crls=lists)
        return target.getvalue()

    def _context(self) -> ValidationContext:
        return ValidationContext(trust_roots=[self.certificate("root")], allow_fetching=False, moment=NOW)


def _key(name: str) -> bytes:
    bits = _RSA.get(name)
    key = rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
