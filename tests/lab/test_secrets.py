"""What leaves the kernel for the browser, and stays in the notebook: no key, no salt, no place, no user's name."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import socket
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from labs import Lab, needs_extension
from playwright.sync_api import expect
from real_networks import PASSWORD, funded_wallet, mark_public
from world_clicks import STUDY, choose_the_world, press, reference_of, unlock

from swarmprov_nb.chain.keystore_file import decrypted, read_keystore
from swarmprov_nb.home import Home
from swarmprov_nb.receipts import receipts
from swarmprov_nb.testing import FakeBee

USER = "ursula-of-the-tests"
KEPT = "kept-at-home-7f3a"
TOKEN = "ghp_" + hashlib.sha256(b"no token").hexdigest()[:36]
FAKE_KEY = hashlib.sha256(b"no key").hexdigest()
SEEDED = (
    "%load_ext swarmprov",
    "import pandas as pd, swarmprov\npeople = pd.DataFrame({'name': ['Marguerite Exampleton'], 'age': [41]})",
    "people = swarmprov.dataset(people, title='People', license='CC0-1.0', personal_data='personal')",
    "%%provenance ages --dataset ages --license CC0-1.0\nages = people[['age']].mean()\nages.to_csv('ages.csv')",
    f"print('{TOKEN[:12]}' + '{TOKEN[12:]}')\nprint('private_key = ' + '{FAKE_KEY[:30]}' + '{FAKE_KEY[30:]}')",
    "%provenance",
    "%publish",
    "%publish --widget",
)
COMM = {"comm_open", "comm_msg", "comm_close"}
WITH_KEY = re.compile(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{128}(?![0-9a-fA-F])")
PUBLISH = re.compile(r"^Publish \d+ items?$")


@dataclass
class Overheard:
    """Every frame of every websocket of a page, and its console."""

    frames: list[bytes] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    def listen(self, page) -> None:
        page.on("websocket", self._socket)
        page.on("console", lambda message: self.console.append(message.text))

    def _socket(self, opened) -> None:
        opened.on("framesent", self._take)
        opened.on("framereceived", self._take)

    def _take(self, payload: str | bytes) -> None:
        self.frames.append(payload.encode() if isinstance(payload, str) else payload)

    @property
    def everything(self) -> bytes:
        return b"\n".join([*self.frames, *(text.encode() for text in self.console)])

    def of_type(self, types: set[str]) -> list[bytes]:
        """Return the content and buffers of the kernel messages of these types."""
        parts = [parts_of(frame) for frame in self.frames]
        return [b"\n".join(each[4:]) for each in parts if each and json.loads(each[1])["msg_type"] in types]

    def last_of_type(self, types: set[str]) -> bytes:
        """Return the newest of them."""
        return self.of_type(types)[-1]


def parts_of(frame: bytes) -> list[bytes]:
    """Split a frame of v1.kernel.websocket.jupyter.org: channel, header, parent, metadata, content, buffers.

    https://jupyter-server.readthedocs.io/en/latest/developers/websocket-protocols.html
    """
    if frame[:1] == b"{":
        message = json.loads(frame)
        if "msg_type" not in message.get("header", {}):
            return []  # an event of the server
        names = ("header", "parent_header", "metadata", "content")
        return [message["channel"].encode(), *(json.dumps(message[name]).encode() for name in names)]
    count = int.from_bytes(frame[:8], "little")
    offsets = [int.from_bytes(frame[8 * n : 8 * n + 8], "little") for n in range(1, count + 1)]
    return [frame[start:end] for start, end in pairwise([*offsets, len(frame)])]


def spellings(secret: bytes) -> set[bytes]:
    """Return how a secret may be written: raw, hex, and base64 wherever it begins in what is encoded."""
    shifted = [base64.b64encode(b"\0" * shift + secret)[4 * bool(shift) : -4] for shift in range(3)]
    web = [each.replace(b"+", b"-").replace(b"/", b"_") for each in shifted]
    return {secret, secret.hex().encode(), secret.hex().upper().encode(), *shifted, *web}


def secrets_of(home: Home) -> dict[str, bytes]:
    """Return every secret that a home holds: its keys, and the salts of what was hidden."""
    found = {path.name: path.read_bytes() for path in home.keys.iterdir() if path.is_file()}
    for name, value in list(found.items()):
        if re.fullmatch(rb"(0x)?[0-9a-fA-F]{64}\s*", value):
            found[f"{name} as bytes"] = bytes.fromhex(value.decode().strip().removeprefix("0x"))
    salts = [salt for receipt in receipts(home) for salt in receipt.salts.values()]
    assert salts, "the personal dataset was not hidden"
    return {**found, **{f"salt {n}": bytes.fromhex(salt) for n, salt in enumerate(salts)}}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab of a user whose name and home can be told from everything else."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed: pip install 'swarmprov-nb[lab]'")
    needs_extension()
    place = tmp_path_factory.mktemp("lab") / USER
    place.mkdir()
    with pytest.MonkeyPatch.context() as environment:
        for name in ("LOGNAME", "USER"):
            environment.setenv(name, USER)
        server = Lab("jupyterlab", place)
        server.home = place / KEPT
        server.start()
        yield server
        server.stop()


def test_a_whole_run_tells_nobody_a_secret(open_notebook, tabs):
    """Recorded, drawn, previewed, published, verified: no frame, no saved byte and no line of the console tells one."""
    heard = Overheard()
    tabs.on("page", heard.listen)
    notebook = open_notebook(*SEEDED)
    notebook.show_panel()
    notebook.run_all()
    publish_with_every_button(notebook)
    save(notebook)
    home, saved = Home(notebook.server.home), notebook.path.read_bytes()
    ours = b"\n".join(heard.of_type(COMM))

    assert b"swarmprov-publish" in ours or b'"phase"' in ours, "the frames could not be read"
    for where, text in {"frames and console": heard.everything, "saved notebook": saved}.items():
        for name, secret in secrets_of(home).items():
            assert not [each for each in spellings(secret) if each in text], f"{name} in the {where}"
        assert not WITH_KEY.findall(text), f"a reference with a key in the {where}"
        assert told(text, KEPT) == [], f"the home in the {where}"
    for name in (USER, socket.gethostname(), str(notebook.server.place)):
        assert told(ours, name) == [], f"{name} in our messages"
    for name in (USER, str(notebook.server.place)):
        assert told(saved, name) == [], f"{name} in the saved notebook"


def test_what_an_output_showed_stays_there(open_notebook, tabs):
    """A token in an output is in that output alone: our messages, findings too, show three characters at most."""
    heard = Overheard()
    tabs.on("page", heard.listen)
    notebook = open_notebook(*SEEDED[:5])
    notebook.show_panel()
    notebook.run_all()
    notebook.command("swarmprov:publish")
    preview = notebook.panel.locator(".swarmprov-publish[data-phase='preview']")
    expect(preview).to_be_visible(timeout=60_000)
    preview.get_by_label(re.compile("outputs", re.IGNORECASE)).check()
    finding = preview.locator(".swarmprov-findings li").first
    expect(finding).to_be_visible(timeout=30_000)
    expect(preview.get_by_role("button", name=PUBLISH)).to_have_attribute("aria-disabled", "true")
    save(notebook)
    saved = json.loads(notebook.path.read_bytes())
    outputs = json.dumps(saved["cells"][4].pop("outputs"))

    for secret in (TOKEN, FAKE_KEY):
        assert secret in outputs
        assert told(b"\n".join(heard.of_type({"stream"})), secret), "the frames could not be read"
        assert told(b"\n".join(heard.of_type(COMM)), secret) == []
        assert told(json.dumps(saved).encode(), secret) == []
        assert told("\n".join(heard.console).encode(), secret) == []
    assert told(b"\n".join(heard.of_type(COMM)), "Exampleton") == []


def test_a_wallet_of_ones_own_is_opened_without_a_trace(lab, open_notebook, tabs, anvil_url):
    """Unlocked from the panel and from %publish: no key and no password in any frame, console or saved byte.

    The pages' addresses are in frames while they wait, in nothing that is saved, and dead afterwards; an address of a
    node that was typed goes to the kernel once and does not come back.
    """
    heard = Overheard()
    tabs.on("page", heard.listen)
    home = Home(lab.home)
    mark_public(home, anvil_url)
    made = funded_wallet(home, anvil_url)
    with FakeBee() as bee:
        notebook = open_notebook(*STUDY, "%publish --chain anvil --yes")
        notebook.show_panel()
        notebook.command("notebook:run-all-cells")
        in_cell = notebook.cells.last.get_by_role("link", name="Unlock wallet work")
        pages = [unlock(in_cell, notebook.page, PASSWORD)]
        expect(notebook.cells.last).to_contain_text("reference", timeout=90_000)
        expect(notebook.cells.last).to_contain_text("The wallet work was asked for on its page.")
        expect(in_cell).to_have_count(0)
        choose_the_world(notebook, f"{bee.url}/")
        notebook.panel.get_by_label("State every cell run").check()  # another work, which is signed anew
        press(notebook)
        link = notebook.panel.get_by_role("link", name="Unlock wallet work")
        pages.append(unlock(link, notebook.page, PASSWORD))
        reference_of(notebook)
        expect(link).to_have_count(0)
        save(notebook)
    saved, file = notebook.path.read_bytes(), made.path.read_bytes()
    key = decrypted(read_keystore(file, "keystore"), PASSWORD, "keystore")
    assert key is not None
    ours = b"\n".join(heard.of_type({*COMM, "display_data", "update_display_data"}))

    for where, text in {"frames and console": heard.everything, "saved notebook": saved}.items():
        for name, secret in {"key": key, "password": PASSWORD.encode(), "keystore": file}.items():
            assert not [each for each in spellings(secret) if each in text], f"{name} in the {where}"
    assert len({*pages}) == 2
    for page in pages:
        assert page.encode() in ours, "the frames could not be read"
        assert page.rpartition("/")[2].encode() not in saved
        assert page.encode() not in heard.last_of_type(COMM)
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(page, timeout=10)
    assert ours.count(f'{bee.url}/"'.encode()) == 1


def publish_with_every_button(notebook) -> None:
    """Draw, publish, read the page, complete a licence and verify, as a person does in the panel."""
    panel = notebook.panel
    panel.get_by_role("button", name="Graph").click()
    expect(notebook.page.locator(".swarmprov-graphview .swp-node").first).to_be_visible()
    notebook.command("swarmprov:publish")
    panel.get_by_role("combobox", name=re.compile("licence", re.IGNORECASE)).press_sequentially("cc-by")
    panel.get_by_role("option").filter(has_text="CC-BY-4.0").first.click()
    button = panel.get_by_role("button", name=PUBLISH)
    expect(button).to_have_attribute("aria-disabled", "false", timeout=60_000)
    button.click()
    receipt = panel.locator(".swarmprov-publish[data-phase='receipt']")
    expect(receipt).to_be_visible(timeout=90_000)
    reference = receipt.locator(".swarmprov-terms code").first.get_attribute("title")
    with notebook.page.context.expect_page() as page:
        receipt.get_by_role("button", name="Open page").click()
    page.value.close()
    notebook.command("swarmprov:verify")
    panel.get_by_label("Reference", exact=True).fill(reference)
    panel.get_by_role("button", name="Verify", exact=True).click()
    expect(panel.locator(".swarmprov-verify[data-phase='report']")).to_be_visible(timeout=60_000)


def save(notebook) -> None:
    """Go to the notebook, save it, and wait until it is."""
    notebook.command("docmanager:open", path=notebook.path.name)
    notebook.page.wait_for_function("() => !!window.jupyterapp.shell.currentWidget?.context")
    notebook.command("docmanager:save")
    notebook.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")


def told(text: bytes, what: str) -> list[bytes]:
    """Return what stands around each place that tells `what`."""
    whole_word = rb"(?<![\w-])" + re.escape(what.encode()) + rb"(?![\w-])"
    return [text[max(0, m.start() - 120) : m.end() + 60] for m in re.finditer(whole_word, text)]
