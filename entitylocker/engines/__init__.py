"""The embedded engines: PostgreSQL and a document store, run from their wheels' programs and watched over."""

from entitylocker.engines.addresses import EngineAddresses
from entitylocker.engines.embedded import EmbeddedEngines
from entitylocker.engines.failures import EngineFailed, HomeInUse, HomeUnusable
from entitylocker.engines.home import HomeLock
from entitylocker.engines.roles import ensure_roles

__all__ = [
    "EmbeddedEngines",
    "EngineAddresses",
    "EngineFailed",
    "HomeInUse",
    "HomeLock",
    "HomeUnusable",
    "ensure_roles",
]
