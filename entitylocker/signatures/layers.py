"""Optional content (ISO 32000-2, 8.11): layers that are there but not shown, or shown on one of screen and paper."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pikepdf

from entitylocker.signatures import caps

_MOST = 2_000
_USAGE = {"/View": "/ViewState", "/Print": "/PrintState", "/Export": "/ExportState"}
_OFF = "/OFF"
_Key = tuple[int, int]


def hidden_layers(pdf: pikepdf.Pdf) -> tuple[str, ...]:
    """The names of layers that are off on screen or on paper when the file is opened as it stands."""
    properties = _dictionary(pdf.Root.get("/OCProperties"))
    setting = _dictionary(properties.get("/D"))
    layers = {one.objgen: one for one in _dictionaries(properties.get("/OCGs"))}
    layers |= {one.objgen: one for one in _dictionaries(setting.get("/OFF"))}
    off = _switched_off(setting, set(layers)) | _off_by_usage(setting)
    return tuple(dict.fromkeys(_name(one) for key, one in layers.items() if key in off))


def _switched_off(setting: Any, layers: set[_Key]) -> set[_Key]:
    """ISO 32000-2, table 99: the state of the default configuration, then those switched one by one."""
    base = layers if str(setting.get("/BaseState", "/ON")) == _OFF else set()
    return (base - _keys(setting.get("/ON"))) | _keys(setting.get("/OFF"))


def _off_by_usage(setting: Any) -> set[_Key]:
    """ISO 32000-2, table 101: the file asks viewers to obey what layers say of screen, paper or export."""
    off = set()
    for rule in _dictionaries(setting.get("/AS")):
        categories = {str(one) for one in _items(rule.get("/Category"))}
        for layer in _dictionaries(rule.get("/OCGs")):
            usage = _dictionary(layer.get("/Usage"))
            states = (_dictionary(usage.get(name)).get(state) for name, state in _USAGE.items() if name in categories)
            if any(str(state) == _OFF for state in states):
                off.add(layer.objgen)
    return off


def _keys(value: Any) -> set[_Key]:
    return {one.objgen for one in _dictionaries(value)}


def _dictionary(value: Any) -> Any:
    return value if isinstance(value, pikepdf.Dictionary) else pikepdf.Dictionary()


def _dictionaries(value: Any) -> Iterator[Any]:
    return (one for one in _items(value) if isinstance(one, pikepdf.Dictionary))


def _items(value: Any) -> Iterator[Any]:
    return itertools.islice(iter(value), _MOST) if isinstance(value, pikepdf.Array) else iter(())


def _name(layer: Any) -> str:
    name = layer.get("/Name")
    return str(name)[: caps.MAX_TEXT] if isinstance(name, pikepdf.String) else ""
