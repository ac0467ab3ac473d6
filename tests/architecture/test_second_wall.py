"""The second wall alone: with every WHERE forgotten, the database still shows nobody what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from uuid_utils.compat import uuid7

from entitylocker import tenancy
from entitylocker.access import Role
from entitylocker.accounts.factor_models import AuthenticatorApp, Passkey, RecoveryCode
from entitylocker.audit.models import OPERATOR_LOG
from entitylocker.config import Settings
from entitylocker.extensions import Base, db
from entitylocker.federation.models import FederatedIdentity, IdentityProvider
from entitylocker.tenancy import DatabaseRole, OneOrganisation, TableKind, Tenant
from entitylocker.trust import service as trust
from entitylocker.vault.models import Folder
from tests.architecture.matrix import House
from tests.citizen import rows as citizen_rows
from tests.factories import Member, Organisations
from tests.oauth.world import make_world
from tests.trust.authorities import make_authority
from tests.units.world import authorise, give_branch, join, name_agent

TABLES = {kind: [t for t in Base.metadata.tables.values() if t.info.get("kind") is kind] for kind in TableKind}
# How the table of organisations itself names its organisation.
COLUMN = {"organisations": "id"}


def _ids(tables: list[Any]) -> list[str]:
    return [table.name for table in tables]


@pytest.fixture(scope="module")
def houses(app: Flask, settings: Settings) -> tuple[House, House]:
    """Two organisations that both have documents, members, invitations, delegations and consents."""
    organisations = Organisations(app)
    found = []
    for _ in range(2):
        world = make_world(app, organisations, settings.base_url)
        world.tokens()
        with app.app_context():
            trust.add_certificates(world.giver.actor, [make_authority().der])
            trust.set_policy(world.giver.actor, claimed_time_suffices=True)
        organisations.add_member(Role.READER, world.giver.organisation_id)
        _between(world.giver, world.keeper)
        _of_citizens(app, organisations, world.giver)
        _of_persons(app, world.giver)
        found.append(House(world.giver, {"keeper": world.keeper.organisation_id}))
    return found[0], found[1]


def _between(parent: Member, child: Member) -> None:
    """The keeper is a unit of the giver and acts for it as an agency, too."""
    join(parent, child)
    give_branch(parent, parent, child.organisation_id)
    name_agent(child, authorise(parent, child, Role.READER), child)


def _of_citizens(app: Flask, organisations: Organisations, member: Member) -> None:
    """What the administrator proved, shows and lends."""
    membership_id = organisations.add_member(Role.READER, member.organisation_id).actor.membership_id
    assert membership_id is not None
    citizen_rows.put_link(app, member)
    citizen_rows.put_proof(app, member)
    citizen_rows.put_shown(app, member, member.organisation_id, membership_id)
    citizen_rows.put_lending(app, member, member.organisation_id, membership_id)


def _of_persons(app: Flask, member: Member) -> None:
    """With what the administrator signs in."""
    provider = IdentityProvider(
        id=uuid7(), organisation_id=member.organisation_id, name="Own", slug=f"way-{uuid7().hex[-12:]}", issuer="i",
        client_id="c", wrapped_key=b"", encrypted_secret=b"", set_up_by_name="Asha",
    )  # fmt: skip
    with app.app_context(), tenancy.transaction(Tenant(organisation_id=member.organisation_id)):
        db.session.add(provider)
    theirs: list[Any] = [
        Passkey(
            person_id=member.person_id, credential_id=uuid7().bytes, public_key=b"", sign_count=0, transports="",
            is_synced=False, is_backed_up=False, aaguid="", name="Key",
        ),
        AuthenticatorApp(person_id=member.person_id, wrapped_secret=b""),
        RecoveryCode(person_id=member.person_id, code_digest=uuid7().bytes),
        FederatedIdentity(
            person_id=member.person_id, provider_id=provider.id, organisation_id=member.organisation_id,
            organisation_name="Own", issuer="i", subject="s", called="",
        ),
    ]  # fmt: skip
    with app.app_context(), tenancy.transaction(Tenant(person_id=member.person_id)):
        db.session.add_all(theirs)


@pytest.fixture
def own(houses: tuple[House, House]) -> House:
    return houses[0]


@pytest.fixture
def other(houses: tuple[House, House]) -> House:
    return houses[1]


@pytest.fixture(autouse=True)
def context(app: Flask, houses: tuple[House, House]) -> Iterator[None]:
    with app.app_context():
        yield


def _everything(table: Any, tenant: Tenant, column: str) -> list[Any]:
    with tenancy.transaction(tenant):
        return list(db.session.execute(select(table.c[column])).scalars())


@pytest.mark.parametrize("table", TABLES[TableKind.OWN], ids=_ids(TABLES[TableKind.OWN]))
def test_a_tenant_reads_its_own_rows_whatever_the_query_forgets(table: Any, own: House, other: House) -> None:
    column = COLUMN.get(table.name, "organisation_id")
    for house in (own, other):
        seen = _everything(table, Tenant(organisation_id=house.organisation_id), column)
        assert set(seen) <= {house.organisation_id}


def test_the_tables_that_are_looked_at_are_not_empty(own: House) -> None:
    tenant = Tenant(organisation_id=own.organisation_id)
    for name in ("organisations", "memberships", "invitations", "folders", "documents", "versions", "events"):
        assert _everything(Base.metadata.tables[name], tenant, COLUMN.get(name, "organisation_id")), name
    for name in ("unit_links", "branch_administrations", "authorisations"):
        assert _everything(Base.metadata.tables[name], tenant, "organisation_id"), name
    keeper = Tenant(organisation_id=own.ids["keeper"])
    for name in ("authorisation_agents", "organisation_codes"):
        assert _everything(Base.metadata.tables[name], keeper, "organisation_id"), name
    for name in ("consents", "organisation_certificates", "trust_policies"):
        assert _everything(Base.metadata.tables[name], tenant, "organisation_id"), name


@pytest.mark.parametrize("table", TABLES[TableKind.TWO_PARTY], ids=_ids(TABLES[TableKind.TWO_PARTY]))
def test_two_parties_read_what_lies_between_them_and_nobody_else_does(table: Any, own: House, other: House) -> None:
    giver, keeper = own.organisation_id, own.ids["keeper"]
    assert set(_everything(table, Tenant(organisation_id=giver), "organisation_id")) == {giver}
    assert set(_everything(table, Tenant(organisation_id=keeper), "organisation_id")) == {giver}
    assert giver not in _everything(table, Tenant(organisation_id=other.organisation_id), "organisation_id")


@pytest.mark.parametrize("table", TABLES[TableKind.PERSON], ids=_ids(TABLES[TableKind.PERSON]))
def test_a_person_reads_their_own_rows(table: Any, own: House, other: House) -> None:
    column = "id" if table.name == "persons" else "person_id"
    for member in (own.administrator, other.administrator):
        assert set(_everything(table, Tenant(person_id=member.person_id), column)) == {member.person_id}
    assert _everything(table, Tenant(organisation_id=own.organisation_id), column) == []


PRIVATE = [*TABLES[TableKind.OWN], *TABLES[TableKind.TWO_PARTY], *TABLES[TableKind.PERSON]]


@pytest.mark.parametrize("table", PRIVATE, ids=_ids(PRIVATE))
def test_without_a_tenant_there_is_nothing(table: Any) -> None:
    with tenancy.transaction(Tenant()):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


DOORS = TABLES[TableKind.DOOR]


@pytest.mark.parametrize("table", DOORS, ids=_ids(DOORS))
def test_nobody_reads_behind_a_door(table: Any, own: House) -> None:
    for tenant in (Tenant(), Tenant(organisation_id=own.organisation_id), Tenant(DatabaseRole.OPERATOR)):
        _refused(f"SELECT count(*) FROM {table.name}", tenant)


def _refused(statement: str, tenant: Tenant, **values: Any) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|row-level security"), tenancy.transaction(tenant):
        db.session.execute(text(statement), values)


def test_a_row_for_somebody_else_is_not_taken(own: House, other: House) -> None:
    row = {"organisation_id": other.organisation_id, "name": "smuggled", "path": "/x/", "parent_id": None}
    with pytest.raises(ProgrammingError, match="row-level security"), _tenant(own):
        db.session.execute(insert(Folder).values(id=uuid7(), **row))


def test_a_row_cannot_be_given_away_and_those_of_others_cannot_be_changed(own: House, other: House) -> None:
    for table in ("folders", "documents", "memberships"):
        with pytest.raises(ProgrammingError, match=r"row-level security|permission denied"), _tenant(own):
            db.session.execute(text(f"UPDATE {table} SET organisation_id = :other"), {"other": other.organisation_id})
    for statement in (
        "UPDATE documents SET title = 'taken' WHERE organisation_id = :other",
        "UPDATE folders SET name = 'taken' WHERE organisation_id = :other",
        "DELETE FROM idempotency_keys WHERE organisation_id = :other",
    ):
        with _tenant(own):
            result: Any = db.session.execute(text(statement), {"other": other.organisation_id})
            assert result.rowcount == 0


def test_a_keeper_may_not_change_what_was_given_to_it(own: House) -> None:
    with tenancy.transaction(Tenant(organisation_id=own.ids["keeper"])):
        for statement in ("UPDATE consents SET revoked_at = NULL", "UPDATE consent_items SET fetches = 0"):
            result: Any = db.session.execute(text(statement))
            assert result.rowcount == 0
    for tenant in (Tenant(organisation_id=own.ids["keeper"]), Tenant(organisation_id=own.organisation_id)):
        _refused("UPDATE consents SET fetch_times = 9999", tenant)
        _refused("UPDATE consents SET ends_at = ends_at + interval '1 year'", tenant)


def test_neither_side_of_a_unit_or_an_agency_writes_the_others_part(own: House) -> None:
    parent, child = Tenant(organisation_id=own.organisation_id), Tenant(organisation_id=own.ids["keeper"])
    for tenant in (parent, child):
        _refused("UPDATE unit_links SET joined_at = now()", tenant)
        _refused("UPDATE authorisations SET accepted_at = now()", tenant)
        _refused("UPDATE authorisations SET ends_at = ends_at + interval '1 year'", tenant)
        _refused("UPDATE branch_administrations SET branch_organisation_id = organisation_id", tenant)
        _refused("UPDATE identifiers SET vouched_by_id = organisation_id", tenant)
        _refused("DELETE FROM authorisation_agents", tenant)
        _refused("SELECT * FROM lookup_sources(gen_random_uuid())", tenant)
    _refused("UPDATE organisations SET parent_id = NULL", child)
    with tenancy.transaction(child):
        result: Any = db.session.execute(text("UPDATE authorisations SET confirmed_at = NULL"))
        assert result.rowcount == 0
    with tenancy.transaction(Tenant(organisation_id=own.ids["keeper"])):
        assert db.session.scalar(text("SELECT count(*) FROM branch_administrations")) == 0


def test_nobody_writes_how_an_organisation_stands_or_what_it_is_called(own: House, other: House) -> None:
    mine = Tenant(organisation_id=own.organisation_id)
    for change in (
        "state = 'closed'", "name = 'Reserve Bank'", "kind = 'trust'", "suspended_by = NULL", "state_at = now()",
        "state_reason = ''", "state_by_name = 'me'", "created_at = now()", "id = gen_random_uuid()",
    ):  # fmt: skip
        _refused(f"UPDATE organisations SET {change}", mine)
    for change in ("name = 'Reserve Bank'", "kind = 'trust'", "parent_id = NULL"):
        _refused(f"UPDATE organisations SET {change}", Tenant(DatabaseRole.OPERATOR))
    fresh = uuid7()
    put = "INSERT INTO organisations (id, created_at, name, kind, state, state_reason, state_by_name) VALUES"
    for state in ("suspended", "closed"):
        _refused(f"{put} (:id, now(), 'x', 'trust', '{state}', '', '')", Tenant(organisation_id=fresh), id=fresh)


def _lead(house: House, wanted: str) -> bool | None:
    with _tenant(house):
        return db.session.scalar(text("SELECT claim_state(:wanted, 'why', 'who')"), {"wanted": wanted})


def _standing(house: House, state: str, **more: str | None) -> None:
    """Bring it there as the operator does, who alone may write it."""
    with tenancy.transaction(Tenant(DatabaseRole.OPERATOR)):
        values = {"state": state, "suspended_by": None, "state_at": func.now(), **more}
        table = Base.metadata.tables["organisations"]
        db.session.execute(table.update().where(table.c.id == house.organisation_id).values(**values))


def test_an_organisation_leads_itself_only_along_the_ways_that_there_are(own: House, other: House) -> None:
    try:
        for wanted in ("closed", "draft", "active", "elsewhere"):
            assert _lead(own, wanted) is False, f"active to {wanted}, without a vote"
        _standing(own, "suspended", suspended_by="operator")
        for wanted in ("active", "closed", "draft", "suspended"):
            assert _lead(own, wanted) is False, f"the operator suspended it, and it goes to {wanted}"
        _standing(own, "suspended", suspended_by="organisation")
        assert _lead(own, "active") is False, "nobody voted to lift it"
        _standing(own, "draft")
        assert _lead(own, "closed") is False, "somebody is in it"
        assert _lead(own, "active") is True
        _standing(own, "closed")
        assert _lead(own, "suspended") is False
        assert _lead(own, "active") is True, "within thirty days it comes back"
        assert _lead(own, "suspended") is True, "to stop is always possible"
        assert set(_everything(Base.metadata.tables["organisations"], _here(other), "state")) == {"active"}
    finally:
        _standing(own, "active")


def _here(house: House) -> Tenant:
    return Tenant(organisation_id=house.organisation_id)


def test_a_verified_name_and_the_key_of_another_are_out_of_reach(own: House, other: House) -> None:
    with _tenant(own):
        assert db.session.scalar(text("SELECT claim_own_name('Reserve Bank')")) is False, "it is verified under its own"
    with pytest.raises(ProgrammingError, match="does not exist"), _tenant(own):
        db.session.execute(text("SELECT claim_back_organisation_key(:other)"), {"other": other.organisation_id})
    _standing(other, "closed", state_at=text("now() - interval '31 days'"))  # type: ignore[arg-type]
    try:
        with _tenant(own):
            assert db.session.execute(text("SELECT * FROM claim_back_organisation_key()")).all() == []
        keys = _everything(Base.metadata.tables["organisation_keys"], _here(other), "organisation_id")
        assert keys == [other.organisation_id]
    finally:
        _standing(other, "active")


def test_a_keeper_ends_its_own_portals_and_decides_nothing_else_about_them(own: House) -> None:
    keeper = Tenant(organisation_id=own.ids["keeper"])
    for change in ("state = 'approved'", "reason = ''", "jwks = '{}'", "organisation_name = 'Reserve Bank'"):
        _refused(f"UPDATE portals SET {change}", keeper)
    with _tenant(own):
        assert db.session.execute(text("SELECT * FROM claim_portals_end('who')")).all() == [], "it keeps none"
    with tenancy.transaction(keeper):
        assert set(db.session.scalars(text("SELECT state FROM portals"))) == {"approved"}


def test_only_the_operator_says_whom_everybody_trusts_and_what_a_certificate_is_never_changes(own: House) -> None:
    mine = Tenant(organisation_id=own.organisation_id)
    operator, worker = Tenant(DatabaseRole.OPERATOR), Tenant(DatabaseRole.WORKER)
    for tenant in (mine, worker):
        _refused("UPDATE trust_certificates SET removed_at = now()", tenant)
        _refused("INSERT INTO trust_certificates SELECT * FROM trust_certificates", tenant)
        _refused("DELETE FROM trust_crls", tenant)
    _refused("UPDATE trust_certificates SET der = ''", operator)
    _refused("DELETE FROM trust_certificates", operator)
    _refused("UPDATE organisation_certificates SET is_root = true", mine)
    _refused("DELETE FROM organisation_certificates", mine)


def test_only_the_worker_keeps_answers_about_revocation_and_it_wants_none_itself(own: House) -> None:
    mine = Tenant(organisation_id=own.organisation_id)
    for tenant in (mine, Tenant(DatabaseRole.OPERATOR)):
        _refused("UPDATE revocation_answers SET body = ''", tenant)
        _refused("DELETE FROM revocation_answers", tenant)
        _refused("INSERT INTO revocation_answers SELECT * FROM revocation_answers", tenant)
    _refused("UPDATE revocation_wants SET url = ''", mine)
    _refused("UPDATE revocation_wants SET served_at = now()", Tenant(DatabaseRole.WORKER))
    _refused("UPDATE versions SET recheck_at = now()", Tenant(DatabaseRole.WORKER))


def test_events_are_neither_changed_nor_removed_by_anybody(own: House) -> None:
    for role in DatabaseRole:
        tenant = Tenant(role, organisation_id=own.organisation_id)
        _refused("UPDATE events SET tag = 'x'", tenant)
        _refused("DELETE FROM events", tenant)
        _refused("TRUNCATE events", tenant)


@pytest.mark.parametrize(
    "table",
    ["documents", "versions", "folders", "consents", "consent_items", "organisation_keys", "memberships", "sessions",
     "persons", "tokens", "authorization_codes", "invitations", "delegations", "idempotency_keys",
     "organisation_certificates", "unit_links", "branch_administrations", "authorisations", "authorisation_agents",
     "organisation_codes", "trust_policies", "revocation_wants", "citizen_links",
     "citizen_proofs", "shown_proofs", "lendings", "lending_reads", "citizen_states", "ekyc_uses"],
)  # fmt: skip
def test_the_operator_reads_nothing_of_what_organisations_and_people_keep(table: str, own: House) -> None:
    for tenant in (Tenant(DatabaseRole.OPERATOR), Tenant(DatabaseRole.OPERATOR, own.organisation_id)):
        _refused(f"SELECT count(*) FROM {table}", tenant)


def test_the_operator_reads_the_log_of_the_installation_and_no_other_trail(own: House) -> None:
    with tenancy.transaction(Tenant(DatabaseRole.OPERATOR, own.organisation_id)):
        places = set(db.session.scalars(text("SELECT DISTINCT organisation_id FROM events")))
    assert places <= {OPERATOR_LOG}


WORKER_SEES = {
    "versions": {"organisation_id", "id", "verdict", "created_at", "recheck_at"},
    # It destroys the keys of organisations that were closed long ago.
    "organisations": {"id", "state", "state_at"},
    # It ends what has expired, and goes on with files of departments and officers.
    "identifiers": {"organisation_id", "state", "valid_until", "id", "letter_object"},
    # It removes order letters from the store that no row names.
    "name_changes": {"id", "letter_object"},
    "authorisations": {"id", "letter_object"},
    # It fetches what is wanted, once for everybody.
    "revocation_answers": None,
    "revocation_wants": {
        "organisation_id",
        "subject_id",
        "key",
        "kind",
        "url",
        "request",
        "asked_again_at",
        "once",
        "served_at",
    },
    # It ends lendings whose day is over, and gives tokens of ended links back.
    "lendings": {"organisation_id", "id", "ends_at", "ended_at", "reminded_at"},
    "citizen_revocations": None,
    "document_types": None,
    "trust_certificates": None,
    "trust_crls": None,
    "outbox_messages": None,
    "text_messages": None,
    "onboarding_runs": {"organisation_id", "id", "state", "worked_until"},
    # It puts in anew the telling of news whose job was lost.
    "tellings": {"id", "told_id", "created_at"},
    # It has providers asked what they say of themselves.
    "identity_providers": {"organisation_id", "id", "ended_at", "asked_at"},
    # It has administrators told of tokens that end soon.
    "directory_tokens": {"organisation_id", "id", "issued_by_id", "expires_at", "revoked_at", "reminded_at"},
}


@pytest.mark.parametrize("table", sorted(Base.metadata.tables), ids=str)
def test_the_worker_sees_the_listed_columns_and_no_others(table: str, own: House) -> None:
    seen = WORKER_SEES.get(table, set())
    columns = {column.name for column in Base.metadata.tables[table].columns}
    for column in columns - (columns if seen is None else seen):
        _refused(f"SELECT {column} FROM {table}", Tenant(DatabaseRole.WORKER, own.organisation_id))
    if seen:
        with tenancy.transaction(Tenant(DatabaseRole.WORKER)):
            db.session.execute(text(f"SELECT {', '.join(sorted(seen))} FROM {table}"))


def _tenant(house: House) -> Any:
    return tenancy.transaction(Tenant(organisation_id=house.organisation_id))


def test_a_transaction_is_for_one_organisation_to_its_end(own: House, other: House) -> None:
    with _tenant(own):
        for tenant in (Tenant(organisation_id=other.organisation_id), Tenant(DatabaseRole.OPERATOR), Tenant()):
            with pytest.raises(OneOrganisation), tenancy.transaction(tenant):
                raise AssertionError("another tenant in the same transaction")
        assert _current() == own.organisation_id
        with tenancy.transaction(Tenant(organisation_id=own.organisation_id)):
            assert _current() == own.organisation_id


def test_savepoints_keep_the_tenant(own: House) -> None:
    with _tenant(own):
        with db.session.begin_nested():
            assert _current() == own.organisation_id
        with pytest.raises(DBAPIError), db.session.begin_nested():
            db.session.execute(text("SELECT 1 / 0"))
        assert _current() == own.organisation_id
        assert set(db.session.scalars(select(Folder.organisation_id))) == {own.organisation_id}


def test_nothing_of_a_tenant_stays_on_the_connection(own: House) -> None:
    with _tenant(own):
        assert _current() == own.organisation_id
    for _ in range(20):
        with tenancy.transaction(Tenant()):
            assert _current() is None


def test_a_transaction_that_broke_leaves_no_tenant_behind(own: House, other: House) -> None:
    with pytest.raises(ZeroDivisionError), _tenant(own):
        db.session.execute(text("SELECT 1"))
        raise ZeroDivisionError
    tenant = Tenant(organisation_id=other.organisation_id)
    assert set(_everything(Folder.__table__, tenant, "organisation_id")) == {other.organisation_id}


def test_no_other_role_is_taken_on(own: House) -> None:
    for role in DatabaseRole:
        for other in ("el_owner", "el_lookup", "el_operator", "el_worker", "el_app"):
            if other != f"el_{role.value}":
                _refused(f"SET LOCAL ROLE {other}", Tenant(role, own.organisation_id))


def test_the_wall_cannot_be_switched_off_from_inside(own: House) -> None:
    with pytest.raises(ProgrammingError, match=r"row-level security|row security"), _tenant(own):
        db.session.execute(text("SET LOCAL row_security = off"))
        db.session.execute(text("SELECT count(*) FROM documents"))
    _owner_only = "ALTER TABLE documents NO FORCE ROW LEVEL SECURITY"
    with pytest.raises(ProgrammingError, match="must be owner"), _tenant(own):
        db.session.execute(text(_owner_only))


def _current() -> UUID | None:
    return db.session.scalar(text("SELECT nullif(current_setting('app.organisation_id', true), '')::uuid"))


def test_a_member_of_two_organisations_reads_one_at_a_time(app: Flask, own: House, other: House) -> None:
    both = Member(**{**vars(own.administrator), "organisation_id": own.organisation_id})
    tenant = Tenant(organisation_id=own.organisation_id, person_id=both.person_id)
    assert set(_everything(Folder.__table__, tenant, "organisation_id")) == {own.organisation_id}
