"""Repairs of asn1crypto that Indian certificates need, and silence for libraries that log hostile files."""

from __future__ import annotations

import logging

from asn1crypto import core, x509

_NOISY = ("pyhanko", "pyhanko_certvalidator", "asn1crypto", "pikepdf", "fontTools")


def apply() -> None:
    """Apply all of it; any number of times.

    Names of C-DAC and other Indian authorities carry OID 2.5.4.45 (x500UniqueIdentifier) as a
    PrintableString, where asn1crypto expects a bit string and raises:
    https://github.com/wbond/asn1crypto/issues/228.
    """
    x509.NameTypeAndValue._oid_specs["unique_identifier"] = core.Any
    for name in _NOISY:
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
