"""The certificates of a signature, taken out of its CMS once, not for every question about its path."""

from __future__ import annotations

from typing import Any

from asn1crypto import cms
from pyhanko.sign.validation import generic_cms

_stock_extract = generic_cms.extract_certs_for_validation
_KEPT = "_extracted_certificates"


def extract_certs_for_validation(signed_data: cms.SignedData) -> Any:
    """For `generic_cms.extract_certs_for_validation`: the answer stays with the object that was asked about."""
    known = vars(signed_data)
    if _KEPT not in known:
        known[_KEPT] = _stock_extract(signed_data)
    return known[_KEPT]
