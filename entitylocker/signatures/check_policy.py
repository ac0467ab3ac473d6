"""How strictly revocation is asked for."""

POLICY_VERSION = "2"
POLICIES = ("if-known", "require")
