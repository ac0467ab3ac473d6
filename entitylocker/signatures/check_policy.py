"""How strictly revocation is asked for."""

POLICY_VERSION = "1"
POLICIES = ("if-known", "require")
