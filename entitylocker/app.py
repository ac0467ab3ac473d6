"""The application: every room wired together, and who reacts to what. Nobody below imports this."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, g
from werkzeug.middleware.proxy_fix import ProxyFix

from entitylocker import tenancy
from entitylocker.access import Permission
from entitylocker.accounts import service as accounts
from entitylocker.accounts.events import AccountRecovered, AddressChanged
from entitylocker.accounts.openers import register_openers
from entitylocker.accounts.other_ways import register_other_ways
from entitylocker.accounts.pages import find_language, store_language
from entitylocker.accounts.pages import pages as accounts_pages
from entitylocker.accounts.sweeping import sweep_accounts
from entitylocker.audit.pages import pages as audit_pages
from entitylocker.audit.recording import register_audit
from entitylocker.citizen import jobs as citizen_jobs
from entitylocker.citizen import service as citizen
from entitylocker.citizen.forgetting import forget
from entitylocker.citizen.pages import pages as citizen_pages
from entitylocker.citizen.proof_pages import notes_on_members
from entitylocker.citizen.revoking import revoke_waiting
from entitylocker.citizen.visit_pages import linked_lockers, ways_to_sign_in
from entitylocker.config import Settings, load_settings
from entitylocker.consents import service as consents
from entitylocker.consents.api import blueprint as consents_api
from entitylocker.consents.pages import pages as consents_pages
from entitylocker.delegations import service as delegations
from entitylocker.delegations.pages import pages as delegations_pages
from entitylocker.errors import N_
from entitylocker.exports import service as exports
from entitylocker.exports.pages import pages as exports_pages
from entitylocker.extensions import babel, csrf, db, limiter, login_manager, migrate
from entitylocker.federation import answers as provider_answers
from entitylocker.federation import connections as federation_connections
from entitylocker.federation import leavings as federation_leavings
from entitylocker.federation import membership as federation
from entitylocker.federation import standing as federation_standing
from entitylocker.federation.pages import connected_sign_ins
from entitylocker.federation.pages import pages as federation_pages
from entitylocker.federation.reminding import remind_of_tokens
from entitylocker.federation.scim import blueprint as scim
from entitylocker.federation.scim import load_directory
from entitylocker.notifications.pages import pages as notifications_pages
from entitylocker.notifications.service import sweep_outbox
from entitylocker.oauth.pages import pages as oauth_pages
from entitylocker.oauth.service import load_token
from entitylocker.onboarding import service as onboarding
from entitylocker.onboarding.pages import pages as onboarding_pages
from entitylocker.organisations import ending, person_notices, signatories
from entitylocker.organisations import service as organisations
from entitylocker.organisations.events import (
    IdentifierExpired,
    InvitationIssued,
    MembershipBegan,
    MembershipEnded,
    OrganisationClosed,
    OrganisationRegistered,
    OrganisationRenamed,
    RoleChanged,
)
from entitylocker.organisations.expiry import expire_identifiers
from entitylocker.organisations.leavings import register_left
from entitylocker.organisations.letter_jobs import sweep_letters
from entitylocker.organisations.life_jobs import end_keys
from entitylocker.organisations.names import on_organisation_renamed
from entitylocker.organisations.operator_pages import pages as operator_organisations_pages
from entitylocker.organisations.pages import pages as organisations_pages
from entitylocker.organisations.presenting import register_member_notes, register_reminder
from entitylocker.organisations.rules import LETTER_MAX_BYTES
from entitylocker.outgoing import Hosts, Outgoing
from entitylocker.paths import resource
from entitylocker.portals import ending as portals_ending
from entitylocker.portals.operator_pages import pages as operator_pages
from entitylocker.portals.pages import pages as portals_pages
from entitylocker.sharing import service as sharing
from entitylocker.sharing.api import blueprint as public_check_api
from entitylocker.sharing.pages import pages as sharing_pages
from entitylocker.sharing.pages import register_sharing
from entitylocker.signatures.checker import CheckerClient
from entitylocker.storage.documents import EncryptedStore
from entitylocker.storage.keys import OperatorKey
from entitylocker.storage.store import ObjectStore
from entitylocker.trust.events import AnswerArrived, TrustChanged
from entitylocker.trust.fetch_jobs import fetch_answers
from entitylocker.trust.operator_pages import pages as operator_trust_pages
from entitylocker.trust.pages import pages as trust_pages
from entitylocker.units import leavings as units_leavings
from entitylocker.units import service as units
from entitylocker.units.operator_pages import pages as operator_vouchings_pages
from entitylocker.units.pages import pages as units_pages
from entitylocker.units.reminding import remind_of_above, remind_of_letter, remind_of_parent
from entitylocker.units.sweeping import on_identifier_expired
from entitylocker.units.telling import tell_lost
from entitylocker.vault import jobs as vault_jobs
from entitylocker.vault import service as vault
from entitylocker.vault.api import blueprint as vault_api
from entitylocker.vault.events import DocumentBinned
from entitylocker.vault.pages import pages as vault_pages
from entitylocker.vault.telling import remind_of_changes
from entitylocker.web.actors import loaders
from entitylocker.web.api import API_CONFIG, register_api
from entitylocker.web.body_pace import keep_pace
from entitylocker.web.display import language_setting, register_display, select_locale
from entitylocker.web.display import pages as display_pages
from entitylocker.web.engine_room import EngineRoom, install
from entitylocker.web.errors import register_errors
from entitylocker.web.headers import register_headers
from entitylocker.web.shell import NavEntry, register_shell, set_navigation

PAGES = [
    display_pages,
    accounts_pages,
    organisations_pages,
    vault_pages,
    delegations_pages,
    units_pages,
    federation_pages,
    portals_pages,
    onboarding_pages,
    consents_pages,
    sharing_pages,
    oauth_pages,
    citizen_pages,
    operator_pages,
    operator_organisations_pages,
    operator_vouchings_pages,
    exports_pages,
    trust_pages,
    operator_trust_pages,
    audit_pages,
    notifications_pages,
]
APIS = [vault_api, consents_api, public_check_api]

_OF_PEOPLE = (
    "onboarding", "organisations.invitations", "organisations.invite", "organisations.invite_by_phone",
    "organisations.issue_slip", "organisations.print_slips", "organisations.renew_invitation",
    "organisations.change_role",
)  # fmt: skip
_OF_ORGANISATION = ("organisations", "exports")
NAVIGATION = [
    NavEntry("house", N_("Overview"), "organisations.overview", Permission.ORGANISATION_READ),
    NavEntry("folder", N_("Documents"), "vault.documents", Permission.DOCUMENT_READ),
    NavEntry("calendar-clock", N_("Due"), "vault.due", Permission.DOCUMENT_READ),
    NavEntry("handshake", N_("Consents"), "consents.consents", Permission.CONSENT_LIST),
    NavEntry("repeat", N_("Lent by people"), "citizen.lent", Permission.LENT_LIST),
    NavEntry("users", N_("People"), "organisations.people", Permission.MEMBER_LIST, _OF_PEOPLE),
    NavEntry("key-round", N_("Roles given"), "delegations.delegations", Permission.DELEGATION_LIST),
    NavEntry("network", N_("Departments and units"), "units.units", Permission.UNIT_LIST),
    NavEntry("history", N_("Activity"), "audit.activity", Permission.AUDIT_READ),
    NavEntry("globe", N_("Portals"), "portals.portals", Permission.PORTAL_REGISTER),
    NavEntry("shield-check", N_("Trusted authorities"), "trust.certificates", Permission.TRUST_READ),
    NavEntry("log-in", N_("Sign-in and directory"), "federation.directory", Permission.DIRECTORY_MANAGE),
    NavEntry("building-2", N_("Organisation"), "organisations.details", Permission.ORGANISATION_READ, _OF_ORGANISATION),
]

# What a body may hold where no document is taken: an order letter with its form. Documents come in as streams.
FORM_BYTES = LETTER_MAX_BYTES + 1024 * 1024

# Jobs that are also put in once an hour, and all ten minutes.
HOURLY = [
    vault_jobs.sweep,
    citizen_jobs.sweep,
    sweep_letters,
    revoke_waiting,
    expire_identifiers,
    sweep_outbox,
    end_keys,
    provider_answers.ask_providers,
    tell_lost,
    sweep_accounts,
    forget,
    remind_of_tokens,
]
OFTEN = [citizen_jobs.keep_time, fetch_answers, vault_jobs.recheck_due, onboarding.resume_runs]


def create_app(settings: Settings) -> Flask:
    """Build the application for `settings`. The engines must answer when the first request comes, not before."""
    app = Flask("entitylocker", template_folder=str(resource("templates")), static_folder=str(resource("static")))
    app.config.update(_flask_config(settings))
    app.wsgi_app = keep_pace(app.wsgi_app)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        # Who visits is told by the nearest proxies only: limits by address would else count everybody as one.
        behind = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=behind, x_proto=behind, x_host=0)  # type: ignore[method-assign]
    install(app, _engine_room(settings))
    tenancy.set_fresh_for(timedelta(seconds=settings.step_up_seconds))
    _extensions(app)
    _wire_rooms()
    for pages in PAGES:
        app.register_blueprint(pages)
    register_api(app, APIS)
    app.register_blueprint(scim)
    for register in (register_display, register_headers, register_errors, register_shell, register_sharing):
        register(app)

    @app.before_request
    def number_request() -> None:
        g.request_id = secrets.token_hex(6)

    return app


def application() -> Flask:
    """The application for a server process: settings from the environment and the home directory."""
    return create_app(load_settings())


def _flask_config(settings: Settings) -> dict[str, Any]:
    options = {
        "pool_size": 12,
        "max_overflow": 24,
        "pool_pre_ping": True,
        # Whoever waits for a lock longer than that is asked to try again, and does not hold a thread for ever.
        "connect_args": {"options": "-c search_path=public,queue -c lock_timeout=20s"},
    }
    # Operators and housekeeping are few: they need no pool of their own to speak of.
    few = {**options, "pool_size": 1, "max_overflow": 4}
    return {
        **API_CONFIG,
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_app_url,
        "SQLALCHEMY_BINDS": {
            "operator": {**few, "url": settings.database_operator_url},
            "worker": {**few, "url": settings.database_worker_url},
        },
        "SQLALCHEMY_ENGINE_OPTIONS": options,
        "DATABASE_OWNER_URL": settings.database_owner_url,
        "SESSION_COOKIE_NAME": "__Host-entitylocker" if settings.secure_cookies else "entitylocker",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "MAX_CONTENT_LENGTH": FORM_BYTES,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "BABEL_DEFAULT_LOCALE": "en_IN",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Kolkata",
        "BABEL_TRANSLATION_DIRECTORIES": str(resource("translations")),
        "RATELIMIT_STORAGE_URI": "entitylocker+postgres://",
        "RATELIMIT_HEADERS_ENABLED": True,
        "PROPAGATE_EXCEPTIONS": False,
    }


def _engine_room(settings: Settings) -> EngineRoom:
    store = ObjectStore(
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key,
        bucket=settings.s3_bucket,
        secure=settings.s3_secure,
        region=settings.s3_region,
    )
    key = OperatorKey.load(settings.operator_key_file)
    outgoing = Outgoing(Hosts.parse(settings.outgoing_allow))
    checker = CheckerClient(settings.checker_socket)
    return EngineRoom(settings, store, EncryptedStore(store, key), key, checker, outgoing)


def _extensions(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(resource("migrations")))
    csrf.init_app(app)
    babel.init_app(app, locale_selector=select_locale)
    limiter.init_app(app)
    login_manager.init_app(app)
    login_manager.session_protection = None


def _wire_rooms() -> None:
    """Who finds actors, what belongs to every commit, and who reacts to what happened elsewhere."""
    loaders.member = delegations.load_member
    loaders.operator = accounts.find_operator
    loaders.token = load_token
    loaders.directory = load_directory
    login_manager.user_loader(accounts.load_session)
    language_setting.find, language_setting.store = find_language, store_language
    tenancy.before_commit(delegations.recheck_rights)
    register_audit()
    set_navigation(NAVIGATION, organisations.list_my_organisations)
    organisations.register_fact("first_folder", vault.has_folder)
    organisations.register_fact("first_document", vault.has_document)
    organisations.register_fact("first_consent", consents.has_consent)
    organisations.register_export(exports.export_facts)
    register_left(delegations.find_left)
    register_left(federation_leavings.find_left)
    register_left(units_leavings.find_left)
    signatories.register_given(delegations.list_given_signatories)
    register_reminder(organisations.remind_of_proposals)
    register_reminder(remind_of_changes)
    register_member_notes(notes_on_members)
    register_other_ways(ways_to_sign_in)
    register_openers(linked_lockers)
    register_openers(connected_sign_ins)
    register_reminder(remind_of_parent)
    register_reminder(remind_of_above)
    register_reminder(remind_of_letter)
    units.set_folders(vault.list_folders)
    _wire_reactions()


def _wire_reactions() -> None:
    """Who does what in the transaction in which something happened elsewhere."""
    tenancy.react(OrganisationRegistered, vault.create_root_folder)
    tenancy.react(MembershipBegan, signatories.on_membership_began)
    tenancy.react(InvitationIssued, person_notices.on_invitation_issued)
    tenancy.react(MembershipBegan, person_notices.on_membership_began)
    tenancy.react(RoleChanged, person_notices.on_role_changed)
    tenancy.react(MembershipEnded, person_notices.on_membership_ended)
    tenancy.react(AddressChanged, person_notices.on_address_changed)
    tenancy.react(RoleChanged, signatories.on_role_changed)
    tenancy.react(MembershipEnded, signatories.on_membership_ended)
    tenancy.react(MembershipBegan, federation.on_membership_began)
    tenancy.react(MembershipEnded, federation.on_membership_ended)
    tenancy.react(MembershipEnded, federation_standing.on_membership_ended)
    tenancy.react(RoleChanged, federation_standing.on_role_changed)
    tenancy.react(MembershipEnded, delegations.on_membership_ended)
    tenancy.react(MembershipEnded, citizen.on_membership_ended)
    tenancy.react(MembershipEnded, organisations.on_member_gone)
    tenancy.react(RoleChanged, organisations.on_role_changed)
    tenancy.react(OrganisationClosed, ending.on_organisation_closed)
    tenancy.react(OrganisationClosed, portals_ending.on_organisation_closed)
    tenancy.react(OrganisationRenamed, on_organisation_renamed)
    tenancy.react(OrganisationClosed, consents.on_organisation_closed)
    tenancy.react(OrganisationClosed, sharing.on_organisation_closed)
    tenancy.react(OrganisationClosed, delegations.on_organisation_closed)
    tenancy.react(OrganisationClosed, citizen.on_organisation_closed)
    tenancy.react(OrganisationClosed, units.on_organisation_closed)
    tenancy.react(OrganisationClosed, federation_standing.on_organisation_closed)
    tenancy.react(IdentifierExpired, on_identifier_expired)
    tenancy.react(AccountRecovered, citizen.on_account_recovered)
    tenancy.react(AccountRecovered, federation_connections.on_account_recovered)
    tenancy.react(AnswerArrived, vault_jobs.on_answer_arrived)
    tenancy.react(TrustChanged, vault_jobs.on_trust_changed)
    tenancy.react(DocumentBinned, sharing.on_document_binned)
