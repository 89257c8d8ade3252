"""The keystore wallet: a key under a password, open only while it signs, and seen by nobody."""

from __future__ import annotations

import base64
import copy
import json
import os
import pickle
import secrets
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from swarmprov_nb.chain.asking import asked
from swarmprov_nb.chain.held_key import HeldKey
from swarmprov_nb.chain.keystore import KeystoreWallet, unlocked
from swarmprov_nb.chain.keystore_folder import (
    import_key,
    import_keystore,
    list_keystores,
    new_keystore,
    remove_keystore,
)
from swarmprov_nb.chain.networks import EMBEDDED
from swarmprov_nb.chain.sealed import sealed
from swarmprov_nb.chain.wallet import DevWallet, Wallet
from swarmprov_nb.errors import UsageError, WalletError

REPOSITORY = Path(__file__).parent.parent
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
PASSWORD = "a password of the tests"
FAST = 2  # of scrypt's n
DATA = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}],
        "Seal": [{"name": "manifest", "type": "bytes32"}, {"name": "role", "type": "string"}],
    },
    "primaryType": "Seal",
    "domain": {"name": "swarmprov", "version": "1"},
    "message": {"manifest": "0x" + "11" * 32, "role": "author"},
}
TRANSACTION = {
    "type": 2, "chainId": 100, "nonce": 0, "to": "0x" + "55" * 20, "value": 0, "data": b"", "gas": 21_000,
    "maxFeePerGas": 2, "maxPriorityFeePerGas": 1,
}  # fmt: skip

# The PBKDF2 vector of ethereum.org's "Web3 Secret Storage Definition"; it states no address.
VECTOR = {
    "crypto": {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": "6087dab2f9fdbbfaddc31a909735c1e6"},
        "ciphertext": "5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46",
        "kdf": "pbkdf2",
        "kdfparams": {
            "c": 262144, "dklen": 32, "prf": "hmac-sha256",
            "salt": "ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd",
        },
        "mac": "517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2",
    },
    "id": "3198bc9c-6672-5ab3-d995-4942343ae5b6",
    "version": 3,
}  # fmt: skip
VECTOR_ADDRESS = "0x008AeEda4D805471dF9b2A5B0f38A0C3bCBA786b"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys" / "wallets"


@pytest.fixture
def made(folder):
    return new_keystore(folder, "field", lambda: PASSWORD, n=FAST)


class Person:
    """Gives these passwords, one after another, and counts how often they are asked."""

    def __init__(self, *passwords):
        self.passwords = passwords or (PASSWORD,)
        self.asked = 0

    def __call__(self, opens):
        self.asked += 1
        for password in self.passwords:
            if opens(password):
                return


@pytest.fixture
def wallet(made):
    return KeystoreWallet(made.path, Person())


def key_in(path, password=PASSWORD):
    return bytes(Account.decrypt(path.read_text(), password))


def changed(path, change):
    """Change a keystore's JSON in place."""
    stored = json.loads(path.read_text())
    change(stored)
    path.write_text(json.dumps(stored))


# -- what is made


def test_a_new_wallet_is_a_keystore_that_others_read(made, folder):
    """A new wallet is a v3 file with scrypt that eth_account opens, 0600 in a 0700 folder, and leaves no draft."""
    stored = json.loads(made.path.read_text())

    assert (stored["version"], stored["crypto"]["kdf"]) == (3, "scrypt")
    assert Account.from_key(key_in(made.path)).address == made.address
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [each.name for each in folder.iterdir()] == ["field.json"]


def test_the_default_cost_is_the_usual_one(folder):
    """Without another word scrypt runs with n = 2^18, r = 8, p = 1."""
    made = new_keystore(folder, "slow", lambda: PASSWORD)

    parameters = json.loads(made.path.read_text())["crypto"]["kdfparams"]
    assert (parameters["n"], parameters["r"], parameters["p"]) == (262_144, 8, 1)


@pytest.mark.parametrize("name", ["", "-x", "Field", "a b", "a/b", "..", "x" * 41, "dev", "é"])
def test_a_name_that_cannot_be_one_is_refused(folder, name):
    """Names are 1 to 40 of a-z, 0-9 and '-'; nobody is asked for a password before."""
    with pytest.raises(UsageError, match="cannot be called"):
        new_keystore(folder, name, lambda: pytest.fail("asked"), n=FAST)
    assert list_keystores(folder) == ()


def test_a_key_given_as_a_name_is_not_repeated(folder):
    """Whoever types a key where a name belongs does not see it again in the error."""
    key = secrets.token_hex(32)
    with pytest.raises(UsageError) as caught:
        new_keystore(folder, key, lambda: PASSWORD, n=FAST)
    assert key[:8] not in str(caught.value)


def test_a_name_that_is_taken_is_refused(made, folder):
    """A wallet is never replaced: the name is refused before anybody types a password."""
    before = made.path.read_bytes()
    with pytest.raises(UsageError, match="already"):
        new_keystore(folder, "field", lambda: pytest.fail("asked"), n=FAST)
    assert made.path.read_bytes() == before


def test_processes_that_make_one_name_at_once_agree(folder):
    """Of processes that make the same wallet together one does, and the others are told and change nothing."""
    code = (
        "import sys; from pathlib import Path; from swarmprov_nb.errors import UsageError\n"
        "from swarmprov_nb.chain.keystore_folder import list_keystores, new_keystore\n"
        "import eth_account\n"
        "def late():\n print('ready', flush=True); sys.stdin.readline(); return 'a long password'\n"
        "try: print('made', new_keystore(Path(sys.argv[1]), 'one', late, n=2).address)\n"
        "except UsageError: print('told', list_keystores(Path(sys.argv[1]))[0].address)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=REPOSITORY, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    assert [each.stdout.readline() for each in running] == ["ready\n"] * 2  # each found the name free
    for each in running:
        each.stdin.write("\n")
        each.stdin.flush()
    said = [each.communicate(timeout=60)[0].split() for each in running]

    assert sorted(word for word, _ in said) == ["made", "told"]
    assert {address for _, address in said} == {list_keystores(folder)[0].address}
    assert [each.name for each in folder.iterdir()] == ["one.json"]


# -- signing


def test_it_signs_as_the_dev_wallet_does(made, wallet, tmp_path):
    """With the same key it gives the same 65 bytes, v 27 or 28 and low s, from which eth_account recovers it."""
    place = tmp_path / "other"
    place.mkdir(mode=0o700)
    (place / "dev-wallet.key").touch(mode=0o600)
    (place / "dev-wallet.key").write_text(key_in(made.path).hex())
    signature = wallet.sign_typed_data(DATA)

    assert signature == DevWallet(place / "dev-wallet.key").sign_typed_data(DATA)
    assert len(signature) == 65
    assert signature[64] in {27, 28}
    assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
    assert Account.recover_message(encode_typed_data(full_message=DATA), signature=signature) == wallet.address


def test_it_signs_transactions_of_public_chains(wallet):
    """A transaction for a public network is signed, and is recovered to the wallet."""
    assert Account.recover_transaction(wallet.sign_transaction(TRANSACTION)) == wallet.address


@pytest.mark.parametrize("chain_id", [None, 0, -1, "1", True, 31337, 1337, EMBEDDED.chain_id])
def test_transactions_of_private_chains_are_refused(made, chain_id):
    """No transaction is signed for the embedded chain, a development node or no chain; nobody is asked."""
    person = Person()
    with pytest.raises(UsageError):
        KeystoreWallet(made.path, person).sign_transaction({**TRANSACTION, "chainId": chain_id})
    assert person.asked == 0


def test_a_network_that_the_user_marked_public_is_signed_for(made):
    """A development chain that the settings mark as public is signed for; the embedded chain never is."""
    wallet = KeystoreWallet(made.path, Person(), private_chains=[31337, EMBEDDED.chain_id])

    assert Account.recover_transaction(wallet.sign_transaction({**TRANSACTION, "chainId": 31337})) == wallet.address
    with pytest.raises(UsageError, match="embedded"):
        wallet.sign_transaction({**TRANSACTION, "chainId": EMBEDDED.chain_id})


def test_nonsense_is_not_signed(made):
    """What is no EIP-712 data and no transaction is a usage error; for the first nobody is asked."""
    person = Person()
    wallet = KeystoreWallet(made.path, person)
    with pytest.raises(UsageError, match="EIP-712"):
        wallet.sign_typed_data({"message": "hello"})
    assert person.asked == 0
    with pytest.raises(UsageError, match="cannot be signed"):
        wallet.sign_transaction({"chainId": 1, "nonsense": 1})


# -- open and locked


def test_one_publish_asks_once(made):
    """Within a block the password is asked once, however much is signed and nested; after it, again."""
    person = Person()
    wallet = KeystoreWallet(made.path, person)
    with wallet.unlocked(), wallet.unlocked():
        wallet.sign_typed_data(DATA)
        wallet.sign_transaction(TRANSACTION)
        assert not wallet.locked
    assert (person.asked, wallet.locked) == (1, True)
    wallet.sign_typed_data(DATA)
    assert (person.asked, wallet.locked) == (2, True)


def test_threads_share_one_answer(made):
    """Threads that come while a person is asked wait, and then ask nobody."""
    person = Person()
    wallet = KeystoreWallet(made.path, lambda opens: (there.wait(30), person(opens)))
    there, signatures = threading.Event(), []
    go_on = threading.Barrier(4)

    def sign():
        with wallet.unlocked():
            go_on.wait(30)
            signatures.append(wallet.sign_typed_data(DATA))

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for each in threads:
        each.start()
    there.set()
    for each in threads:
        each.join(30)

    assert (len(set(signatures)), len(signatures), person.asked, wallet.locked) == (1, 4, 1, True)


def test_what_ends_a_block_locks_it(wallet):
    """An exception in the block locks the wallet too."""
    with pytest.raises(KeyError), wallet.unlocked():
        raise KeyError
    assert wallet.locked


def test_a_wrong_password_may_be_followed_by_the_right_one(made):
    """Each wrong password answers False, the right one opens."""
    assert KeystoreWallet(made.path, Person("wrong", "", "ключ", "\udcff", PASSWORD)).sign_typed_data(DATA)


def test_nothing_but_wrong_passwords_is_told(made):
    """Where no password was right, two sentences say so, and none of them shows what was typed."""
    wallet = KeystoreWallet(made.path, Person("hunter-2", "hunter-3"))
    with pytest.raises(WalletError, match="password is wrong") as caught:
        wallet.sign_typed_data(DATA)
    assert "hunter" not in str(caught.value)
    assert wallet.locked


def test_a_password_that_comes_too_late_opens_nothing(made):
    """What a page still opens after everybody gave up is wiped, and the wallet stays locked."""
    kept = []

    def ask(opens):
        kept.append(opens)
        raise WalletError("Nobody came.", "Begin again.")

    wallet = KeystoreWallet(made.path, ask)
    with pytest.raises(WalletError, match="Nobody came"):
        wallet.sign_typed_data(DATA)

    assert kept[0](PASSWORD)
    assert wallet.locked


def test_what_is_made_too_late_is_let_go():
    """The first answer counts; what comes beside it or after the end goes to `late`."""
    late, kept = [], []

    def ask(opens):
        kept.append(opens)
        opens("first")
        opens("second")

    assert asked(ask, lambda password: password, late=late.append) == "first"
    kept[0]("third")

    assert late == ["second", "third"]


def test_an_answer_before_a_failure_is_let_go():
    """Where asking fails after a password was right, what it opened is let go."""
    late = []

    def ask(opens):
        opens("right")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asked(ask, lambda password: password, late=late.append)
    assert late == ["right"]


def test_unlocked_asks_nothing_of_a_dev_wallet(wallet, tmp_path):
    """The same block opens a keystore, and leaves a dev wallet as it is."""
    with unlocked(wallet):
        assert not wallet.locked
    with unlocked(DevWallet.open(tmp_path / "dev")):
        pass
    checked: Wallet = wallet
    assert (checked.dev, wallet.locked) == (False, True)


# -- files that cannot be used


def test_missing_keystore_is_named(made):
    """A wallet whose file is gone says so."""
    made.path.unlink()
    with pytest.raises(WalletError, match="is not there"):
        KeystoreWallet(made.path, Person())


def of_crypto(name, value):
    return lambda stored: stored["crypto"].update({name: value})


def of_parameters(**values):
    return lambda stored: stored["crypto"]["kdfparams"].update(values)


DAMAGED = {
    "no crypto": lambda stored: stored.pop("crypto"),
    "short ciphertext": of_crypto("ciphertext", "00" * 31),
    "no hex": of_crypto("mac", "zz" * 32),
    "another cipher": of_crypto("cipher", "aes-256-gcm"),
    "another function": of_crypto("kdf", "argon2"),
    "numbers as texts": of_parameters(n="2"),
    "no power of two": of_parameters(n=3),
    "no work": of_parameters(n=1),
    "a boolean": of_parameters(r=True),
    "no salt": of_parameters(salt=""),
    "a short key": of_parameters(dklen=16),
}


@pytest.mark.parametrize("change", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_keystore_is_refused_before_anybody_is_asked(made, wallet, change):
    """Whatever is wrong with a file's form is said at once, with its path."""
    changed(made.path, change)
    person = Person()
    wallet._ask = person
    for action in (lambda: wallet.sign_typed_data(DATA), lambda: KeystoreWallet(made.path, person)):
        with pytest.raises(WalletError, match="damaged") as caught:
            action()
        assert str(made.path) in caught.value.what
    assert person.asked == 0


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 50_000, b'"' + b"x" * 70_000 + b'"'])
def test_a_file_that_is_no_keystore_is_refused(made, data):
    """Empty, cut, binary, deep and huge files are refused in two sentences."""
    made.path.write_bytes(data)
    with pytest.raises(WalletError) as caught:
        KeystoreWallet(made.path, Person())
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("version", [1, 4, "3", None])
def test_a_foreign_format_is_named(made, version):
    """Versions other than 3 are named, with what is read."""
    changed(made.path, lambda stored: stored.update(version=version))
    with pytest.raises(WalletError, match="of version") as caught:
        KeystoreWallet(made.path, Person())
    assert "version 3" in caught.value.next_step


@pytest.mark.parametrize("values", [{"n": 1 << 30}, {"r": 1 << 24}, {"p": 1 << 24}], ids=str)
def test_a_keystore_that_asks_for_too_much_is_refused(made, values):
    """A file cannot make the machine work or fill its memory without bound."""
    changed(made.path, of_parameters(**values))
    with pytest.raises(WalletError, match="more memory or time"):
        KeystoreWallet(made.path, Person())


def test_a_changed_cipher_text_is_a_wrong_password(made, wallet):
    """The check sum covers the cipher text: a flipped bit opens nothing."""
    changed(made.path, lambda stored: stored["crypto"].update(ciphertext="00" * 32))
    with pytest.raises(WalletError, match="password is wrong"):
        wallet.sign_typed_data(DATA)


def test_an_address_that_is_not_the_key_s_is_refused(made):
    """The address in the file is only a claim: another key's is found out when it is opened."""
    changed(made.path, lambda stored: stored.update(address="55" * 20))
    wallet = KeystoreWallet(made.path, Person())
    with pytest.raises(WalletError, match="another key than it says"):
        wallet.sign_typed_data(DATA)


def test_a_file_that_was_exchanged_is_refused(made, wallet, folder):
    """A wallet signs with the key that it showed the address of, whatever lies there now."""
    other = new_keystore(folder, "other", lambda: PASSWORD, n=FAST)
    other.path.replace(made.path)
    with pytest.raises(WalletError, match="replaced"):
        wallet.sign_typed_data(DATA)


@pytest.mark.parametrize(("which", "mode", "command"), [("file", 0o640, "chmod 600"), ("folder", 0o711, "chmod 700")])
def test_a_key_that_others_can_read_is_refused(made, wallet, which, mode, command):
    """Modes are looked at before each use, and the error says which command mends them."""
    path = made.path if which == "file" else made.path.parent
    path.chmod(mode)
    for action in (lambda: wallet.sign_typed_data(DATA), lambda: KeystoreWallet(made.path, Person())):
        with pytest.raises(WalletError, match="can be read by others") as caught:
            action()
        assert caught.value.next_step == f"Close it by: {command} '{path}'"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_key_of_another_user_is_refused(made, wallet):
    """A file that somebody else owns is refused, even by root."""
    os.chown(made.path, 12_345, 12_345)
    with pytest.raises(WalletError, match="another user"):
        wallet.sign_typed_data(DATA)


def test_a_pipe_and_a_folder_are_no_keystores(folder, made):
    """What is no file is refused, and a pipe does not hold anybody up."""
    os.mkfifo(folder / "pipe.json", 0o600)
    (folder / "box.json").mkdir(0o700)
    for name in ("pipe", "box"):
        with pytest.raises(WalletError):
            KeystoreWallet(folder / f"{name}.json", Person())


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """No wallet can be kept below a file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(WalletError, match="cannot be kept"):
        new_keystore(tmp_path / "file" / "wallets", "field", lambda: PASSWORD, n=FAST)


# -- the folder


def test_wallets_are_listed_with_what_is_wrong(made, folder):
    """Each wallet is listed by its name, a damaged one with its problem; other files are not."""
    (folder / "broken.json").touch(0o600)
    (folder / "README").write_text("")
    (folder / "Not A Name.json").write_text("")
    broken, good = list_keystores(folder)

    assert (good.name, good.address, good.problem) == ("field", made.address, None)
    assert (broken.name, broken.address) == ("broken", "")
    assert "damaged" in broken.problem


def test_a_removed_wallet_is_gone(made, folder):
    """Removing deletes the file; what is not there cannot be removed."""
    assert remove_keystore(folder, "field") == made
    assert not made.path.exists()
    with pytest.raises(UsageError, match="no wallet"):
        remove_keystore(folder, "field")


def test_a_foreign_keystore_is_taken_over(folder, tmp_path):
    """The vector of the format's definition, with no address and pbkdf2, becomes a wallet under the same password."""
    source = tmp_path / "UTC--elsewhere.json"
    source.touch(0o600)
    source.write_text(json.dumps({key.capitalize(): value for key, value in VECTOR.items()}))
    taken = import_keystore(folder, "old", source, Person("no", "testpassword"), n=FAST)

    assert taken.address == VECTOR_ADDRESS
    assert key_in(taken.path, "testpassword").hex().startswith("7a28b5ba57c53603")
    assert source.exists()
    with pytest.raises(UsageError, match="here already, as 'old'"):
        import_keystore(folder, "again", source, Person("testpassword"), n=FAST)
    source.chmod(0o644)
    with pytest.raises(WalletError, match="read by others"):
        import_keystore(folder, "third", source, Person("testpassword"), n=FAST)


def test_a_typed_key_is_taken_over(folder):
    """A key in hex becomes a wallet; the same again is refused before a password is asked."""
    key = secrets.token_hex(32)
    taken = import_key(folder, "typed", lambda: f" 0x{key}\n", lambda: PASSWORD, n=FAST)

    assert key_in(taken.path).hex() == key
    with pytest.raises(UsageError, match="here already, as 'typed'"):
        import_key(folder, "again", lambda: key, lambda: pytest.fail("asked"), n=FAST)


@pytest.mark.parametrize("text", ["", "0x", "12" * 31, "zz" * 32, "00" * 32, f"{ORDER:064x}", "ключ", "1 " * 64])
def test_what_is_no_key_is_refused(folder, text):
    """A text that is no key is refused without being shown."""
    with pytest.raises(UsageError, match="no private key") as caught:
        import_key(folder, "typed", lambda: text, lambda: PASSWORD, n=FAST)
    assert len(text) < 9 or text not in str(caught.value)
    assert list_keystores(folder) == ()


# -- nobody sees it


def spellings(secret):
    """Return how a secret may be written: raw, as repr, hex, number, and base64 wherever it begins."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    shifted = [base64.b64encode(b"\0" * shift + raw)[4 * bool(shift) : -4] for shift in range(3)]
    number = str(int.from_bytes(raw, "big")).encode()
    return {raw, repr(raw)[2:-1].encode(), raw.hex().encode(), raw.hex().upper().encode(), number, *shifted}


def test_key_is_nowhere_in_the_object(made, wallet):
    """Neither repr nor an attribute of the open wallet shows its key; it is not pickled or copied, and nor is a key."""
    with wallet.unlocked():
        shown = repr(wallet) + repr(vars(wallet)) + repr(vars(wallet._held))
        for thing in (wallet, wallet._held):
            for action in (pickle.dumps, copy.copy, copy.deepcopy):
                with pytest.raises(TypeError, match="not pickled"):
                    action(thing)
    assert repr(wallet) == f"KeystoreWallet({made.address})"
    assert not [each for each in spellings(key_in(made.path)) if each in shown.encode()]


def test_a_wiped_key_cannot_be_used():
    """After wiping, which may be done twice, there is nothing to use."""
    held = HeldKey(b"\7" * 32)
    page = held._page
    held.wipe()
    held.wipe()

    assert page.closed
    with pytest.raises(WalletError, match="locked"):
        held.use(len)


def test_a_sealed_error_brings_nothing_along():
    """An exception from sealed work has no frames of it, no cause, and not the words of others."""
    secret = secrets.token_hex(16)

    def fail(text):
        try:
            {}[text]
        except KeyError as error:
            raise ValueError(text + "!") from error

    with pytest.raises(WalletError) as caught:
        sealed(fail, secret)

    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    assert "ValueError" in error.what
    assert secret not in str(error)
    while (frame := error.__traceback__) is not None and frame.tb_next is not None:
        error.__traceback__ = frame.tb_next
    assert frame.tb_frame.f_code.co_name == "sealed"
    assert not {"act", "secret"} & set(frame.tb_frame.f_locals)


def test_our_errors_and_interrupts_come_through_sealed():
    """Our own two sentences and an interrupt stay what they are."""

    def fail(error):
        raise error

    for error in (UsageError("What.", "Next."), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught:
            sealed(fail, error)
        assert caught.value is error
    with pytest.raises(WalletError, match="memory"):
        sealed(fail, MemoryError())


LEAK = """
import copy, io, json, logging, os, pickle, sys, threading, traceback
from pathlib import Path
from eth_account import Account, account
from IPython.core.ultratb import VerboseTB
from swarmprov_nb.chain.asking import asked
from swarmprov_nb.chain.keystore import KeystoreWallet
from swarmprov_nb.chain.keystore_folder import Keystore, import_key, import_keystore, new_keystore
from swarmprov_nb.passwords import asking, new_password, in_file

logging.basicConfig(level=0, stream=sys.stdout)
folder, naive = Path(sys.argv[1]), sys.argv[2] == "naive"
typed, keyed = folder / "password", folder / "key"
data, transaction = json.loads(sys.stdin.read())

def tell(act):
    try:
        act()
        print("went well:", act)
    except BaseException as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)
        while told is not None:  # also what would not be shown: a crash reporter may walk it
            print("".join(told.format()))
            for each in told.stack:
                print(each.locals)
            told = told.__cause__ or told.__context__
        print("".join(traceback.format_exception(error)), repr(error), vars(error), error.args)
        print(VerboseTB(color_scheme="NoColor").text(type(error), error, error.__traceback__, 9))
        logging.getLogger("leak").exception("it failed", exc_info=error)

def breaking(*path):
    def act():
        owner, name = path[:-1][0], path[-1]
        kept = getattr(owner, name)
        def broken(*words, **named):
            inner = (words, named)
            raise RuntimeError("broken with", words, named)
        setattr(owner, name, broken)
        try:
            wallet.sign_typed_data(data)
        finally:
            setattr(owner, name, kept)
    return act

made = import_key(folder / "wallets", "one", lambda: in_file(keyed, "key"), lambda: new_password(typed), n=2)
ask = asking(made, file=typed)
wallet = KeystoreWallet(made.path, ask)

def naively():
    key = bytes.fromhex(in_file(keyed)); Account.sign_message("nothing", key)

def open_and_fail():
    with wallet.unlocked():
        print(repr(wallet), vars(wallet), wallet._held, vars(wallet._held))
        wallet.sign_typed_data(data)
        wallet.sign_transaction(transaction)
        pickle_too()
        raise LookupError("within the block")

def pickle_too():
    for way in (pickle.dumps, copy.copy, copy.deepcopy):
        for thing in (wallet, wallet._held, {"a": [wallet]}):
            tell(lambda: print(way(thing)))

def sign_badly():
    with wallet.unlocked():
        wallet.sign_transaction({**transaction, "to": "0x1234", "nonsense": 1})

def interrupted():
    def hold(opens):
        opens(in_file(typed)); raise KeyboardInterrupt
    KeystoreWallet(made.path, hold).sign_typed_data(data)

def replaced_meanwhile():
    def ask_then(opens):
        made.path.chmod(0o644)
        try: return opens(in_file(typed))
        finally: made.path.chmod(0o600)
    KeystoreWallet(made.path, ask_then).sign_typed_data(data)

def same_again():
    import_key(folder / "wallets", "two", lambda: in_file(keyed), lambda: new_password(typed), n=2)

def no_room():
    real = os.link
    def full(*words): raise OSError(28, "No space left on device")
    os.link = full
    try: new_keystore(folder / "wallets", "three", lambda: new_password(typed), n=2)
    finally: os.link = real

acts = [open_and_fail, sign_badly, interrupted, replaced_meanwhile, same_again, no_room, pickle_too]
acts += [breaking(Account, "sign_message"), breaking(Account, "decrypt"), breaking(account, "decode_keyfile_json")]
for act in [naively] if naive else acts:
    tell(act)
    thread = threading.Thread(target=tell, args=(act,))
    thread.start(); thread.join()
tell(lambda: print(wallet, vars(wallet), dir(wallet), made))
sys.excepthook(*(lambda e: (type(e), e, e.__traceback__))(ValueError("the end")))
"""


def leaks(tmp_path, how):
    """Run the program in which everything goes wrong, and return which secret is seen, and how much was said."""
    key, password = secrets.token_bytes(32), f"pass {secrets.token_hex(8)} wörd"
    for name, text in (("password", password), ("key", key.hex())):
        (tmp_path / name).touch(0o600)
        (tmp_path / name).write_text(text)
    ran = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", LEAK, str(tmp_path), how], cwd=REPOSITORY, capture_output=True,
        input=json.dumps([DATA, {**TRANSACTION, "data": "0x"}]).encode(), check=False, timeout=120,
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
    )  # fmt: skip
    (tmp_path / "password").unlink()
    (tmp_path / "key").unlink()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    everything = ran.stdout + ran.stderr + written
    assert ran.returncode == 0, ran.stderr.decode()
    secret = {"key": spellings(key), "password": spellings(password)}
    return {name for name, texts in secret.items() if any(each in everything for each in texts)}, ran.stdout.decode()


def test_no_traceback_log_or_pickle_tells_a_secret(tmp_path):
    """Whatever fails and however it is printed, no byte of output or of a file holds the key or its password."""
    seen, said = leaks(tmp_path, "ours")

    assert seen == set()
    for words in ("within the block", "cannot be signed", "KeyboardInterrupt", "read by others", "here already",
                  "No space left", "not pickled", "(RuntimeError)"):  # fmt: skip
        assert words in said, words


def test_the_search_finds_what_is_careless(tmp_path):
    """The same search finds the key of a program that signs without our care: it can fail."""
    assert "key" in leaks(tmp_path, "naive")[0]


FORKED = """
import os, sys
from pathlib import Path
from swarmprov_nb.chain.held_key import HeldKey
held = HeldKey(b"\\7" * 32)
if os.fork() == 0:
    print("child", held.is_open, bytes(held._page[:32]).count(7), flush=True)
    os._exit(0)
os.wait()
print("parent", held.is_open, held.use(lambda key: key.count(7)))
"""


def test_a_forked_child_has_no_key():
    """A child process finds the key locked, and on Linux zeros in its place; the parent goes on."""
    ran = subprocess.run([sys.executable, "-c", FORKED], cwd=REPOSITORY, capture_output=True, text=True, check=False)

    child, parent = ran.stdout.splitlines()
    assert parent == "parent True 32"
    assert child == "child False 0" if sys.platform == "linux" else child.startswith("child False")
