"""What lies below the rooms: settings, store, keys, checker, seal and the way out of this process."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from entitylocker.config import Settings
from entitylocker.outgoing import Outgoing
from entitylocker.signatures.checker import CheckerClient
from entitylocker.signatures.sealing import Seal, SealMissing
from entitylocker.storage.documents import EncryptedStore
from entitylocker.storage.keys import OperatorKey
from entitylocker.storage.store import ObjectStore

_KEY = "entitylocker"


@dataclass
class EngineRoom:
    """Made once per process by `app.py`."""

    settings: Settings
    store: ObjectStore
    documents: EncryptedStore
    operator_key: OperatorKey
    checker: CheckerClient
    outgoing: Outgoing

    @property
    def seal(self) -> Seal:
        """What reports that leave the locker are sealed with. Raises SealMissing."""
        return Seal.load(self.settings.seal_file)

    def find_seal(self) -> Seal | None:
        """The seal, if this installation has one."""
        try:
            return self.seal
        except SealMissing:
            return None


def install(app: Flask, room: EngineRoom) -> None:
    """Give `app` its engine room."""
    app.extensions[_KEY] = room


def engines() -> EngineRoom:
    """The engine room of the running app."""
    room: EngineRoom = current_app.extensions[_KEY]
    return room
