"""A node behind TLS, as a gateway or a remote node is: streams, posts and reading work as without."""

from __future__ import annotations

import secrets
import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from bees import QUICK
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from swarmprov_nb.swarm import UploadPlan, read_file, split
from swarmprov_nb.swarm.bee import BeeNode, BeeStorage, timed_socket
from swarmprov_nb.testing import FakeBee


@pytest.fixture
def certificate(tmp_path):
    """A certificate for localhost that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path / "localhost.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


def copy(source, target):
    """Pass on what comes until either end closes."""
    with suppress(OSError, ValueError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@pytest.fixture
def tls_before(certificate):
    """Put TLS before a port, and return the port of that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    servers = []

    def serve(server, port):
        while True:
            try:
                plain, _ = server.accept()
            except OSError:
                return
            try:
                outer = context.wrap_socket(plain, server_side=True)
            except OSError:
                plain.close()
                continue
            inner = socket.create_connection(("127.0.0.1", port))
            for pair in ((outer, inner), (inner, outer)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    def start(port):
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=serve, args=(server, port), daemon=True).start()
        return server.getsockname()[1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "posts"])
def test_a_node_behind_tls_takes_and_gives_chunks(certificate, tls_before, monkeypatch, stream):
    """Once its certificate is trusted, the same upload arrives through https and wss, and reads back."""
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(timed_socket, "_tls", lambda: trusting)
    data = secrets.token_bytes(4096 * 150)
    with FakeBee() as fake:
        fake.faults.no_stream = not stream
        node = BeeNode.at(f"https://localhost:{tls_before(fake.port)}", patience=QUICK)
        assert node.state(fake.batch).ok
        storage = BeeStorage(node, batch=fake.batch, check=lambda: None)
        upload = storage.upload(split(data), UploadPlan("tls"))
        split(data, upload)
        stored = upload.finish()

        assert set(fake.received.values()) == {1}
        assert b"".join(read_file(storage, stored.root)) == data
        node.connections.close()


def test_a_certificate_that_nobody_signed_is_refused_before_anything_is_sent(tls_before):
    """The node behind it hears nothing, and the message names host and port alone."""
    with FakeBee() as fake:
        port = tls_before(fake.port)
        found = BeeNode.at(f"https://localhost:{port}", patience=QUICK).state(fake.batch)

        assert (found.ok, found.kind) == (False, "certificate")
        assert f"https://localhost:{port}" in found.what
        assert not fake.requests


def test_a_certificate_of_another_host_is_refused(certificate, tls_before, monkeypatch):
    """A trusted certificate for localhost does not speak for 127.0.0.1."""
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(timed_socket, "_tls", lambda: trusting)
    with FakeBee() as fake:
        found = BeeNode.at(f"https://127.0.0.1:{tls_before(fake.port)}", patience=QUICK).state()

    assert found.kind == "certificate"
