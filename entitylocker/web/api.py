"""The JSON API: OpenAPI 3.1 at /api/v1/openapi.json, errors through the one map of the house."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_smorest import Api
from marshmallow import Schema, fields

from entitylocker import __version__


class ProblemSchema(Schema):
    """RFC 9457 problem details with the code of the house."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    code = fields.String()
    reason = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class LockerApi(Api):
    """flask-smorest without its own error handler, which would turn pages' errors into JSON."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        return None


api = LockerApi()

API_CONFIG: dict[str, Any] = {
    "API_TITLE": "EntityLocker",
    "API_VERSION": __version__,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/api/v1",
    "OPENAPI_JSON_PATH": "openapi.json",
}


def register_api(app: Flask, blueprints: list[Any]) -> None:
    """Serve `blueprints` below /api/v1 and describe them."""
    api.init_app(app)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for blueprint in blueprints:
        api.register_blueprint(blueprint)
