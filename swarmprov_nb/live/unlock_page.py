"""A page on this machine that asks for a wallet's password, so that nothing of it passes through a notebook.

It is served on 127.0.0.1 for one question and a few minutes, at an address that nobody can guess. That address lets
one *send* a password and read nothing: a front end may show it, and it is worth nothing afterwards. Forms of other
sites are refused by Host (DNS rebinding) and Origin (forged requests); nothing is logged.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs

from swarmprov_nb.errors import WalletError
from swarmprov_nb.live.unlock_html import CONTENT_SECURITY_POLICY, form_page, last_page

TIMEOUT: Final = 300.0  # seconds
TRIES: Final = 3
_LONGEST: Final = 8 << 10  # bytes of a form
_PATIENCE: Final = 10.0  # seconds for one request to arrive
_LOOK: Final = 0.1  # seconds between two looks whether it is over
_THREAD: Final = "swarmprov-unlock"
_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",  # with no-referrer a browser names no Origin either
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def ask_by_page(
    address: str, check: Callable[[str], bool], *, show: Callable[[str], object], name: str = "",
    timeout: float = TIMEOUT, waiting: Callable[[], object] | None = None,
) -> None:  # fmt: skip
    """Ask for the password of the wallet at `address` (called `name`) by a page in the browser, and wait for it.

    `show` tells a person the link. `check` tries a password, on another thread; where it answers True the page says
    goodbye, and this returns. `waiting` is called several times a second and may raise to give up.

    >>> ask_by_page("0x…", lambda password: password == "right", show=print)  # doctest: +SKIP
    http://127.0.0.1:41873/unlock/3q2-7wAAAAA…

    Raises WalletError after three wrong passwords and after `timeout` seconds.
    """
    question = _Question(address, name, check)
    server = _Server(question)
    try:
        show(question.link)
        question.wait(timeout, waiting or (lambda: None))
    finally:
        server.end()


class _Question:
    """What is asked, how often it was tried, and whether it is over."""

    def __init__(self, address: str, name: str, check: Callable[[str], bool]) -> None:
        self.path = f"/unlock/{secrets.token_urlsafe(32)}"
        self.host = ""
        self._address = address
        self._name = name
        self._check = check
        self._form = secrets.token_urlsafe(16)  # a form counts once, however often its button is pressed
        self._tries = 0
        self._one = threading.Lock()
        self._done = False  # no more is tried
        self._over = threading.Event()  # and the last page is on its way
        self._failure: WalletError | None = None

    @property
    def link(self) -> str:
        return f"{self.origin}{self.path}"

    @property
    def origin(self) -> str:
        return f"http://{self.host}"

    def wait(self, timeout: float, waiting: Callable[[], object]) -> None:
        """Return when the password was right; WalletError else."""
        end = time.monotonic() + timeout
        while not self._over.wait(_LOOK):
            waiting()
            if time.monotonic() > end and self._one.acquire(blocking=False):  # not while a password is being tried
                self._one.release()
                raise WalletError(
                    f"Nobody gave the password of the wallet {self._address} in time.",
                    "Begin again, and open the link in a browser on the machine where the kernel runs. "
                    "If that is another machine, keep the password in a file: --password-file FILE",
                )
        if self._failure is not None:
            raise self._failure

    def page(self) -> str:
        """Return the form, or what is said when it is over."""
        return last_page(opened=not self._failure) if self._done else self._asking()

    def answer(self, form: str, password: str) -> tuple[str, bool]:
        """Try a password; returns the page that says what came of it, and whether it is the last one."""
        with self._one:
            if self._done:
                return self.page(), True
            if not hmac.compare_digest(form.encode(), self._form.encode()):
                return self._asking("That form was sent before. Type the password again."), False
            self._form = secrets.token_urlsafe(16)
            if not password:
                return self._asking("Type the password."), False
            return self._tried(password)

    def _tried(self, password: str) -> tuple[str, bool]:
        try:
            self._done = self._check(password)
        except Exception:  # noqa: BLE001 - told in other words: this error knows the password
            self._failure = WalletError(
                f"The password of the wallet {self._address} could not be tried.", "Begin again."
            )
        self._tries += 1
        if not self._done and self._failure is None and self._tries < TRIES:
            left = TRIES - self._tries
            return self._asking(f"That password is wrong. {left} {'tries' if left > 1 else 'try'} left."), False
        if not self._done:
            self._failure = self._failure or WalletError(
                f"The password of the wallet {self._address} was wrong {TRIES} times.", "Begin again when you know it."
            )
        self._done = True
        return self.page(), True

    def end(self) -> None:
        """Let `wait` return."""
        self._over.set()

    def _asking(self, problem: str = "") -> str:
        return form_page(self._address, self._name, form=self._form, problem=problem)


class _Server(ThreadingHTTPServer):
    """Serves one question on a port of 127.0.0.1 until `end`."""

    daemon_threads = True

    def __init__(self, question: _Question) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.question = question
        question.host = f"127.0.0.1:{self.server_port}"
        self._serving = threading.Thread(target=self.serve_forever, args=(_LOOK,), name=_THREAD, daemon=True)
        self._serving.start()

    def end(self) -> None:
        """Close the port; a page that is on its way still arrives."""
        self.shutdown()
        self._serving.join()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle a request in a thread that the capture room knows as ours: it reads the keystore."""
        work = (request, client_address)
        threading.Thread(target=self.process_request_thread, args=work, name=_THREAD, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: what is wrong with a request is no news, and a traceback could show a password."""


class _Handler(BaseHTTPRequestHandler):
    """Answers the form's address and nothing else."""

    server: _Server
    timeout = _PATIENCE

    def do_GET(self) -> None:
        """Show the form."""
        if self._is_here():
            self._say(200, self.server.question.page())

    def do_POST(self) -> None:
        """Take a password from our own form."""
        question = self.server.question
        if not (self._is_here() and self._is_own_form()):
            return
        try:
            page, last = self._answered(question)
        except ValueError:  # no text, or not as long as it says
            self._say(400)
            return
        try:
            self._say(200, page)
        finally:  # the goodbye is on its way before the port closes; a tab closed early changes nothing
            if last:
                question.end()

    def _answered(self, question: _Question) -> tuple[str, bool]:
        fields = parse_qs(self.rfile.read(self._length()).decode(), keep_blank_values=True, max_num_fields=4)
        return question.answer(*(fields.pop(name, [""])[0] for name in ("form", "password")))

    def _is_here(self) -> bool:
        """Answer 404 unless the address and the name it was reached by are ours: a page elsewhere knows neither."""
        question = self.server.question
        hosts = self.headers.get_all("Host", [])
        here = hosts == [question.host] and hmac.compare_digest(
            self.path.encode("utf-8", "replace"), question.path.encode()
        )
        if not here:
            self._say(404)
        return here

    def _is_own_form(self) -> bool:
        """Answer 403 to a form of another site, and 413 or 415 to what is no form."""
        kind = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        own = self.headers.get_all("Origin", []) == [self.server.question.origin]
        if not own or self.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            self._say(403)
            return False
        if kind != "application/x-www-form-urlencoded":
            self._say(415)
            return False
        if not 0 < self._length() <= _LONGEST:
            self._say(413)
            return False
        return True

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004 - bytes of a form

    def _say(self, status: int, page: str = "") -> None:
        body = page.encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request of ours, without repeating any of it."""
        del message, explain
        self._say(code)

    def version_string(self) -> str:
        """Return no versions."""
        return "swarmprov"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Log nothing: addresses hold the token."""
