"""Handing one mail to the mail server by SMTP."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import ssl
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import SplitResult, unquote, urlsplit

from entitylocker.errors import Unavailable
from entitylocker.notifications.addresses import is_plain_address
from entitylocker.notifications.models import OutboxMessage

SMTP_SECONDS = 20
_SAID_MAX = 300
_PORTS = {"smtp": 25, "smtps": 465}


class MailRefused(Exception):
    """The server will never take this mail, whatever one waits. Its text is for the operator."""


class MailServerAway(Unavailable):
    """The server cannot be reached, or asks to come again later."""

    code = "mail_server_away"


def compose(message: OutboxMessage, sender: str) -> EmailMessage:
    """The mail as it is sent. Raises MailRefused if the recipient is no single address."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = _recipient(message.recipient)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.created_at)
    # The same for every attempt: who gets it twice can tell.
    mail["Message-ID"] = f"<{message.id}@{_domain_of(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    # Last: what is about the contents would go to the first part when there is a second.
    mail["Content-Language"] = message.language
    return mail


def _recipient(address: str) -> Address:
    local, _, domain = address.rpartition("@")
    try:
        if not is_plain_address(address):
            raise ValueError
        ascii_domain = domain.encode("idna").decode("ascii")
        # Given apart: the parser of whole addresses wants everything in ASCII.
        return Address(username=local, domain=ascii_domain)
    except (ValueError, IndexError):
        raise MailRefused("the recipient is not one e-mail address") from None


def _domain_of(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def deliver(server_url: str, mail: EmailMessage) -> None:
    """`server_url`: smtp://user:password@host:587 (STARTTLS) or smtps://…:465.

    Raises MailRefused for good, MailServerAway for now.
    """
    try:
        with _connected(urlsplit(server_url)) as server:
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as fault:
        raise _judged(*next(iter(fault.recipients.values()))) from fault
    except smtplib.SMTPDataError as fault:
        raise _judged(fault.smtp_code, fault.smtp_error) from fault
    except smtplib.SMTPNotSupportedError as fault:
        raise MailRefused("the mail server takes no addresses with other than English letters") from fault
    except (smtplib.SMTPException, OSError) as fault:
        raise MailServerAway from fault


def _judged(code: int, said: bytes | str) -> Exception:
    """Codes of 500 and above are final (RFC 5321 section 4.2.1)."""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return MailRefused(f"{code} {words}"[:_SAID_MAX]) if code >= 500 else MailServerAway()


@contextlib.contextmanager
def _connected(address: SplitResult) -> Iterator[smtplib.SMTP]:
    """The server, spoken to privately wherever it offers that; a password is never sent in the open."""
    host, port = address.hostname or "localhost", address.port or _PORTS.get(address.scheme, 25)
    context = _tls_for(host)
    if address.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=SMTP_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, port, timeout=SMTP_SECONDS)
    with server:
        server.ehlo_or_helo_if_needed()
        private = address.scheme == "smtps" or _is_here(host)
        if address.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            private = True
        if address.username:
            if not private:
                raise smtplib.SMTPException("the server offers no TLS: the password stays here")
            server.login(unquote(address.username), unquote(address.password or ""))
        yield server


def _tls_for(host: str) -> ssl.SSLContext:
    """Certificates are checked, but for a server on this very machine: that one seldom has a public name."""
    context = ssl.create_default_context()
    if _is_here(host):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
