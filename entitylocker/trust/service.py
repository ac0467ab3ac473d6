"""The use cases of trust, by subject."""

from entitylocker.trust.installation import (
    add_to_installation,
    import_to_installation,
    list_installation,
    look_for_installation,
    remove_from_installation,
    restore_to_installation,
)
from entitylocker.trust.own import add_certificates, list_trust, look, remove_certificate, restore_certificate
from entitylocker.trust.policy import policy_of, set_policy
from entitylocker.trust.store import base_trust, installation_trust, known_answers, outward_trust_for, trust_for

__all__ = [
    "add_certificates",
    "add_to_installation",
    "base_trust",
    "import_to_installation",
    "installation_trust",
    "known_answers",
    "list_installation",
    "list_trust",
    "look",
    "look_for_installation",
    "outward_trust_for",
    "policy_of",
    "remove_certificate",
    "remove_from_installation",
    "restore_certificate",
    "restore_to_installation",
    "set_policy",
    "trust_for",
]
