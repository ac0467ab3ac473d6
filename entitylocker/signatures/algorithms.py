"""Until when digests and keys were good enough: an old signature stands if a time stamp proves it is that old.

Sources: ETSI TS 119 312 (cryptographic suites) and its predecessor TS 102 176-1; for India the Controller of
Certifying Authorities, notice of 18 March 2011 on the Interoperability Guidelines 2.1: from 1 January 2012 only
SHA-256 and RSA of 2048 bits, what was issued before for one more year.
"""

from __future__ import annotations

from datetime import UTC, datetime

from asn1crypto import algos, keys
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint, AlgorithmUsagePolicy

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_COLLISIONS_OF_MD5 = datetime(2004, 8, 17, tzinfo=UTC)  # shown by Wang and others at CRYPTO 2004
_END_OF_SHA1 = datetime(2013, 1, 1, tzinfo=UTC)
_END_OF_1536_BITS = datetime(2017, 1, 1, tzinfo=UTC)

_DIGESTS = {"md2": _NEVER, "md5": _COLLISIONS_OF_MD5, "sha1": _END_OF_SHA1}
# Fewer bits than the first number: good enough until then. The first row that fits counts.
_FACTORING = ((1024, _NEVER), (1536, _END_OF_SHA1), (2048, _END_OF_1536_BITS))
_CURVES = ((160, _NEVER), (224, _END_OF_SHA1), (256, _END_OF_1536_BITS))
_KEYS = {"rsa": _FACTORING, "rsassa_pss": _FACTORING, "dsa": _FACTORING, "ec": _CURVES}


def end_of_digest(name: str) -> datetime | None:
    """Until when the digest called `name` (as asn1crypto spells it) was good enough; None: it still is."""
    return _DIGESTS.get(name)


def was_good_enough(digest: str, proven_at: datetime | None) -> bool:
    """Whether `digest` was good enough at the time by which its use is proven; without proof, whether it still is."""
    end = end_of_digest(digest)
    return end is None or (proven_at is not None and proven_at < end)


def end_of_key(kind: str, bits: int) -> datetime | None:
    """Until when a key of `kind` with so many `bits` was good enough; None: it still is."""
    return next((end for fewer, end in _KEYS.get(kind, ()) if bits < fewer), None)


class DatedAlgorithms(AlgorithmUsagePolicy):
    """Allows what was good enough at `as_of`: the time by which a signature surely existed, else that of the check.

    The moment the validator passes along is not used: it may be one that a signer merely claims.
    """

    def __init__(self, as_of: datetime) -> None:
        self._as_of = as_of

    def digest_algorithm_allowed(
        self, algo: algos.DigestAlgorithm, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        """See AlgorithmUsagePolicy."""
        return self._judge(end_of_digest(algo["algorithm"].native))

    def signature_algorithm_allowed(
        self, algo: algos.SignedDigestAlgorithm, moment: datetime | None, public_key: keys.PublicKeyInfo | None
    ) -> AlgorithmUsageConstraint:
        """See AlgorithmUsagePolicy: both the digest in the mechanism and the key must have been good enough."""
        ends = [end_of_digest(_digest_of(algo))]
        if public_key is not None and public_key.algorithm in _KEYS:
            ends.append(end_of_key(public_key.algorithm, public_key.bit_size))
        return self._judge(min((end for end in ends if end is not None), default=None))

    def _judge(self, end: datetime | None) -> AlgorithmUsageConstraint:
        allowed = end is None or self._as_of < end
        return AlgorithmUsageConstraint(allowed, not_allowed_after=None if allowed else end)


def _digest_of(algo: algos.SignedDigestAlgorithm) -> str:
    try:
        return str(algo.hash_algo)
    except ValueError:
        return ""  # named elsewhere, or fixed by the mechanism, as with Ed25519
