"""The abuse cases that other houses suffered: each has at least one test of its number."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
_NAMED = re.compile(r"^def test_attack_(\d\d)_\w+", re.MULTILINE)

# PyPI's audit of 2026 (1 to 14), Vaultwarden (15 to 17), Keycloak (18 to 20), Nextcloud (21, 22).
CASES = {
    1: "what was used once is forgotten before it is void",
    2: "of two that use it at once both get in",
    3: "a badge that was not earned",
    4: "what ends leaves no event",
    5: "a reset tells of what kind an account is",
    6: "a ban is gone round by another way in",
    7: "who may read may write",
    8: "a member invites owners",
    9: "another spelling of a code is another code",
    10: "what is said about a thing is not held against the thing",
    11: "somebody else's thing ended by its id",
    12: "the issuer is no part of the key",
    13: "grants survive removal",
    14: "a change of role leaves no event",
    15: "who manages a part changes another",
    16: "a partial update answers with another's thing",
    17: "somebody invited acts before they accept",
    18: "what was revoked works after a restart",
    19: "a link is not bound to the account that began it",
    20: "of two limits only one is looked at",
    21: "a removed member keeps a share",
    22: "a public link is made for somebody from outside",
}


def test_every_case_has_its_test() -> None:
    named = {int(n) for path in TESTS.glob("*/test_*.py") for n in _NAMED.findall(path.read_text("utf-8"))}
    missing = {number: CASES[number] for number in CASES.keys() - named}
    assert not missing, f"no test_attack_NN_… for {missing}"
    assert named == CASES.keys(), "a number that is no case"
