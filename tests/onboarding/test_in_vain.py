"""Officers whose invitation could never be accepted are told apart before a mail goes out."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from entitylocker.access import Role
from entitylocker.onboarding import service
from entitylocker.onboarding.models import RowState
from entitylocker.units.service import revoke_branch
from tests.factories import Member, Organisations
from tests.units.world import give_branch, open_unit


def test_whoever_looks_after_a_unit_from_above_is_not_invited_into_it(
    parent: Member, organisations: Organisations, work: Callable[..., UUID]
) -> None:
    officer = organisations.add_member(Role.READER, parent.organisation_id)
    branch_id = give_branch(parent, officer, open_unit(parent, "Forests"))
    file = f"Department,Officer,Email,Role,Way\nForests,Asha Rao,{officer.email},records_officer,mail\n".encode()
    run_id = work(parent, file)
    with parent.app.test_request_context():
        run = service.get_run(parent.actor, run_id)
        assert run.counts == {RowState.FAILED: 1}
        [row] = run.rows
        assert "Take their branch back first" in row.problems[0].text
        revoke_branch(parent.actor, branch_id)
    with parent.app.test_request_context():
        assert service.get_run(parent.actor, work(parent, file)).counts == {RowState.DONE: 1}
