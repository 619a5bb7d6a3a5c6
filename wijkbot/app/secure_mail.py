"""How does one line of text leave as an e-mail? Over TLS, to the one address of the settings."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from contextlib import closing
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import SplitResult, unquote, urlsplit

HERE = frozenset({"127.0.0.1", "localhost"})
"""A server on this machine may be spoken to without TLS."""
PORTS = {"smtp": 587, "smtps": 465}
_LOCAL_PORT = 25
HELLO = "[127.0.0.1]"
"""How we name ourselves; the name of this machine is nobody's business."""


async def send_mail(url: str, to: str, line: str, now: datetime, seconds: float) -> None:
    """Send ``line`` as subject and as text, from ``to`` to itself; each answer in ``seconds``.

    It runs in a thread of its own: nothing else waits for the mail server.

    Raises:
        OSError: the server is not there, has no TLS, or refused (``smtplib.SMTPException`` too).
        ValueError: name or password cannot be written in ASCII.
    """
    await asyncio.to_thread(_send, urlsplit(url), _letter(to, line, now), seconds)


def _letter(to: str, line: str, now: datetime) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = letter["To"] = to
    letter["Subject"] = line
    letter["Date"] = format_datetime(now)
    letter["Auto-Submitted"] = "auto-generated"  # no out-of-office answer, please
    letter.set_content(line)
    return letter


def _send(server: SplitResult, letter: EmailMessage, seconds: float) -> None:
    # unlike the "with" of smtplib, closing does not wait once more for a server that hangs
    with closing(_connected(server, seconds)) as post:
        if server.username:
            post.login(unquote(server.username), unquote(server.password or ""))
        post.send_message(letter)


def _connected(server: SplitResult, seconds: float) -> smtplib.SMTP:
    host = server.hostname or ""
    is_here = host in HERE
    port = server.port or (_LOCAL_PORT if is_here else PORTS[server.scheme])
    if server.scheme == "smtps":
        trusted = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, HELLO, timeout=seconds, context=trusted)
    post = smtplib.SMTP(host, port, HELLO, timeout=seconds)
    if not is_here:
        try:
            post.starttls(context=ssl.create_default_context())
        except OSError:
            post.close()
            raise
    return post
