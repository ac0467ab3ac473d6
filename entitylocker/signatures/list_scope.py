"""Which certificates a CRL is about: only if it would name one is its silence an answer (RFC 5280, 6.3.3)."""

from __future__ import annotations

from cryptography import x509

_KNOWN = (
    x509.IssuingDistributionPoint,
    x509.AuthorityKeyIdentifier,
    x509.CRLNumber,
    x509.FreshestCRL,
)


def is_indirect(crl: x509.CertificateRevocationList) -> bool:
    """Whether it may be about certificates of other issuers (5.2.5). One whose scope cannot be read may be, too."""
    try:
        scope = _scope(crl)
    except ValueError:
        return True
    return scope is not None and scope.indirect_crl


def is_complete_for(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Whether it would name `certificate`, of the same issuer, if that were revoked, for whatever reason.

    Not if it holds only what is new (5.2.4), only some reasons or kinds of certificates, or what belongs to a
    distribution point that `certificate` does not name; nor if it has a critical extension that is not known here.
    """
    try:
        if any(one.critical and not isinstance(one.value, _KNOWN) for one in crl.extensions):
            return False
        scope = _scope(crl)
        delta = any(isinstance(one.value, x509.DeltaCRLIndicator) for one in crl.extensions)
        return not delta and (scope is None or _covers(scope, certificate))
    except ValueError:
        return False


def _scope(crl: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    try:
        return crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return None


def _covers(scope: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    if scope.only_some_reasons or scope.only_contains_attribute_certs or scope.relative_name:
        return False
    authority = _is_authority(certificate)
    if (scope.only_contains_user_certs and authority) or (scope.only_contains_ca_certs and not authority):
        return False
    return scope.full_name is None or bool(_points(certificate) & set(scope.full_name))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _points(certificate: x509.Certificate) -> set[x509.GeneralName]:
    """What the certificate calls the lists it may be on. A list for some reasons only is not meant here."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return set()
    return {name for point in points if not point.reasons for name in point.full_name or ()}
