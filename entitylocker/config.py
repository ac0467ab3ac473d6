"""Settings, read in one place: environment first, then what the home directory remembers."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from entitylocker.errors import N_, LockerError

PREFIX = "ENTITYLOCKER_"
MIB = 1024 * 1024


class BadSetting(LockerError):
    code = "bad_setting"
    status = 500
    message = N_("The setting %(name)s is not usable: %(why)s")


@dataclass(frozen=True)
class Settings:
    """All settings of one installation. Sizes are bytes, times are seconds.

    `database_*_url` are SQLAlchemy addresses of the same database in four roles: `owner` migrates, `app` serves,
    `operator` approves, `worker` runs the queue. None of them but `owner` owns anything. `trusted_proxies`: how many
    proxies of one's own stand in front; from that many X-Forwarded-For is believed, from others never. `public_check`:
    whether anybody may have a file of at most `public_check_bytes` checked on the public page. `revocation`: whether
    lists and answers about revoked certificates are fetched; only from public addresses and from the private hosts in
    `outgoing_allow` (host or host:port, with commas between). `citizen_lockers`: a JSON file that names the citizen
    lockers that people may link; `ekyc_certificates`: a directory with the certificates that offline e-KYC files are
    signed with. Without them neither is offered. `ekyc_days`: how old such a file may be. `sms_url`: where a gateway
    takes text messages, one POST each, as `sms_kind` (form or json) with the `sms_fields` and `sms_headers`, JSON
    objects in which `{to}` and `{text}` are filled in; without it messages stay in an outbox. `breached_passwords`: a
    sorted file of SHA-1 digests, as the public lists of breached passwords have them; what stands in it is refused as
    a new password. `step_up_seconds`: after that long a person is asked again who they are before an act with a risk.
    `operator_second_factor`: off lets operators sign in with a password alone, as in a demo. `invitations_per_day`:
    how many invitations a verified organisation and the units it invites for send in a day by mail and text message;
    `invitations_per_day_unverified`: how many one that nobody verified.
    """

    home: Path
    secret_key: str = field(repr=False, default="")
    base_url: str = "http://localhost:8080"
    database_owner_url: str = field(repr=False, default="")
    database_app_url: str = field(repr=False, default="")
    database_operator_url: str = field(repr=False, default="")
    database_worker_url: str = field(repr=False, default="")
    s3_endpoint: str = ""
    s3_access_key: str = field(repr=False, default="")
    s3_secret_key: str = field(repr=False, default="")
    s3_secure: bool = True
    s3_region: str = "us-east-1"
    s3_bucket: str = "entitylocker-documents"
    checker_socket: str = ""
    smtp_url: str = field(repr=False, default="")
    mail_sender: str = "EntityLocker <no-reply@localhost>"
    sms_url: str = field(repr=False, default="")
    sms_kind: str = "form"
    sms_fields: str = field(repr=False, default='{"to": "{to}", "text": "{text}"}')
    sms_headers: str = field(repr=False, default="{}")
    max_upload_bytes: int = 100 * MIB
    uploads_at_once: int = 48
    trusted_proxies: int = 0
    revocation: bool = True
    outgoing_allow: str = ""
    public_check: bool = True
    citizen_lockers: str = ""
    ekyc_certificates: str = ""
    ekyc_days: int = 3
    public_check_bytes: int = 25 * MIB
    session_seconds: int = 12 * 3600
    session_idle_seconds: int = 3600
    step_up_seconds: int = 600
    operator_second_factor: bool = True
    invitations_per_day: int = 5000
    invitations_per_day_unverified: int = 50
    breached_passwords: str = ""
    demo: bool = False

    @property
    def secure_cookies(self) -> bool:
        """Cookies are `__Host-` and Secure wherever the locker is reached by https."""
        return urlsplit(self.base_url).scheme == "https"

    @property
    def operator_key_file(self) -> Path:
        return self.home / "secrets" / "operator.key"

    @property
    def seal_file(self) -> Path:
        return self.home / "secrets" / "report-seal.pem"

    @property
    def trust_directory(self) -> Path:
        return self.home / "trust"

    @property
    def shows_outbox(self) -> bool:
        """Without a mail server, mail stays in an outbox that the demo shows as a page."""
        return not self.smtp_url


def default_home() -> Path:
    """The user's data directory for EntityLocker (XDG on Linux)."""
    return Path(platformdirs.user_data_dir("entitylocker"))


def load_settings(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of `home`.

    Every field may be given as ENTITYLOCKER_<FIELD>; what is not given comes from `home/settings.json`, which a
    running demo writes. Raises BadSetting for a value of the wrong kind and for a name that does not exist.
    """
    environ = os.environ if environ is None else environ
    place = home or Path(environ.get(PREFIX + "HOME") or default_home())
    remembered = read_remembered(place)
    known = {f.name: f for f in fields(Settings)}
    values: dict[str, Any] = {name: value for name, value in remembered.items() if name in known}
    for name, text in environ.items():
        if name.startswith(PREFIX) and name not in _NOT_SETTINGS:
            values.update(_from_environment(name, text, known))
    values["home"] = place
    values.setdefault("secret_key", _secret_key(place))
    return Settings(**values)


# Read elsewhere: by the engines (an installation's own PostgreSQL) or by the test suite.
_NOT_SETTINGS = {PREFIX + name for name in ("HOME", "DATABASE_URL", "CORPUS")}

_YES_OR_NO = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _from_environment(name: str, text: str, known: Mapping[str, Any]) -> dict[str, Any]:
    key = name.removeprefix(PREFIX).lower()
    if key not in known:
        raise BadSetting(name=name, why="there is no such setting")
    kind = known[key].type
    try:
        if kind == "int":
            return {key: int(text)}
        if kind == "bool":
            return {key: _YES_OR_NO[text.lower()]}
    except (ValueError, KeyError):
        raise BadSetting(name=name, why=f"it must be a {'number' if kind == 'int' else 'yes or no'}") from None
    return {key: text}


def read_remembered(home: Path) -> dict[str, Any]:
    """What `home/settings.json` holds, or nothing."""
    path = home / "settings.json"
    try:
        return dict(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return {}
    except (ValueError, OSError) as fault:
        raise BadSetting(name=str(path), why="the file cannot be read") from fault


def remember(home: Path, **values: Any) -> None:
    """Write values to `home/settings.json`, readable by the owner only, in one step."""
    merged = {**read_remembered(home), **values}
    write_private(home / "settings.json", json.dumps(merged, indent=1, sort_keys=True).encode())


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` with `content` so that no other user ever could read it and no half file is ever seen."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def _secret_key(home: Path) -> str:
    path = home / "secrets" / "session.key"
    if not path.exists():
        write_private(path, secrets.token_hex(32).encode())
    return path.read_text("ascii")
