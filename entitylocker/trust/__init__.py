"""Whose signatures are believed: certificates of authorities, for the installation and for one organisation."""
