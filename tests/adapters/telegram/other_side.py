"""Who answers a transport, byte for byte, and on a thread of its own?

So it can close a connection while the loop of the one who asks is busy with something else.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OK = b'{"ok":true,"result":true}'
SECONDS = 20.0


def answer(body: bytes = OK, *lines: str, code: int = 200) -> bytes:
    """A whole answer, with these header lines."""
    head = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode() + body


class OtherSide:
    """A server on a free port of 127.0.0.1; ``with`` it, and it serves.

    ``say`` gives the answer to a request; None hangs up without one.
    """

    def __init__(
        self,
        say: Callable[[bytes], bytes | None] = lambda _: answer(),
        certificate: Path | None = None,
    ) -> None:
        self.asked: list[bytes] = []
        """The requests, whole, in the order of their arrival."""
        self.connections = 0
        self._say = say
        self._scheme = "https" if certificate else "http"
        self._context: ssl.SSLContext | None = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(certificate)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._take)]

    def url(self, rest: str) -> str:
        """The address of this here."""
        return f"{self._scheme}://127.0.0.1:{self.port}/{rest}"

    def hang_up(self) -> None:
        """Close what is open, as a server does that is restarted; over when it is done."""
        for connection in self._open:
            if isinstance(connection, ssl.SSLSocket):
                connection.setblocking(False)
                with suppress(OSError, ValueError):
                    connection.unwrap()  # says goodbye, and does not wait for the other's
            _end(connection)

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _end(self._listening)
        for connection in self._open:
            _end(connection)
        for thread in self._threads:
            thread.join(SECONDS)
        self._listening.close()
        for connection in self._open:
            connection.close()

    def _take(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(SECONDS)
        self._open.append(connection)
        try:
            if self._context is not None:
                secret = self._context.wrap_socket(connection, server_side=True)
                self._open.remove(connection)
                self._open.append(secret)
                connection = secret
            while (request := _request(connection)) is not None:
                self.asked.append(request)
                said = self._say(request)
                if said is None:
                    _end(connection)
                    return
                connection.sendall(said)
        except (OSError, ValueError):
            return


def _end(connection: socket.socket) -> None:
    """The other one learns that it is over."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


def _request(connection: socket.socket) -> bytes | None:
    """A whole request; None when there comes no more."""
    read = b""
    while b"\r\n\r\n" not in read:
        if not (more := connection.recv(65536)):
            return None
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        if not (more := connection.recv(65536)):
            return None
        body += more
    return head + b"\r\n\r\n" + body


def certificate_of_this_machine(folder: Path) -> Path:
    """A key and a certificate of 127.0.0.1 that vouches for itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "this-machine.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path
