"""The world of a consent."""

from __future__ import annotations

import pytest
from flask import Flask

from entitylocker.config import Settings
from tests.factories import Organisations
from tests.oauth.world import World, make_world


@pytest.fixture
def world(app: Flask, organisations: Organisations, settings: Settings) -> World:
    return make_world(app, organisations, settings.base_url)
