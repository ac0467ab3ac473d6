"""The authorization server: pushed requests, the consent page, codes and tokens (FAPI 2.0, RFC 9126, RFC 9396)."""
