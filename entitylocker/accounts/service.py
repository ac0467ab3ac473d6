"""The use cases of accounts, by subject: signing, sessions, people, operators."""

from entitylocker.accounts.operators import AddedOperator, add_operator, end_operator, find_operator
from entitylocker.accounts.people import add_person, set_language
from entitylocker.accounts.sessions import (
    SessionPerson,
    SessionView,
    Visit,
    end_other_sessions,
    end_session,
    list_sessions,
    load_session,
)
from entitylocker.accounts.signing import confirm_sign_up, get_sign_up_email, open_for, sign_in, sign_out, sign_up

__all__ = [
    "AddedOperator",
    "SessionPerson",
    "SessionView",
    "Visit",
    "add_operator",
    "add_person",
    "confirm_sign_up",
    "end_operator",
    "end_other_sessions",
    "end_session",
    "find_operator",
    "get_sign_up_email",
    "list_sessions",
    "load_session",
    "open_for",
    "set_language",
    "sign_in",
    "sign_out",
    "sign_up",
]
