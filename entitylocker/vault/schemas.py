"""What comes in with forms and the API, and what the API gives out."""

from __future__ import annotations

from typing import Any

from marshmallow import (
    RAISE,
    Schema,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates_schema,
)

from entitylocker.errors import N_
from entitylocker.signatures.verdicts import Verdict
from entitylocker.vault.rules import MAX_TITLE, clean_line
from entitylocker.vault.views import Details, Filters

MAX_KEY = 200

_SOMETHING = validate.Length(min=1, error=N_("This cannot stay empty."))
_UP_TO_100 = validate.Length(max=100, error=N_("Please use at most 100 characters."))
_UP_TO_200 = validate.Length(max=MAX_TITLE, error=N_("Please use at most 200 characters."))
_NO_DATE: dict[str, Any] = {"invalid": N_("Please give a date, such as 2026-11-23.")}


class Line(fields.String):
    """One line of text, cleaned."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return clean_line(super()._deserialize(value, attr, data, **kwargs) or "")


class DetailsSchema(Schema):
    """What people say about a document. Empty fields are absent ones."""

    class Meta:
        unknown = RAISE

    title = Line(load_default="", validate=_UP_TO_200)
    type_code = fields.String(load_default=None, validate=validate.Length(max=40))
    number = Line(load_default="", validate=_UP_TO_100)
    issued_on = fields.Date(load_default=None, error_messages=_NO_DATE)
    expires_on = fields.Date(load_default=None, error_messages=_NO_DATE)

    @pre_load
    def drop_empty(self, typed: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """A form sends every field, also those left empty."""
        return {name: value for name, value in typed.items() if value not in ("", None)}

    @validates_schema
    def in_order(self, data: dict[str, Any], **kwargs: Any) -> None:
        """Nothing expires before it is issued."""
        issued_on, expires_on = data.get("issued_on"), data.get("expires_on")
        if issued_on and expires_on and expires_on < issued_on:
            raise ValidationError(N_("This day is before the day of issue."), "expires_on")

    @post_load
    def made(self, data: dict[str, Any], **kwargs: Any) -> Any:
        return {
            "details": Details(**{name: data[name] for name in Details.__dataclass_fields__}),
            **self.others(data),
        }

    def others(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is loaded besides the details."""
        return {}


class EditSchema(DetailsSchema):
    """Details of a document that is there: a title is needed."""

    title = Line(
        required=True,
        validate=[_SOMETHING, _UP_TO_200],
        error_messages={"required": N_("Please give the document a title.")},
    )


class DepositSchema(DetailsSchema):
    """The fields in front of an uploaded file."""

    folder_id = fields.UUID(load_default=None)
    idempotency_key = fields.String(load_default=None, validate=validate.Length(min=1, max=MAX_KEY))

    def others(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"folder_id": data["folder_id"], "key": data["idempotency_key"]}


class AddVersionSchema(Schema):
    """The fields in front of an uploaded newer version."""

    class Meta:
        unknown = RAISE

    idempotency_key = fields.String(load_default=None, validate=validate.Length(min=1, max=MAX_KEY))


class FolderSchema(Schema):
    """The name of a folder."""

    name = Line(
        required=True,
        validate=[_SOMETHING, _UP_TO_100],
        error_messages={"required": N_("Please give the folder a name.")},
    )


class UnlockSchema(Schema):
    """The password of a document, used once."""

    password = fields.String(
        required=True,
        validate=validate.Length(min=1, max=1000, error=N_("Please give the password of the file.")),
        error_messages={"required": N_("Please give the password of the file.")},
    )


class ListSchema(Schema):
    """What a list is narrowed to, and where its page begins. Cursors are ids."""

    folder = fields.UUID(load_default=None)
    q = Line(load_default="", validate=validate.Length(max=200))
    type = fields.String(load_default="", validate=validate.Length(max=40))
    verdict = fields.String(load_default="", validate=validate.OneOf(["", *(verdict.value for verdict in Verdict)]))
    changed = fields.Boolean(load_default=False)
    older = fields.UUID(load_default=None)
    newer = fields.UUID(load_default=None)

    @staticmethod
    def filters(data: dict[str, Any]) -> Filters:
        """The filters that were loaded."""
        return Filters(data["folder"], data["q"], data["type"], data["verdict"], data["changed"])


class ListQuerySchema(ListSchema):
    """The query of the API: what it does not know is refused."""

    class Meta:
        unknown = RAISE

    limit = fields.Integer(load_default=25, validate=validate.Range(1, 100))


class DocumentSchema(Schema):
    """A document with its current version."""

    id = fields.UUID(attribute="document.id")
    title = fields.String(attribute="document.title")
    type = fields.String(attribute="document.type_code", allow_none=True)
    number = fields.String(attribute="document.number")
    issued_on = fields.Date(attribute="document.issued_on", allow_none=True)
    expires_on = fields.Date(attribute="document.expires_on", allow_none=True)
    folder_id = fields.UUID(attribute="document.folder_id")
    folder = fields.String(attribute="folder.name")
    created_at = fields.DateTime(attribute="document.created_at")
    created_by = fields.String(attribute="document.created_by_name")
    updated_at = fields.DateTime(attribute="document.updated_at")
    version = fields.Integer(attribute="version.number")
    filename = fields.String(attribute="version.filename")
    media_type = fields.String(attribute="version.media_type")
    size = fields.Integer(attribute="version.size")
    sha256 = fields.String(attribute="version.sha256")
    verdict = fields.String(attribute="version.verdict")
    reason = fields.String(attribute="version.reason", allow_none=True)
    checked_at = fields.DateTime(attribute="version.checked_at", allow_none=True)


class DocumentPageSchema(Schema):
    """A page of a list. `older` and `newer` are the cursors of the next pages, null where there is none."""

    items = fields.List(fields.Nested(DocumentSchema))
    newer = fields.UUID(allow_none=True)
    older = fields.UUID(allow_none=True)


class DepositedSchema(Schema):
    """The answer to an upload."""

    document_id = fields.UUID()
    version_id = fields.UUID()
    version_number = fields.Integer()
    folder_id = fields.UUID()
    title = fields.String()
    filename = fields.String()
    size = fields.Integer()
    sha256 = fields.String()
    verdict = fields.String()
    duplicate_of = fields.UUID(allow_none=True)


class ReportSchema(Schema):
    """What the check of the current version found. `report` null: not checked yet."""

    document_id = fields.UUID()
    version = fields.Integer()
    verdict = fields.String()
    reason = fields.String(allow_none=True)
    checked_at = fields.DateTime(allow_none=True)
    report = fields.Dict(allow_none=True)
