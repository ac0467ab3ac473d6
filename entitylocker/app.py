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
from entitylocker.accounts.pages import find_language, store_language
from entitylocker.accounts.pages import pages as accounts_pages
from entitylocker.audit.pages import pages as audit_pages
from entitylocker.audit.recording import register_audit
from entitylocker.config import Settings, load_settings
from entitylocker.consents import service as consents
from entitylocker.consents.api import blueprint as consents_api
from entitylocker.consents.pages import pages as consents_pages
from entitylocker.delegations import service as delegations
from entitylocker.delegations.pages import pages as delegations_pages
from entitylocker.errors import N_
from entitylocker.extensions import babel, csrf, db, limiter, login_manager, migrate
from entitylocker.notifications.pages import pages as notifications_pages
from entitylocker.oauth.pages import pages as oauth_pages
from entitylocker.oauth.service import load_token
from entitylocker.organisations import service as organisations
from entitylocker.organisations.events import MembershipEnded, OrganisationRegistered
from entitylocker.organisations.pages import pages as organisations_pages
from entitylocker.organisations.presenting import register_reminder
from entitylocker.organisations.rules import LETTER_MAX_BYTES
from entitylocker.outgoing import Hosts, Outgoing
from entitylocker.paths import resource
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
    portals_pages,
    consents_pages,
    sharing_pages,
    oauth_pages,
    operator_pages,
    trust_pages,
    operator_trust_pages,
    audit_pages,
    notifications_pages,
]
APIS = [vault_api, consents_api, public_check_api]

NAVIGATION = [
    NavEntry("house", N_("Overview"), "organisations.overview", Permission.ORGANISATION_READ),
    NavEntry("folder", N_("Documents"), "vault.documents", Permission.DOCUMENT_READ),
    NavEntry("calendar-clock", N_("Due"), "vault.due", Permission.DOCUMENT_READ),
    NavEntry("handshake", N_("Consents"), "consents.consents", Permission.CONSENT_LIST),
    NavEntry("users", N_("People"), "organisations.people", Permission.MEMBER_LIST),
    NavEntry("key-round", N_("Roles given"), "delegations.delegations", Permission.DELEGATION_LIST),
    NavEntry("history", N_("Activity"), "audit.activity", Permission.AUDIT_READ),
    NavEntry("globe", N_("Portals"), "portals.portals", Permission.PORTAL_REGISTER),
    NavEntry("shield-check", N_("Trusted authorities"), "trust.certificates", Permission.TRUST_READ),
    NavEntry("building-2", N_("Organisation"), "organisations.details", Permission.ORGANISATION_READ),
]

# What a body may hold where no document is taken: an order letter with its form. Documents come in as streams.
FORM_BYTES = LETTER_MAX_BYTES + 1024 * 1024

# Jobs that are also put in once an hour, and all ten minutes.
HOURLY = [vault_jobs.sweep]
OFTEN = [fetch_answers, vault_jobs.recheck_due]


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
        "connect_args": {"options": "-c search_path=public,queue"},
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
    login_manager.user_loader(accounts.load_session)
    language_setting.find, language_setting.store = find_language, store_language
    tenancy.before_commit(delegations.recheck_rights)
    register_audit()
    set_navigation(NAVIGATION, organisations.list_my_organisations)
    organisations.register_fact("first_folder", vault.has_folder)
    organisations.register_fact("first_document", vault.has_document)
    organisations.register_fact("first_consent", consents.has_consent)
    register_reminder(remind_of_changes)
    tenancy.react(OrganisationRegistered, vault.create_root_folder)
    tenancy.react(MembershipEnded, delegations.on_membership_ended)
    tenancy.react(AnswerArrived, vault_jobs.on_answer_arrived)
    tenancy.react(TrustChanged, vault_jobs.on_trust_changed)
    tenancy.react(DocumentBinned, sharing.on_document_binned)
