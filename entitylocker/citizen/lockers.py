"""Which citizen lockers people may link: read from the operator's file, each with its adapter."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from entitylocker.citizen.adapters import ADAPTERS, CitizenLocker
from entitylocker.config import BadSetting
from entitylocker.errors import NotFound
from entitylocker.web.engine_room import engines
from entitylocker.web.links import link_to

SETTING = "ENTITYLOCKER_CITIZEN_LOCKERS"
_KEY = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True)
class LockerEntry:
    """A citizen locker as the operator describes it. `key` stands in addresses and never changes."""

    key: str
    name: str
    adapter: str
    base_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str = ""
    issuer: str = ""

    @property
    def said_by(self) -> str:
        """The issuer of its identities: part of who somebody is, so that no other locker can say it."""
        return self.issuer or self.base_url

    @property
    def origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def redirect_uri(self) -> str:
        """Where this locker, and no other, sends people back to (RFC 9700 section 4.4.2.2)."""
        return link_to("citizen.callback", locker_key=self.key)


def list_lockers() -> list[LockerEntry]:
    """Every citizen locker that is set up, in the operator's order. Raises BadSetting."""
    path = engines().settings.citizen_lockers
    if not path:
        return []
    try:
        return _read(path, Path(path).stat().st_mtime_ns)
    except OSError as fault:
        raise BadSetting(name=SETTING, why="the file cannot be read") from fault


def get_locker(key: str) -> LockerEntry:
    """The locker of that key. Raises NotFound."""
    for entry in list_lockers():
        if entry.key == key:
            return entry
    raise NotFound


def adapter_of(entry: LockerEntry) -> CitizenLocker:
    """What speaks to that locker, through the guarded way out."""
    return ADAPTERS[entry.adapter](
        base_url=entry.base_url,
        client_id=entry.client_id,
        client_secret=entry.client_secret,
        redirect_uri=entry.redirect_uri,
        scopes=entry.scopes,
        outgoing=engines().outgoing,
    )


@functools.lru_cache(maxsize=16)
def _read(path: str, _changed_at: int) -> list[LockerEntry]:
    try:
        listed = json.loads(Path(path).read_text("utf-8"))
    except ValueError as fault:
        raise BadSetting(name=SETTING, why="the file is not JSON") from fault
    return parse_lockers(listed)


def parse_lockers(listed: Any) -> list[LockerEntry]:
    """The entries of a list that was read from JSON. Raises BadSetting, naming the entry that does not fit."""
    if not isinstance(listed, list):
        raise BadSetting(name=SETTING, why="the file must hold a list")
    entries = [_entry(place, each) for place, each in enumerate(listed, start=1)]
    for name in ("key", "said_by"):
        # Two lockers that speak for the same issuer could each say who the other's people are.
        if len({getattr(entry, name) for entry in entries}) != len(entries):
            raise BadSetting(name=SETTING, why=f"two entries have the same {'key' if name == 'key' else 'issuer'}")
    return entries


def _entry(place: int, each: Any) -> LockerEntry:
    known = ("key", "name", "adapter", "base_url", "client_id", "client_secret")
    if not isinstance(each, Mapping) or not all(isinstance(each.get(name), str) and each[name] for name in known):
        raise BadSetting(name=SETTING, why=f"entry {place} needs {', '.join(known)}")
    further = {name: str(each.get(name) or "") for name in ("scopes", "issuer")}
    values = {name: each[name] for name in known}
    entry = LockerEntry(**{**values, "base_url": values["base_url"].rstrip("/")}, **further)
    if not _KEY.fullmatch(entry.key):
        raise BadSetting(name=SETTING, why=f"the key of entry {place} may have small letters, digits and hyphens only")
    if entry.adapter not in ADAPTERS:
        raise BadSetting(name=SETTING, why=f"the adapter of entry {place} is none of {', '.join(ADAPTERS)}")
    if urlsplit(entry.base_url).scheme not in ("http", "https") or not urlsplit(entry.base_url).netloc:
        raise BadSetting(name=SETTING, why=f"the base_url of entry {place} is no address")
    return entry
