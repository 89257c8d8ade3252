"""``swarmprov keys``: wallets made, taken over, listed, chosen and removed, with nothing typed ever shown."""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
from pathlib import Path

import pytest
from eth_account import Account

from swarmprov_nb.chain.keystore_folder import new_keystore
from swarmprov_nb.cli import main
from swarmprov_nb.errors import UsageError, WalletError
from swarmprov_nb.home import Home
from swarmprov_nb.keys import chosen, new, open_wallet, remove, wallets

PASSWORD = "a password of the tests"
ROOT = Path(__file__).parents[1]


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def password_file(tmp_path):
    file = tmp_path / "password"
    file.touch(0o600)
    file.write_text(PASSWORD + "\n")
    return file


@pytest.fixture
def cheap(monkeypatch):
    """Make scrypt cheap where a command's default is not the point."""
    from swarmprov_nb.chain import keystore_file

    real = keystore_file.encrypted
    for module in ("keystore_file", "keystore_folder"):
        monkeypatch.setattr(
            f"swarmprov_nb.chain.{module}.encrypted", lambda key, password, *, n: real(key, password, n=2)
        )


def make(home, *names):
    return [new(home, name, lambda: PASSWORD, n=2) for name in names]


# -- which is meant


def test_without_wallets_the_way_to_one_is_told(home):
    """Nothing is chosen where there is nothing, and the error says what makes one."""
    with pytest.raises(UsageError, match="no wallet of your own") as caught:
        chosen(home)
    assert "swarmprov keys new" in caught.value.next_step


def test_the_only_wallet_is_meant(home):
    """One wallet needs no choice; it opens with its password and nothing else."""
    (made,) = make(home, "field")

    assert chosen(home) == chosen(home, "field") == made
    assert open_wallet(home).address == made.address
    assert open_wallet(home).locked


def test_of_several_the_settings_choose(home):
    """Of several one must be named, in the call or as `wallet` in the user's config.toml; a project has no say."""
    field, lab = make(home, "field", "lab")
    with pytest.raises(UsageError, match="2 wallets: field, lab"):
        chosen(home)
    home.config.write_text('wallet = "lab"\n')

    assert chosen(home) == lab
    assert chosen(home, "field") == field


def test_a_wallet_that_is_not_there_is_named(home):
    """A name in a call or in the settings that no wallet has is told with where it stands."""
    make(home, "field")
    with pytest.raises(UsageError, match="no wallet 'lab'"):
        chosen(home, "lab")
    home.config.write_text('wallet = "lab"\n')
    with pytest.raises(UsageError, match=r"config\.toml names"):
        chosen(home)


def test_a_damaged_wallet_is_not_chosen(home):
    """The only wallet, damaged, is told as such, and none is made in its place."""
    (made,) = make(home, "field")
    made.path.write_text("{}")
    with pytest.raises(WalletError, match="'field' cannot be used"):
        chosen(home)
    assert [each.name for each in wallets(home)] == ["field"]


def test_a_wallet_opens_by_its_password_file(home, password_file):
    """`open_wallet` with a password file signs without a person."""
    make(home, "field")
    wallet = open_wallet(home, password_file=password_file)
    with wallet.unlocked():
        assert not wallet.locked


def test_removing_forgets_the_remembered_password(home, monkeypatch):
    """With a wallet goes its password in the system's keyring."""
    (made,) = make(home, "field")
    forgotten = []
    monkeypatch.setattr("swarmprov_nb.keys.forget", forgotten.append)
    remove(home, "field")
    assert forgotten == [made.address]
    assert wallets(home) == ()


# -- the command


def test_a_wallet_is_made_listed_and_removed(home, password_file, capsys, cheap):
    """The address goes to standard output alone; what must not be forgotten is said beside it."""
    assert main(["keys", "new", "field", "--password-file", str(password_file)]) == 0
    said = capsys.readouterr()
    (made,) = wallets(home)
    assert said.out == f"{made.address}\n"
    assert f"Back this file up, and keep its password: {made.path}" in said.err
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600

    assert main(["keys", "list"]) == 0
    assert capsys.readouterr().out == f"field                {made.address}  (default)\n"
    assert main(["keys", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [
        {"name": "field", "address": made.address, "default": True, "problem": None}
    ]
    assert main(["keys", "show-address"]) == 0
    assert capsys.readouterr().out == f"{made.address}\n"

    assert main(["keys", "remove", "field"]) == 2  # nobody is there to say yes
    said = capsys.readouterr()
    assert "for ever, unless you have a copy" in said.err
    assert made.path.exists()
    assert main(["keys", "remove", "field", "--yes"]) == 0
    assert wallets(home) == ()


def test_a_keystore_and_a_key_file_are_taken_over(home, tmp_path, password_file, capsys, cheap):
    """--keystore takes another program's file with its password; --key-file a key in hex."""
    source = new_keystore(tmp_path / "geth", "theirs", lambda: PASSWORD, n=2)
    key, key_file = secrets.token_hex(32), tmp_path / "key"
    key_file.touch(0o600)
    key_file.write_text(f"{key}\n")
    words = ["--password-file", str(password_file)]

    assert main(["keys", "import", "old", "--keystore", str(source.path), *words]) == 0
    assert main(["keys", "import", "raw", "--key-file", str(key_file), *words]) == 0
    said = capsys.readouterr()
    assert said.out.split() == [source.address, Account.from_key(key).address]
    assert key not in said.err
    assert [each.name for each in wallets(home)] == ["old", "raw"]


@pytest.mark.parametrize("words", [["x", "{}"], ["x", "--key", "{}"], ["x", "--private-key={}"], ["{}"]], ids=str)
def test_a_key_on_the_command_line_is_refused(home, capsys, words):
    """A key as an argument is refused and not repeated: it is in the shell's history already."""
    key = secrets.token_hex(32)
    assert main(["keys", "import", *(each.format(key) for each in words)]) == 2
    said = capsys.readouterr()
    assert key not in said.out + said.err
    assert wallets(home) == ()


@pytest.mark.parametrize(("words", "told"), [
    (["keys"], "required: ACTION"),
    (["keys", "dance"], "invalid choice"),
    (["keys", "new", "Field"], "cannot be called 'Field'"),
    (["keys", "remove"], "required: name"),
    (["keys", "remove", "absent"], "no wallet 'absent'"),
    (["keys", "show-address"], "no wallet of your own"),
    (["keys", "import", "x", "--keystore", "a", "--key-file", "b"], "not allowed with"),
], ids=str)  # fmt: skip
def test_mistakes_are_told_in_two_lines(home, capsys, words, told):
    """Whatever cannot be meant gives exit code 2 and two lines."""
    assert main(words) == 2
    said = capsys.readouterr().err
    assert told in said
    assert len(said.splitlines()) == 2


def test_a_machine_without_people_is_told_the_ways(home, capsys, monkeypatch):
    """Without a terminal and a password file a new wallet is refused, with what to do, and nothing is made."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert main(["keys", "new"]) == 1
    assert "--password-file" in capsys.readouterr().err
    assert wallets(home) == ()


def test_an_empty_and_a_damaged_list(home, capsys):
    """No wallets is said beside an empty answer; a damaged one is listed with its problem."""
    assert main(["keys", "list"]) == 0
    said = capsys.readouterr()
    assert (said.out, "no wallet of your own" in said.err) == ("", True)
    (made,) = make(home, "field")
    made.path.chmod(0o644)
    assert main(["keys", "list"]) == 0
    assert "read by others" in capsys.readouterr().out


# -- a person at a terminal


class Terminal:
    """`swarmprov keys …` in a real terminal; `shown` is every byte of its screen."""

    def __init__(self, home, *words):
        pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
        env = {**os.environ, "SWARMPROV_HOME": str(home.root), "TERM": "dumb"}
        self._child = pexpect.spawn(sys.executable, ["-m", "swarmprov_nb.cli", "keys", *words], cwd=str(ROOT), env=env,
                                    timeout=120, encoding="utf-8", dimensions=(50, 200))  # fmt: skip
        self._eof = pexpect.EOF
        self._shown = []

    def answer(self, prompt, text, *, hidden=True):
        self._child.expect_exact(prompt)
        self._shown.append(self._child.before)
        if hidden:
            assert self._child.waitnoecho(60)
        self._child.sendline(text)

    def end(self):
        self._child.expect(self._eof)
        self._child.close()
        return self._child.exitstatus, "".join([*self._shown, self._child.before])


def test_a_person_makes_and_removes_a_wallet(home):
    """A password is typed twice and never shown; removing asks, and only yes removes."""
    making = Terminal(home, "new")
    making.answer("New password for the wallet: ", "short")
    making.answer("At least 8 characters. New password for the wallet: ", PASSWORD)
    making.answer("The same again: ", PASSWORD)
    code, shown = making.end()
    (made,) = wallets(home)
    assert (code, made.name) == (0, "main")
    assert made.address in shown
    assert PASSWORD not in shown
    assert Account.decrypt(made.path.read_text(), PASSWORD)

    for answer, code in (("n", 2), ("yes", 0)):
        removing = Terminal(home, "remove", "main")
        removing.answer("Delete the wallet 'main'? [y/N]", answer, hidden=False)
        assert removing.end()[0] == code
        assert made.path.exists() == (answer == "n")


def test_a_person_types_a_key(home):
    """A key and a password are typed at hidden prompts: no byte of them is on the screen or in another file."""
    key = secrets.token_hex(32)
    taking = Terminal(home, "import", "typed")
    taking.answer("Private key (it is not shown): ", key)
    taking.answer("New password for the wallet: ", PASSWORD)
    taking.answer("The same again: ", PASSWORD)
    code, shown = taking.end()

    assert code == 0
    assert Account.from_key(key).address in shown
    assert key[:16] not in shown
    assert PASSWORD not in shown
    files = [path.read_bytes() for path in home.root.rglob("*") if path.is_file()]
    assert not [each for each in files if key.encode() in each or PASSWORD.encode() in each]


# -- beside a publish


def test_wallets_are_no_obstacle_to_a_publish(study):
    """The scan for one's own keys passes over the folder of wallets: their keys are encrypted."""
    from swarmprov_nb.notebooks import Notebook
    from swarmprov_nb.planning import Choices
    from swarmprov_nb.publisher import Publisher
    from swarmprov_nb.publishing import plan_of
    from swarmprov_nb.showing import lineage

    home, notebook = study.home, Notebook.read(study.notebook)
    recorded = lineage(study.notebook, home=home)
    publisher = Publisher.of(home)
    before = plan_of(notebook, recorded, publisher, choices=Choices())
    make(home, "field")
    after = plan_of(notebook, recorded, publisher, choices=Choices())

    assert [each.id for each in after.findings] == [each.id for each in before.findings]
