"""The use cases of the authorization server, by subject: answering requests, the endpoints for portals, tokens."""

from entitylocker.oauth.answering import Question, allow_request, decline_request, deny_request, get_question
from entitylocker.oauth.bearing import load_token
from entitylocker.oauth.server import answer_push, answer_revoke, answer_token

__all__ = [
    "Question",
    "allow_request",
    "answer_push",
    "answer_revoke",
    "answer_token",
    "decline_request",
    "deny_request",
    "get_question",
    "load_token",
]
