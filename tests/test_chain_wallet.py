"""The dev wallet: made once, kept private, never shown, and of no use on a public chain."""

from __future__ import annotations

import copy
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from eth_account import Account
from eth_keys import keys
from eth_utils import keccak

from swarmprov_nb.chain.networks import EMBEDDED
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.errors import ChainError, UsageError

REPOSITORY = Path(__file__).parent.parent
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SEAL_TYPE = (
    "Seal(bytes32 manifest,bytes32 content,string predicateType,string role,bytes32 signerKey,address wallet,"
    "uint64 signedAt)"
)
PREDICATE = "https://w3id.org/swarmprov/provenance/v1"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "keys"


@pytest.fixture
def wallet(folder):
    return DevWallet.open(folder)


def seal(address):
    fields = SEAL_TYPE[5:-1].split(",")
    return {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}],
            "Seal": [{"type": field.split()[0], "name": field.split()[1]} for field in fields],
        },
        "primaryType": "Seal",
        "domain": {"name": "swarmprov", "version": "1"},
        "message": {
            "manifest": "0x" + "11" * 32, "content": "0x" + "22" * 32, "predicateType": PREDICATE, "role": "author",
            "signerKey": "0x" + "33" * 32, "wallet": address, "signedAt": 1_764_000_000,
        },
    }  # fmt: skip


def seal_digest(address):
    """The EIP-712 digest of that seal, from the specification and nothing of eth_account."""
    domain = keccak(keccak(b"EIP712Domain(string name,string version)") + keccak(b"swarmprov") + keccak(b"1"))
    words = [
        keccak(SEAL_TYPE.encode()), b"\x11" * 32, b"\x22" * 32, keccak(PREDICATE.encode()), keccak(b"author"),
        b"\x33" * 32, bytes.fromhex(address[2:]).rjust(32, b"\0"), (1_764_000_000).to_bytes(32, "big"),
    ]  # fmt: skip
    return keccak(b"\x19\x01" + domain + keccak(b"".join(words)))


def test_seal_is_recovered_to_the_wallet(wallet):
    """A signed seal (trust §2) is 65 bytes, v 27 or 28, low s, and eth_keys recovers the wallet from its digest."""
    assert keccak(SEAL_TYPE.encode()).hex() == "794b9898abdbfec63c50736fd37d80a22809982e9bcec562513fa66d06268942"
    signature = wallet.sign_typed_data(seal(wallet.address))
    r, s, v = signature[:32], signature[32:64], signature[64]
    assert len(signature) == 65
    assert v in {27, 28}
    assert int.from_bytes(s, "big") <= ORDER // 2
    recovered = keys.Signature(r + s + bytes([v - 27])).recover_public_key_from_msg_hash(seal_digest(wallet.address))
    assert recovered.to_checksum_address() == wallet.address


def test_another_seal_has_another_signature(wallet):
    """The same seal gives the same bytes; a seal that differs in one field does not recover to the wallet."""
    data = seal(wallet.address)
    signature = wallet.sign_typed_data(data)
    assert wallet.sign_typed_data(data) == signature
    data["message"]["role"] = "reviewer"
    assert wallet.sign_typed_data(data) != signature


def test_nonsense_is_not_signed(wallet):
    """Data that is no EIP-712 data is a usage error."""
    with pytest.raises(UsageError):
        wallet.sign_typed_data({"message": "hello"})


def test_key_is_made_once_and_private(folder, wallet):
    """The first use makes a key in a 0600 file of a 0700 folder; every later use finds that one, and no draft."""
    key_file = folder / "dev-wallet.key"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert [each.name for each in folder.iterdir()] == ["dev-wallet.key"]
    assert DevWallet.open(folder).address == DevWallet(key_file).address == wallet.address
    assert Account.from_key(key_file.read_text().strip()).address == wallet.address


def test_processes_that_come_at_once_agree_on_one_key(folder):
    """Four processes that open the wallet for the first time together all have the same address."""
    code = (
        "import sys; from pathlib import Path; from swarmprov_nb.chain.wallet import DevWallet;"
        "sys.stdin.read(); print(DevWallet.open(Path(sys.argv[1])).address)"
    )
    command = [sys.executable, "-c", code, str(folder)]
    running = [
        subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for each in running:
        each.stdin.close()
        each.stdin = None
    addresses = {each.communicate(timeout=60)[0] for each in running}
    assert len(addresses) == 1
    assert addresses.pop().startswith("0x")


@pytest.mark.parametrize(("which", "mode", "command"), [("file", 0o640, "chmod 600"), ("folder", 0o755, "chmod 700")])
def test_key_that_others_can_read_is_refused(folder, wallet, which, mode, command):
    """Modes are checked at each use, and the error says which command mends them."""
    path = folder / "dev-wallet.key" if which == "file" else folder
    path.chmod(mode)
    for action in (lambda: wallet.sign_typed_data(seal(wallet.address)), lambda: DevWallet.open(folder)):
        with pytest.raises(ChainError) as caught:
            action()
        assert caught.value.next_step == f"Run: {command} '{path}'"


@pytest.mark.parametrize("text", ["", "zz", "00" * 32, "ff" * 32, "01" * 31, "ключ"])
def test_file_without_a_key_is_refused(folder, wallet, text):
    """A damaged key file is named, its content is not shown, and no other key takes its place."""
    key_file = folder / "dev-wallet.key"
    key_file.write_text(text)
    with pytest.raises(ChainError) as caught:
        DevWallet.open(folder)
    assert str(key_file) in caught.value.what
    assert not text or text not in str(caught.value)
    assert key_file.read_text() == text


def test_missing_key_is_named(folder, wallet):
    """A wallet whose file was taken away says so."""
    (folder / "dev-wallet.key").unlink()
    with pytest.raises(ChainError, match="missing"):
        wallet.sign_typed_data(seal(wallet.address))


def test_folder_that_cannot_be_made_is_named(tmp_path):
    """No wallet can be made below a file: an error with its next step."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ChainError, match="No wallet could be made"):
        DevWallet.open(tmp_path / "file" / "keys")


def test_key_is_nowhere_in_the_object(folder, wallet):
    """Neither repr nor any attribute holds the key; pickle and copy are refused."""
    key = (folder / "dev-wallet.key").read_text().strip()
    assert key not in repr(wallet) + repr(vars(wallet))
    assert repr(wallet) == f"DevWallet({wallet.address})"
    for action in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            action(wallet)


def test_transactions_of_public_chains_are_refused(wallet):
    """It signs for the embedded chain and development nodes, and for no chain that is public, unknown, or not named."""
    fields = {
        "type": 2, "nonce": 0, "to": "0x" + "55" * 20, "value": 0, "data": b"", "gas": 21_000, "maxFeePerGas": 0,
        "maxPriorityFeePerGas": 0,
    }  # fmt: skip
    assert wallet.dev
    for worthless in (EMBEDDED.chain_id, 31337, 1337):
        raw = wallet.sign_transaction({**fields, "chainId": worthless})
        assert Account.recover_transaction(raw) == wallet.address
    for foreign in ({"chainId": 1}, {"chainId": 84532}, {"chainId": 100}, {"chainId": 424242}, {}):
        with pytest.raises(UsageError):
            wallet.sign_transaction({**fields, **foreign})
