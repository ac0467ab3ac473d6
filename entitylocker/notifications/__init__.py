"""Telling people: mail, kept in an outbox until it is sent."""
