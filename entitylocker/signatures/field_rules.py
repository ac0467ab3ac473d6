"""What a signature field itself demands: which fields are locked by signing it, and how it may be signed."""

from __future__ import annotations

from pyhanko.sign.fields import FieldMDPSpec, SigCertConstraintFlags
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, report_seed_value_validation

_TIME_STAMP = "signature_time_stamp_token"


class FieldSignature(EmbeddedPdfSignature):
    """pyHanko's signature, for which the lock of its field (ISO 32000-2, table 236) counts as FieldMDP, too.

    A signer should repeat the lock in the signature; not all do. An own FieldMDP goes first.
    """

    @property
    def fieldmdp(self) -> FieldMDPSpec | None:
        """Which fields must not change after this signature."""
        own = super().fieldmdp
        if own is not None or "/Lock" not in self.sig_field:
            return own
        locked: FieldMDPSpec = FieldMDPSpec.from_pdf_object(self.sig_field["/Lock"])
        return locked


def keeps_seed_values(signature: EmbeddedPdfSignature) -> bool | None:
    """Whether the signature is as its field demands (seed values: ISO 32000-2, table 237).

    None: it demands nothing, or something that cannot be judged from the file alone.
    """
    try:
        spec = signature.seed_value_spec
        if spec is None or (spec.cert is not None and spec.cert.flags & SigCertConstraintFlags.ISSUER):
            return None
        stamped = any(one["type"].native == _TIME_STAMP for one in signature.signer_info["unsigned_attrs"])
        kept = report_seed_value_validation(signature, None, stamped)  # type: ignore[arg-type]
    except (NotImplementedError, ValueError, TypeError, KeyError):
        return None
    return kept["seed_value_constraint_error"] is None
