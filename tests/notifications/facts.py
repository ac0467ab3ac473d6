"""Sample facts for every mail there is. A template without a line here fails the test."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from entitylocker.accounts.notices import KINDS
from entitylocker.identifiers import IdentifierKind

AT = datetime(2026, 11, 23, 8, 42, tzinfo=UTC)
DAY = date(2027, 3, 31)
ORGANISATION = "Sahyadri Agro Exports Private Limited"
_IDENTIFIER = {
    "name": "Meera Joshi", "organisation": ORGANISATION, "kind": IdentifierKind.PAN, "value": "AAPCS1234K",
    "note": None, "path": "/organisations/1/details",
}  # fmt: skip
_LENT = {"name": "Meera Joshi", "organisation": ORGANISATION, "path": "/account/lending"}
_FACTS = {
    "at": AT, "browser": "Firefox, Linux", "address": "203.0.113.9", "organisation": ORGANISATION,
    "role": "administrator", "by": "Rohan Kulkarni", "name": "Phone of Meera", "who": "Asha Rao", "count": 2,
    "until": AT, "newer": "Entra 2027", "used_at": AT, "first_day": DAY, "last_day": DAY,
}  # fmt: skip

# Template → one dict of facts or several. `path` becomes `link` on this site, `paths` become `places`.
SAMPLES: dict[str, list[dict[str, Any]]] = {
    "confirm_address": [{"path": "/sign-up/confirm/TOKEN", "days": 2}],
    "known_address": [{"path": "/sign-in"}],
    "invitation": [
        {
            "organisation": ORGANISATION, "invited_by": "Meera Joshi", "role": "records_officer", "expires_at": AT,
            "path": "/invitations/TOKEN", "email": "guest@example.in", "asleep": asleep,
        }
        for asleep in (False, True)
    ],
    "identifier_verified": [_IDENTIFIER],
    "identifier_refused": [_IDENTIFIER, {**_IDENTIFIER, "note": "The letter cannot be read."}],
    "verdicts_changed": [
        {
            "organisation": ORGANISATION, "count": 22, "more": 20, "path": "/organisations/1/documents?changed=1",
            "changes": [
                {"title": "Lease", "outward": False, "before": "valid", "after": "revoked"},
                {"title": "PAN card", "outward": True, "before": "valid", "after": "signer_not_confirmed"},
            ],
        }
    ],
    "agent_named": [
        {
            "name": "Meera Joshi", "named_by": "Rohan Kulkarni", "agency": "Deccan Systems LLP",
            "department": "Public Works Department", "role": "records_officer", "starts_on": DAY, "ends_on": DAY,
            "path": "/organisations",
        }
    ],
    "authorisation_proposed": [
        {
            "agency": "Deccan Systems LLP", "department": "Public Works Department", "role": "reader",
            "starts_on": DAY, "ends_on": DAY, "path": "/organisations/1/agencies/2",
        }
    ],
    "branch_given": [
        {
            "name": "Meera Joshi", "given_by": "Rohan Kulkarni", "organisation": ORGANISATION, "unit": "Pune office",
            "starts_on": DAY, "ends_on": ends_on, "reason": "Order 17 of the secretary", "path": "/organisations",
        }
        for ends_on in (DAY, None)
    ],
    "unit_asked": [
        {
            "parent": "Public Works Department", "child": "Pune office", "asked_by": "Rohan Kulkarni", "note": note,
            "path": "/organisations/1/units",
        }
        for note in ("Order 17", "")
    ],
    "between": [
        {
            "what": what, "here": "Pune office", "by": "Public Works Department", "who": "Rohan Kulkarni",
            "closed": False, "operator": False, "reason": "", "path": "/organisations/1/units", **more,
        }
        for what, more in (
            ("unit:join", {}), ("unit:leave", {"joined": True}), ("unit:leave", {"joined": False, "closed": True}),
            *(("unit:above", {"parent": "State", "middle": "Department", "joined": joined, "opened": opened})
              for joined, opened in ((True, True), (True, False), (False, False))),
            ("unit:agree", {}), ("unit:vouch", {"value": "PWD-MH-01"}),
            *(("unit:withdraw_vouching", {"parent": "State", "unit": "Roads", **ended})
              for ended in ({"vouched": True}, {"vouched": False}, {"operator": True, "reason": "Wrong letter"})),
            ("branch:give", {"member": "Meera Rao", "reason": "Order 17"}),
            ("branch:revoke", {"unit": "Roads", "closed": True}),
            *((what, {"agency": "Deccan Systems LLP", "department": "Public Works Department", "closed": closed})
              for what, closed in (("authorisation:confirm", False), ("authorisation:end", True))),
            ("agent:name", {"member": "Meera Rao"}), ("agent:end", {"member": "Meera Rao"}),
            ("invitation:issue", {"email": "head@example.in", "unit": "Roads"}),
        )
    ],
    "lent": [{**_LENT, "titles": ["Class X mark sheet", "Caste certificate"], "purpose": "Appointment",
              "ends_on": DAY}],
    "lent_opened": [{**_LENT, "title": "Class X mark sheet", "reader": "Rohan Kulkarni"}],
    "lending_ends": [{**_LENT, "title": "Class X mark sheet", "ends_on": DAY}],
    "lending_ended": [
        {**_LENT, "title": "Class X mark sheet", "because": because, "copied": because == "time"}
        for because in ("withdrawn", "time", "unlinked", "membership")
    ],
    "second_factor_required": [{"organisation": ORGANISATION, "by": "Rohan Kulkarni", "path": "/account/security"}],
    "signatory_changed": [
        {
            "organisation": ORGANISATION, "person": "Asha Rao", "by": "Rohan Kulkarni", "began": began,
            "path": "/organisations/1/details",
        }
        for began in (True, False)
    ],
    "name_change": [
        {
            "name": "Meera Joshi", "before": ORGANISATION, "after": "Sahyadri Foods Limited", "confirmed": confirmed,
            "note": note, "path": "/organisations/1/details",
        }
        for confirmed, note in ((True, ""), (False, "No certificate of the new name"))
    ],
    "life": [
        {
            "organisation": ORGANISATION, "what": f"organisation:{what}", "who": "Rohan Kulkarni", "reason": reason,
            "undo_days": 30, "path": "/organisations/1/life",
        }
        for what in ("suspend", "lift", "close", "reopen")
        for reason in ("Audit finding 3", "")
    ],
    "identifier_ended": [
        {**_IDENTIFIER, "what": what, "valid_until": DAY} for what in ("expired", "ended", "kept")
    ],
    "proposal": [
        {
            "organisation": ORGANISATION, "what": what, "kind": kind, "outcome": "carried_out", "about_you": about_you,
            "concerned": "Asha Rao", "proposed_by": "Rohan Kulkarni", "role": "reader", "email": "asha@example.in",
            "reason": "Lost the phone", "until": AT, "path": "/organisations/1/proposals",
            "left": [{"kind": "Role given", "name": "Imran Shaikh", "role": "administrator"},
                     {"kind": "Own sign-in", "name": "Head office", "role": None}] if what == "ended" else [],
            "paths": ["/organisations/1/delegations", "/organisations/1/directory"] if what == "ended" else [],
        }
        for what in ("made", "waiting", "ended")
        for kind in ("remove", "demote", "replace", "lift", "close")
        for about_you in (True, False)
    ],
    "password_reset": [{"path": "/forgotten/TOKEN", "minutes": 30}],
    "no_account": [{"path": "/sign-up", "minutes": 30}],
    "confirm_new_address": [{"path": "/account/email/confirm/TOKEN", "hours": 24}],
    "address_in_use": [{"path": "/sign-in"}],
    "address_changed": [
        {"person": "Meera Joshi", "new_email": "meera@example.org", "path": "/account/email/undo/TOKEN", "days": 7}
    ],
    "notice": [
        {"kind": kind, "told": told, "person": "Meera Joshi", "path": "/account", "facts": _FACTS, "organisation": None}
        for kind, told in KINDS.items()
    ] + [
        {
            "kind": "strong_role_given", "told": KINDS["strong_role_given"], "person": "Meera Joshi",
            "path": "/organisations/1/delegations", "facts": {**_FACTS, "last_day": None}, "organisation": None,
        }
    ],
}  # fmt: skip
