"""Whether somebody could give consent at all, before anything was chosen."""

from __future__ import annotations

from entitylocker.access import Actor, Facts, Permission, Reason, decide
from entitylocker.access.decision import Denied


def widest_facts(actor: Actor, permission: Permission) -> Facts:
    """The actor's own scope in which `permission` holds, or the whole organisation if there is none."""
    for grant in actor.grants:
        facts = Facts(actor.organisation_id, folder_path=grant.folder_path)
        if decide(actor, permission, facts):
            return facts
    return actor.facts


def obstacle(actor: Actor) -> Reason | None:
    """Why the actor can give no consent, whatever is chosen; None if that depends on the choice."""
    outcome = decide(actor, Permission.CONSENT_GIVE, widest_facts(actor, Permission.CONSENT_GIVE))
    if not isinstance(outcome, Denied):
        return None
    # Not verified is said only to whoever could consent otherwise; for the others it would not be the reason.
    return outcome.reason
