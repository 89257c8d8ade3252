"""Nodes that a test tells what to say: a relay in this process, a server on loopback, and a wallet for any chain."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from eth_account import Account


class Relay:
    """A provider in between: `answers` maps a method to a function of the node and the parameters."""

    def __init__(self, node, place="relay"):
        self.node = node
        self.place = place
        self.answers = {}
        self.asked = []

    def make_request(self, method, params):
        self.asked.append(method)
        if method in self.answers:
            return self.answers[method](self.node, params)
        return self.node.make_request(method, params)

    def says(self, method, result):
        """Let a method have one result, whatever it is asked for."""
        self.answers[method] = lambda _node, _params: {"result": result}

    def refuses(self, method, message, code=-32000):
        """Let a method fail."""
        self.answers[method] = lambda _node, _params: {"error": {"code": code, "message": message}}

    def bends(self, method, **fields):
        """Let a method give its object with these fields instead."""

        def bent(node, params):
            answer = node.make_request(method, params)
            return {"result": {**answer["result"], **fields}} if answer.get("result") else answer

        self.answers[method] = bent


class OwnWallet:
    """A wallet that is no dev wallet and signs for any chain: what a keystore gives, and a count of its signatures."""

    dev = False

    def __init__(self, key=None):
        self._account = Account.from_key(key) if key else Account.create()
        self.address = self._account.address
        self.signed = 0

    def sign_transaction(self, transaction):
        self.signed += 1
        return bytes(self._account.sign_transaction(dict(transaction)).raw_transaction)

    def sign_typed_data(self, data):
        raise NotImplementedError


class NodeDouble:
    """A server on loopback. `reply(request, body)` answers: `handler.send(...)`, or whatever a test wants to go wrong.

    Without one it answers `result` to everything.
    """

    def __init__(self, reply=None, *, result="0x1", scheme="http"):
        self.reply = reply or (lambda handler, asked: handler.answers(asked, result))
        self.bodies = []
        self.headers = []
        self.closing = threading.Event()
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                double.bodies.append(asked)
                double.headers.append(dict(self.headers))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    double.reply(self, asked)

            def answers(self, asked, result, **more):
                self.send(200, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result, **more}).encode())

            def refuses(self, asked, error, status=200):
                self.send(status, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode())

            def send(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}"

    @property
    def methods(self):
        return [body["method"] for body in self.bodies]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@contextlib.contextmanager
def without_certificate(folder: Path) -> Iterator[NodeDouble]:
    """A server over TLS whose certificate nobody vouches for."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    signed = builder.not_valid_before(now).not_valid_after(now + timedelta(days=1)).sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "pair.pem").write_bytes(secret + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    with NodeDouble(scheme="https") as double:
        double.server.socket = context.wrap_socket(double.server.socket, server_side=True)
        yield double
