"""Security headers of every answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, g, request

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'{form_action}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)


def allow_form_action(address: str) -> None:
    """Let forms of this one page be redirected to the origin of `address`, too (browsers apply form-action to that).

    Only ever call this with a redirect address that was already found to be registered.
    """
    parts = urlsplit(address)
    origins = [*g.get("form_action_origins", []), f"{parts.scheme}://{parts.netloc}"]
    g.form_action_origins = list(dict.fromkeys(origins))


def register_headers(app: Flask) -> None:
    """Add the headers to every answer of `app`."""

    @app.after_request
    def secure(response: Response) -> Response:
        origins = "".join(f" {origin}" for origin in g.get("form_action_origins", []))
        headers = response.headers
        headers.setdefault("Content-Security-Policy", _POLICY.format(form_action=origins))
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if app.config["SESSION_COOKIE_SECURE"]:
            headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
        if not request.path.startswith("/static/"):
            # What was seen while signed in is not shown again from a cache after sign-out.
            headers.setdefault("Cache-Control", "no-store")
        return response
