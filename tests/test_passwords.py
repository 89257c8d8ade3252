"""Passwords: each way that one can come, in its order, and nobody asked where nobody is."""

from __future__ import annotations

import getpass
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest

from swarmprov_nb import passwords
from swarmprov_nb.chain.keystore_folder import Keystore
from swarmprov_nb.errors import MissingExtra, UsageError, WalletError
from swarmprov_nb.passwords import asking, forget, hidden, in_file, new_password, require_keyring

ADDRESS = "0xd41c057fd1c78805AAC12B0A94a405c0461A6FBb"
WALLET = Keystore("field", ADDRESS, Path("field.json"))
RIGHT = "the right password"


class Opens:
    """Knows the right password, and what was tried."""

    def __init__(self):
        self.tried = []

    def __call__(self, password):
        self.tried.append(password)
        return password == RIGHT


@pytest.fixture
def opens():
    return Opens()


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    """No terminal and no keyring, unless a test says so."""
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    monkeypatch.setitem(sys.modules, "keyring", None)


@pytest.fixture
def typed(monkeypatch):
    """A person at a terminal who types these, one after another; returns the prompts."""

    def sit(*texts):
        prompts, left = [], list(texts)

        def answer(prompt):
            prompts.append(prompt)
            return left.pop(0)

        monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
        monkeypatch.setattr(getpass, "getpass", answer)
        return prompts

    return sit


class Ring:
    """A system's keyring; `broken` raises at every touch."""

    def __init__(self, priority=5, *, broken=()):
        self.kept, self.priority, self.broken = {}, priority, broken

    def get_keyring(self):
        return self

    def _touch(self, name):
        if name in self.broken:
            raise RuntimeError("the collection is locked")

    def get_password(self, service, name):
        self._touch("get")
        return self.kept.get((service, name))

    def set_password(self, service, name, password):
        self._touch("set")
        self.kept[service, name] = password

    def delete_password(self, service, name):
        self._touch("delete")
        del self.kept[service, name]


@pytest.fixture
def ring(monkeypatch):
    def install(**options):
        ring = Ring(**options)
        monkeypatch.setitem(sys.modules, "keyring", ring)
        return ring

    return install


def password_file(folder, text=RIGHT, mode=0o600):
    file = folder / "password"
    file.touch(0o600)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    file.chmod(mode)
    return file


# -- a file


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_opens(tmp_path, opens, end):
    """The file's text without the end of its line is the password; nobody else is asked."""
    asking(WALLET, file=password_file(tmp_path, RIGHT + end), page=pytest.fail)(opens)
    assert opens.tried == [RIGHT]


def test_blanks_of_a_password_stay(tmp_path):
    """Only the end of the line is taken off: blanks and empty lines may be meant."""
    assert in_file(password_file(tmp_path, "  two words \n\n")) == "  two words \n"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused(tmp_path, opens, mode):
    """A password file must be its owner's alone; the error says which command mends it."""
    file = password_file(tmp_path, mode=mode)
    with pytest.raises(WalletError, match="read by others") as caught:
        asking(WALLET, file=file)(opens)
    assert caught.value.next_step == f"Close it by: chmod 600 '{file}'"
    assert opens.tried == []


def test_a_wrong_file_is_told_and_nobody_is_asked(tmp_path, opens, typed, ring):
    """Where the named file is wrong, that is the error: no other way is tried instead."""
    ring().set_password("swarmprov", ADDRESS, RIGHT)
    prompts = typed(RIGHT)
    with pytest.raises(WalletError, match="does not open the wallet 'field'") as caught:
        asking(WALLET, file=password_file(tmp_path, "something else"))(opens)
    assert "something" not in str(caught.value)
    assert prompts == []


def test_a_file_without_text_is_refused(tmp_path):
    """Bytes that are no UTF-8 are refused, and no error carries them."""
    with pytest.raises(WalletError, match="holds no text") as caught:
        in_file(password_file(tmp_path, b"\xff\xfe\xfd"))
    assert caught.value.__context__ is None


# -- a person


def test_a_person_at_a_terminal_has_three_tries(opens, typed):
    """The prompt names the wallet, says when it was wrong, and takes the right one."""
    prompts = typed("one", "two", RIGHT)
    asking(WALLET)(opens)
    assert opens.tried == ["one", "two", RIGHT]
    assert prompts[0] == "Password of the wallet 'field': "
    assert prompts[1].startswith("That is wrong. ")


def test_three_wrong_passwords_are_enough(opens, typed):
    """After three, two sentences."""
    typed("one", "two", "three")
    with pytest.raises(WalletError, match="wrong 3 times"):
        asking(WALLET)(opens)


def test_a_page_is_asked_where_there_is_one(opens, typed):
    """A kernel with a front end asks by its page, with the wallet's address, and not at a terminal it may have."""
    prompts, seen = typed(RIGHT), []
    asking(WALLET, page=lambda address, opens: seen.append((address, opens(RIGHT))))(opens)
    assert seen == [(ADDRESS, True)]
    assert prompts == []


def test_nobody_is_asked_where_nobody_is(opens):
    """Without terminal, page, file and keyring the error names the ways."""
    with pytest.raises(WalletError, match="nobody can be asked") as caught:
        asking(WALLET)(opens)
    for way in ("terminal", "--password-file", "keyring"):
        assert way in caught.value.next_step
    with pytest.raises(WalletError, match="Nobody can type"):
        hidden("Password: ")


def test_a_terminal_that_shows_what_is_typed_is_refused(monkeypatch, typed):
    """Where the prompt cannot be hidden, nothing is asked; a closed terminal is told too."""
    typed()

    def fallback(prompt):
        warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=2)
        return "visible"

    monkeypatch.setattr(getpass, "getpass", fallback)
    with pytest.raises(WalletError, match="would show"):
        hidden("Password: ")

    def closed(prompt):
        raise EOFError

    monkeypatch.setattr(getpass, "getpass", closed)
    with pytest.raises(WalletError, match="No password was typed"):
        hidden("Password: ")


# -- the keyring


def test_the_keyring_is_asked_before_a_person(opens, ring, typed):
    """What the keyring remembers opens, and nobody types."""
    ring().set_password("swarmprov", ADDRESS, RIGHT)
    prompts = typed()
    asking(WALLET)(opens)
    assert (opens.tried, prompts) == ([RIGHT], [])


@pytest.mark.parametrize("kept", [None, "", "the password of before"])
def test_a_keyring_that_does_not_know_leaves_it_to_the_person(opens, ring, typed, kept):
    """Where the keyring has nothing, or an old password, the person is asked."""
    if kept is not None:
        ring().set_password("swarmprov", ADDRESS, kept)
    typed(RIGHT)
    asking(WALLET)(opens)
    assert opens.tried[-1] == RIGHT


def test_a_broken_keyring_is_no_obstacle(opens, ring, typed):
    """A keyring that is locked or out of reach is passed over."""
    ring(broken=("get",))
    typed(RIGHT)
    asking(WALLET)(opens)
    assert opens.tried == [RIGHT]
    assert not forget(ADDRESS)


def test_nothing_is_remembered_unasked(opens, ring, typed):
    """Without --remember the keyring stays as it was."""
    kept = ring().kept
    typed(RIGHT)
    asking(WALLET)(opens)
    assert kept == {}


def test_the_right_password_is_remembered_when_asked(opens, ring, typed):
    """With --remember the person is asked, and only what opened the wallet is kept; forgetting takes it out."""
    kept = ring().kept
    typed("wrong", RIGHT)
    asking(WALLET, remember=True)(opens)
    assert kept == {("swarmprov", ADDRESS): RIGHT}
    assert forget(ADDRESS)
    assert (kept, forget(ADDRESS)) == ({}, False)


def test_a_password_from_a_file_is_remembered_too(tmp_path, opens, ring):
    """--remember goes with --password-file."""
    kept = ring().kept
    asking(WALLET, file=password_file(tmp_path), remember=True)(opens)
    assert list(kept.values()) == [RIGHT]


@pytest.mark.parametrize("priority", [0, 0.5])
def test_a_keyring_in_the_open_is_none(opens, ring, typed, priority):
    """A keyring that keeps plain text, or nothing, is refused before anybody types."""
    ring(priority=priority)
    prompts = typed(RIGHT)
    with pytest.raises(MissingExtra, match="no keyring") as caught:
        asking(WALLET, remember=True)(opens)
    assert "swarmprov-nb[keyring]" in caught.value.next_step
    assert (opens.tried, prompts) == ([], [])


def test_a_keyring_that_takes_nothing_is_told(opens, ring, typed):
    """A password that could not be kept is an error of two sentences, without the password."""
    ring(broken=("set",))
    typed(RIGHT)
    with pytest.raises(WalletError, match="did not take") as caught:
        asking(WALLET, remember=True)(opens)
    assert RIGHT not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_real_keyring_remembers(opens, monkeypatch, typed):
    """The keyring package itself, with a backend of the test, keeps and gives back."""
    monkeypatch.delitem(sys.modules, "keyring")
    keyring = pytest.importorskip("keyring", reason="keyring is not installed: pip install 'swarmprov-nb[keyring]'")

    class Backend(keyring.backend.KeyringBackend):
        priority = 5
        kept: dict = {}  # noqa: RUF012 - of the test

        def get_password(self, service, username):
            return self.kept.get((service, username))

        def set_password(self, service, username, password):
            self.kept[service, username] = password

        def delete_password(self, service, username):
            del self.kept[service, username]

    before = keyring.get_keyring()
    keyring.set_keyring(Backend())
    try:
        require_keyring()
        typed(RIGHT)
        asking(WALLET, remember=True)(opens)
        asking(WALLET)(opens)
        assert opens.tried == [RIGHT, RIGHT]
        assert forget(ADDRESS)
    finally:
        keyring.set_keyring(before)


# -- a new password


def test_a_new_password_is_typed_twice(typed):
    """Short ones and two that differ are asked again, and the prompt says why."""
    prompts = typed("short", "long enough", "something else", "long enough", "long enough")
    assert new_password() == "long enough"
    assert "At least 8" in prompts[1]
    assert "two different" in prompts[3]


def test_a_person_who_cannot_decide_makes_nothing(typed):
    """After three attempts nothing is made."""
    typed("1", "2", "3")
    with pytest.raises(UsageError, match="nothing was made"):
        new_password()


def test_a_new_password_may_come_from_a_file(tmp_path):
    """A file's text is taken as it is, if it is long enough."""
    assert new_password(password_file(tmp_path)) == RIGHT
    with pytest.raises(UsageError, match="fewer than 8"):
        new_password(password_file(tmp_path, "short\n"))


def test_no_variable_and_no_argument_gives_a_password(monkeypatch, opens):
    """Variables of the environment are no way, whatever their names."""
    for name in ("SWARMPROV_PASSWORD", "SWARMPROV_KEY", "SWARMPROV_PASSWORD_FILE", "KEYSTORE_PASSWORD"):
        monkeypatch.setenv(name, RIGHT)
    with pytest.raises(WalletError):
        asking(WALLET)(opens)
    assert opens.tried == []
    assert "environ" not in Path(passwords.__file__).read_text("utf-8")
