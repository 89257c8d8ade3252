"""The page that asks for a password: only its own form may answer, and nothing of it is told to anybody."""

from __future__ import annotations

import http.client
import logging
import re
import socket
import threading
import time
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import expect
from widget_pages import AXE

from swarmprov_nb.errors import WalletError
from swarmprov_nb.live import unlock_page
from swarmprov_nb.live.unlock_page import ask_by_page

ADDRESS = "0xd41c057fd1c78805AAC12B0A94a405c0461A6FBb"
PASSWORD = "correct horse & bättery+staple"
FORM = "application/x-www-form-urlencoded"


class Asked:
    """A page that asks, in a thread; `tried` are the passwords that came, `ended` what came of it."""

    def __init__(self, check=None, **options):
        self.tried, self.waiting, self.ended = [], threading.Event(), []
        self._check = check or (lambda password: password == PASSWORD)
        self._thread = threading.Thread(target=self._ask, kwargs=options, daemon=True)
        self._thread.start()
        assert self.waiting.wait(30)

    def _ask(self, **options):
        try:
            ask_by_page(ADDRESS, self._try, show=self._show, name="field <b>", **options)
            self.ended.append(None)
        except BaseException as error:  # noqa: BLE001 - an interrupt too
            self.ended.append(error)

    def _try(self, password):
        self.tried.append(password)
        return self._check(password)

    def _show(self, link):
        self.link = link
        self.host, self.path = urlsplit(link).netloc, urlsplit(link).path
        self.waiting.set()

    def end(self):
        """Wait for what comes of it."""
        self._thread.join(60)
        (ended,) = self.ended
        return ended

    def request(self, method="GET", path=None, body=None, **headers):
        """Send a request as a browser at this page would, with other headers where they are given; None leaves out."""
        sent = {"Host": self.host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.putrequest(method, self.path if path is None else path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def post(self, password, *, form=None, **headers):
        """Send the form with a password."""
        form = self.form() if form is None else form
        body = urlencode({"form": form, "password": password}).encode()
        headers = {"Origin": f"http://{self.host}", "Content_Type": FORM, "Content_Length": len(body), **headers}
        return self.request("POST", body=body, **headers)

    def form(self):
        """Return the mark of the form as it is now."""
        return re.search(r'name="form" value="([^"]+)"', self.request().text)[1]


@pytest.fixture
def ask():
    """Start pages that ask; at the end, none still does."""
    given_up = threading.Event()
    started = []

    def waiting():
        if given_up.is_set():
            raise InterruptedError

    def start(check=None, **options):
        started.append(Asked(check, **{"waiting": waiting, **options}))
        return started[-1]

    yield start
    given_up.set()
    for each in started:
        each.end()
    serving = [each for each in threading.enumerate() if each.name == "swarmprov-unlock"]
    for each in serving:
        each.join(30)  # a page that is on its way still arrives
    assert not [each for each in serving if each.is_alive()]


# -- asking


def test_the_right_password_ends_it(ask):
    """The right password is tried once; the page says goodbye, and the port closes."""
    page = ask()
    answer = page.post(PASSWORD)

    assert (answer.status, page.tried) == (200, [PASSWORD])
    assert "close this tab" in answer.text
    assert page.end() is None
    with pytest.raises(ConnectionRefusedError):
        page.request()


def test_a_wrong_password_may_be_tried_again(ask):
    """A wrong one gives the form again with an alert that its field names, and then the right one is taken."""
    page = ask()
    answer = page.post("wrong")

    assert "That password is wrong. 2 tries left." in answer.text
    assert re.search(r'role="alert" id="problem"', answer.text)
    assert 'aria-describedby="problem"' in answer.text
    assert "1 try left" in page.post("wrong").text
    assert "close this tab" in page.post(PASSWORD).text
    assert page.end() is None


def test_three_wrong_passwords_end_it(ask):
    """After the third nothing more is tried, and whoever waits is told without a password."""
    page = ask()
    answers = [page.post(f"hunter{number}") for number in range(3)]
    error = page.end()

    assert "stays locked" in answers[-1].text
    assert isinstance(error, WalletError)
    assert "wrong 3 times" in error.what
    assert "hunter" not in str(error) + "".join(answer.text for answer in answers)


def test_an_empty_field_is_no_try(ask):
    """Nothing typed is asked for again, and costs no try."""
    page = ask()
    for _ in range(4):
        assert "Type the password." in page.post("").text
    assert page.tried == []


def test_a_form_counts_once(ask):
    """A form sent again, as by a reload, is not tried again and costs no try."""
    page = ask()
    form = page.form()
    page.post("wrong", form=form)
    for _ in range(4):
        assert "sent before" in page.post("wrong", form=form).text
    assert page.tried == ["wrong"]


def test_a_button_pressed_twice_tries_once(ask):
    """Two forms at once are tried one after another, and the second hears what came of the first."""
    entered, go_on = threading.Event(), threading.Event()
    page = ask(lambda _: (entered.set(), go_on.wait(30)) != ())
    form, said = page.form(), []
    threads = [threading.Thread(target=lambda: said.append(page.post(PASSWORD, form=form).text)) for _ in range(2)]
    for each in threads:
        each.start()
    assert entered.wait(30)
    while sum(each.name == unlock_page._THREAD for each in threading.enumerate()) < 3:  # the server's, and both forms'
        time.sleep(0.01)
    go_on.set()
    for each in threads:
        each.join(30)

    assert page.end() is None
    assert page.tried == [PASSWORD]
    assert any("Thank you" in text for text in said)
    assert all("Thank you" in text or "wrong" not in text for text in said)


def test_nobody_comes(ask):
    """Without an answer it ends with what to do, also for a kernel on another machine."""
    error = ask(timeout=0.2).end()

    assert isinstance(error, WalletError)
    assert "in time" in error.what
    assert "--password-file" in error.next_step


def test_a_password_that_is_being_tried_is_waited_for(ask, monkeypatch):
    """Time that passes while a password is tried ends nothing."""
    entered, go_on, clock = threading.Event(), threading.Event(), [0.0]
    monkeypatch.setattr(unlock_page, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    page = ask(lambda _: (entered.set(), go_on.wait(30))[1])
    sending = threading.Thread(target=page.post, args=(PASSWORD,))
    sending.start()
    assert entered.wait(30)
    clock[0] = 1_000.0
    page._thread.join(0.5)
    assert page.ended == []
    go_on.set()
    sending.join(30)

    assert page.end() is None


def test_whoever_waits_may_give_up():
    """What `waiting` raises comes out, and the port closes."""
    stop = threading.Event()

    def waiting():
        if stop.is_set():
            raise KeyboardInterrupt

    page = Asked(waiting=waiting)
    stop.set()

    assert isinstance(page.end(), KeyboardInterrupt)
    with pytest.raises(ConnectionRefusedError):
        page.request()


def test_a_check_that_fails_tells_no_password(ask):
    """Where trying itself fails, both sides are told so, and not with what was typed."""

    def fail(password):
        raise RuntimeError(password)

    page = ask(fail)
    answer, error = page.post(PASSWORD), page.end()

    assert "stays locked" in answer.text
    assert "could not be tried" in error.what
    assert (error.__cause__, error.__context__) == (None, None)
    assert PASSWORD not in repr(error)


# -- who may


def test_the_page_is_shut_off(ask):
    """It loads nothing, is framed by nobody, is kept nowhere, and says what wallet is meant, as text."""
    answer = ask().request()
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Server"] == "swarmprov"
    assert ADDRESS in answer.text
    assert "field &lt;b&gt;" in answer.text
    assert not re.findall(r"(?:src|href)=|@import|url\(|<script", answer.text)
    assert answer.text.count('autocomplete="off"') == 2


def test_it_listens_on_this_machine_only(ask):
    """The port is one of 127.0.0.1 alone, and another one each time."""
    page = ask()
    port = int(page.host.split(":")[1])

    assert page.host == f"127.0.0.1:{port}"
    with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.2", port), timeout=10):
        pass
    assert ask().path != page.path
    assert len(page.path.rpartition("/")[2]) >= 43  # 256 bits


@pytest.mark.parametrize("how", [
    {"path": "/"}, {"path": "/unlock/"}, {"path": "/favicon.ico"}, {"path": "/unlock/" + "A" * 43},
    {"Host": "localhost"}, {"Host": "evil.example"}, {"Host": None},
], ids=str)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_addresses_and_names_find_nothing(ask, how, method):
    """A wrong path or Host, as by DNS rebinding, gets an empty 404, whatever is sent."""
    page = ask()
    body = urlencode({"form": page.form(), "password": PASSWORD}).encode()
    own = {"Origin": f"http://{page.host}", "Content_Type": FORM, "Content_Length": len(body), **how}
    answer = page.request(method, own.pop("path", None), body, **own)

    assert (answer.status, answer.text, page.tried) == (404, "", [])


@pytest.mark.parametrize(("headers", "status"), [
    ({"Origin": None}, 403), ({"Origin": "null"}, 403), ({"Origin": "http://evil.example"}, 403),
    ({"Origin": "http://127.0.0.1"}, 403), ({"Origin": "http://localhost:1"}, 403),
    ({"Sec_Fetch_Site": "cross-site"}, 403), ({"Sec_Fetch_Site": "same-site"}, 403),
    ({"Content_Type": "text/plain"}, 415), ({"Content_Type": None}, 415),
    ({"Content_Length": "9000000"}, 413), ({"Content_Length": None}, 413), ({"Content_Length": "-1"}, 413),
], ids=str)  # fmt: skip
def test_forms_of_other_sites_are_refused(ask, headers, status):
    """A forged form is refused by its Origin, and what is no small form is too; nothing is tried."""
    page = ask()
    answer = page.post(PASSWORD, **headers)

    assert (answer.status, answer.text, page.tried) == (status, "", [])


def raw(page, data):
    """Send bytes, and return all that comes back."""
    port = int(page.host.split(":")[1])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as sender:
        sender.sendall(data)
        sender.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sender.recv(4096), b""))


@pytest.mark.parametrize("data", [
    b"", b"\r\n", b"nonsense\r\n\r\n", b"GET\r\n\r\n", b"GET /\xe9 HTTP/1.1\r\n\r\n",
    b"GET / HTTP/9\r\n\r\n", b"BREW /pot HTTP/1.1\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    bytes(range(256)),
], ids=range(10))  # fmt: skip
def test_nonsense_is_answered_without_being_repeated(ask, data):
    """Garbage gets a status without words, and the page still asks."""
    page = ask()
    answer = raw(page, data)

    assert answer.partition(b"\r\n\r\n")[2] == b""
    assert page.request().status == 200


def test_a_body_that_is_no_text_is_refused(ask):
    """Bytes that are no UTF-8, and too many fields, are a bad request."""
    page = ask()
    for body in (b"\xff\xfe=1", b"&".join(b"a%d=1" % n for n in range(9))):
        headers = {"Origin": f"http://{page.host}", "Content_Type": FORM, "Content_Length": len(body)}
        assert page.request("POST", body=body, **headers).status == 400
    assert page.tried == []


def test_nothing_is_logged_or_answered(ask, capfd, caplog):
    """Neither the console nor a log hears of the link or the password, and no answer repeats the password."""
    caplog.set_level(logging.DEBUG)
    page = ask()
    texts = [page.post("wrong one").text, page.request(path="/elsewhere").text, page.post(PASSWORD).text]
    page.end()
    said = "".join(capfd.readouterr()) + caplog.text

    assert said == ""
    assert not any(secret in text for text in texts for secret in (PASSWORD, "wrong one"))


# -- what a person sees


@contextmanager
def listening(page):
    """Collect what the browser complains of, and every address it asks."""
    complaints, addresses = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: addresses.append(request.url))
    yield complaints, addresses


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_person_unlocks_by_keyboard(ask, page, scheme):
    """In either theme the field has the focus, a wrong password is announced, the right one ends it; axe is content."""
    asked = ask()
    page.emulate_media(color_scheme=scheme)
    with listening(page) as (complaints, addresses):
        page.goto(asked.link)
        field = page.get_by_label("Password")
        expect(field).to_be_focused()
        expect(field).to_have_attribute("type", "password")
        page.keyboard.type("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That password is wrong. 2 tries left.")
        expect(field).to_have_value("")
        assert audited(page) == []
        expect(field).to_be_focused()
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Unlock")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("close this tab")
        assert audited(page) == []

    assert asked.end() is None
    assert asked.tried == ["wrong", PASSWORD]
    assert {*addresses} == {asked.link}
    assert complaints == []


def test_a_form_of_another_site_in_the_same_browser_is_refused(ask, page):
    """A page that knows the link sends a form by itself: it is refused, and no password is tried."""
    asked = ask()
    evil = f"<form method=post action='{asked.link}'><input name=password value=x></form>"
    page.route("http://127.0.0.1:9/**", lambda route: route.fulfill(body=evil, content_type="text/html"))
    page.goto("http://127.0.0.1:9/evil")
    with page.expect_response(asked.link) as answer:
        page.evaluate("document.forms[0].submit()")

    assert (answer.value.status, asked.tried) == (403, [])


def audited(page):
    """Return what axe-core finds wrong; it is injected past the page's policy, as a browser's own tools are."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run `jlpm install` in labextension")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document)")
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in result["violations"]]
