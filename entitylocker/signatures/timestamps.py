"""Time stamps (RFC 3161): when something surely existed, by the word of an authority that is trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import core, tsp
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, message_imprint_checker
from pyhanko.sign.validation.settings import KeyUsageConstraints

from entitylocker.signatures.chain import Case, Chain, lead_back
from entitylocker.signatures.material import Material

_TIME_STAMPING = KeyUsageConstraints(key_usage=set(), extd_key_usage={"time_stamping"})


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp: the time it states, whether it is about these very bytes, and whether to believe it."""

    time: datetime
    intact: bool
    chain: Chain

    @property
    def proves(self) -> datetime | None:
        """The proven time, or None."""
        good = self.intact and self.chain.trusted and not (self.chain.weak or self.chain.at_claimed_time)
        return self.time if good else None


async def read_stamp(
    signed_data: Any,
    imprint: Callable[[str], bytes],
    material: Material,
    at: datetime,
    proven_at: datetime | None,
) -> Stamp:
    """Check one time stamp token against `imprint`. `proven_at`: when a later stamp proves this one existed.

    Raises whatever the libraries raise on malformed input.
    """
    content = signed_data["encap_content_info"]["content"]
    info = content.parsed if isinstance(content, core.ParsableOctetString) else None
    if not isinstance(info, tsp.TSTInfo):
        raise ValueError("not a time stamp")
    expected = info["message_imprint"]
    chain = await lead_back(Case(signed_data, None, material, at=at, proven_at=proven_at, key_usage=_TIME_STAMPING))
    same = imprint(expected["hash_algorithm"]["algorithm"].native) == expected["hashed_message"].native
    return Stamp(info["gen_time"].native, intact=same and chain.intact, chain=chain)


async def signature_stamps(
    signer_info: Any, material: Material, at: datetime, proven_at: datetime | None
) -> list[Stamp]:
    """The time stamps a signature carries about itself, each checked."""
    return [
        await read_stamp(token, message_imprint_checker(signer_info), material, at, proven_at)
        for token in extract_tst_data_iter(signer_info, signed=False)
    ]
