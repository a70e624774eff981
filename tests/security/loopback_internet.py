"""A simulated internet on loopback: host names, public addresses and servers that misbehave."""

import datetime
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PUBLIC_ADDRESS = "93.184.216.34"
SELF_SIGNED_ADDRESS = "93.184.216.35"
SILENT_ADDRESS = "93.184.216.36"
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 20

Send = Callable[[bytes], None]
Handler = Callable[[str, Send], None]


def http_response(
    body: bytes, status: str = "200 OK", headers: Iterable[str] = (), length: int | None = None
) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers]
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def self_signed_certificate(names: Sequence[str], folder: Path) -> Path:
    """Writes a self-signed certificate and its key into one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{names[0]}-{certificate.serial_number}.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


class LoopbackServer:
    """Serves one request a connection with `handler`; `silent` never responds."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None, *, silent: bool = False):
        self._handler = handler
        self._tls = tls
        self._silent = silent
        self.requests: list[str] = []
        self.bodies: list[bytes] = []
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(300)
        try:
            if self._silent:
                while not self._closing.is_set() and connection.recv(1000):
                    pass
                return
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection.makefile("rb") as stream:
                head = b"".join(iter(stream.readline, b"\r\n")).decode("latin-1")
                length = re.search(r"^Content-Length: (\d+)", head, re.M | re.I)
                body = stream.read(int(length[1]) if length else 0)
            self.requests.append(head)
            self.bodies.append(body)
            self._handler(head.split(" ")[1], connection.sendall)
        except OSError:
            return
        finally:
            connection.close()

    def wait(self, seconds: float) -> bool:
        """Waits; returns whether the test has ended meanwhile."""
        return self._closing.wait(seconds)


@dataclass
class LoopbackInternet:
    """Servers by public address and addresses by host name; records lookups and connections."""

    servers: Mapping[str, LoopbackServer]
    names: Mapping[str, Sequence[str] | Callable[[], Sequence[str]]]
    resolved_hosts: list[str] = field(default_factory=list)
    connections: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> Sequence[str]:
        self.resolved_hosts.append(host)
        entry = self.names.get(host, [host] if host[0].isdigit() or ":" in host else [])
        addresses = entry() if callable(entry) else entry
        if not addresses:
            raise socket.gaierror(f"no address for {host}")
        return addresses

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.connections.append(f"{address}:{port}")
        server = self.servers.get(address)
        if server is None:
            raise ConnectionRefusedError(f"nobody listens at {address}")
        return socket.create_connection(("127.0.0.1", server.port), timeout=seconds)


def redirect_response(to: str, status: int = 302) -> bytes:
    return http_response(b"", f"{status} Found", [f"Location: {to}"])


def send_slowly(
    send: Send, pieces: Iterable[bytes], pause: float, wait: Callable[[float], bool]
) -> None:
    with suppress(OSError):
        for piece in pieces:
            send(piece)
            if wait(pause):
                return
