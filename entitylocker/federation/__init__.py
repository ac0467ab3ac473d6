"""An organisation's own directory and sign-in: members and groups over SCIM 2.0, people over OpenID Connect."""
