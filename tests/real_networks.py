"""A chain and a wallet as a person has them, on a development node: shared by tests that publish to the world."""

from __future__ import annotations

import re
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from swarmprov_nb import keys
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.rpc import ask
from swarmprov_nb.deploying import deploy
from swarmprov_nb.home import Home
from swarmprov_nb.publisher import Publisher

PASSWORD = "a long password of tests"  # made up here, for wallets that are gone with their test


def mark_public(home: Home, url: str) -> None:
    """Have a home's settings count a development node as a public chain, called anvil; our contract stands there."""
    with tempfile.TemporaryDirectory() as folder:
        deploy(Publisher.of(Home(Path(folder)), chain=url), consent=lambda _: True)
    home.private_folder(home.root)
    home.config.write_text(f'[chains.anvil]\nrpc = "{url}"\npublic = true\n')


def finalize(url: str) -> None:
    """Let the development node make the blocks after which it calls an earlier one final."""
    ask(HttpRpc(url), "anvil_mine", "0x80")


def funded_wallet(home: Home, url: str, *, name: str = "work", password: str = PASSWORD) -> keys.Keystore:
    """Make a wallet of the home's user, with one coin on the development node."""
    made = keys.new(home, name, lambda: password, n=2)
    ask(HttpRpc(url), "anvil_setBalance", made.address, hex(10**18))
    return made


def unlock(link: str, password: str) -> str:
    """Give a password on the page that asks for it, as a browser does; returns what the page says then."""
    with urllib.request.urlopen(link, timeout=30) as answer:
        form = re.search(r'name="form"[^>]*value="([^"]+)"', answer.read().decode())
    assert form is not None
    origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(link))
    body = urllib.parse.urlencode({"form": form[1], "password": password}).encode()
    asked = urllib.request.Request(link, body, {"Origin": origin})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return answer.read().decode()
