"""Keys of wallets and of encrypted content: Ethereum keys, seed phrases, Bitcoin's, encrypted references."""

from __future__ import annotations

import hashlib
import json

from swarmprov_nb.testing.secret_corpus.draw import Draw, Planted, assigned

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def ethereum_key(draw: Draw) -> Planted:
    """32 bytes in hex, with or without 0x, under a name that says what they are, or where only a key can stand."""
    key = draw.hex(32)
    shown = draw.pick("0x", "") + key
    code = (
        f'account = Account.from_key("{shown}")',
        f'signed = w3.eth.account.sign_transaction(tx, private_key="{shown}")',
        f'wallet = new ethers.Wallet("{shown}", provider)',
        f"!cast send --private-key {shown} $CONTRACT 'mint()'",
        f'accounts.add("{shown}")',
    )
    settings = json.dumps({"address": f"0x{draw.hex(20)}", "privateKey": shown}, indent=1)
    return draw.pick(
        assigned(draw, draw.pick("private_key", "deployer_key", "wallet_private_key", "eth_private_key"), shown),
        Planted(key, draw.pick(*code)),
        Planted(key, settings, "wallet.json"),
        Planted(key, f"Private Keys\n==================\n(0) {shown}\n", "anvil.txt"),
    )


def seed_phrase(draw: Draw) -> Planted:
    """12 to 24 English words with their checksum (BIP 39)."""
    from eth_account.hdaccount.mnemonic import Mnemonic
    from eth_account.types import Language

    words = Mnemonic(Language.ENGLISH).to_mnemonic(draw.bytes(draw.pick(16, 20, 32)))
    name = draw.pick("mnemonic", "seed_phrase", "recovery_phrase")
    listed = ", ".join(f"'{word}'" for word in words.split())
    lines = "\n".join(f"{n}. {word}" for n, word in enumerate(words.split(), 1))
    return draw.pick(
        Planted(words, f'{name} = "{words}"'),
        Planted(words, f'acct = Account.from_mnemonic("{words}")'),
        Planted(words, f'MNEMONIC="{words}"', ".env"),
        Planted(words, json.dumps({name: words}), "wallet.json"),
        Planted(listed, f"words = [{listed}]  # my seed phrase"),
        Planted(words, f"My recovery phrase:\n\n{words}\n", "notes.txt"),
        Planted(lines, f"Seed phrase\n{lines}\n", "notes.txt"),
    )


def bitcoin_key(draw: Draw) -> Planted:
    """A wallet import format key or an extended private key (BIP 32), both with the checksum of Base58Check."""
    wif = _base58check(b"\x80" + draw.bytes(32) + draw.pick(b"\x01", b""))
    extended = _base58check(bytes.fromhex("0488ade4") + bytes(9) + draw.bytes(32) + b"\0" + draw.bytes(32))
    key = draw.pick(wif, extended)
    name = draw.pick("wif", "btc_private_key", "xprv")
    return draw.pick(assigned(draw, name, key), Planted(key, f"k = Key('{key}')"))


def encrypted_reference(draw: Draw) -> Planted:
    """A Swarm reference of 64 bytes: an address and the key that opens what lies there."""
    reference = draw.hex(64)
    file = f"{draw.word()}.csv"
    return draw.pick(
        Planted(reference, f'data = swarm.get("{reference}")'),
        Planted(reference, f'reference = "{draw.pick("", "0x")}{reference}"'),
        Planted(reference, f"df = pd.read_csv('http://localhost:1633/bzz/{reference}/{file}')"),
        Planted(reference, f"bzz://{reference}/{file}", "links.txt"),
        Planted(reference, json.dumps({"name": file, "reference": reference}), "uploads.json"),
        Planted(reference, f"{file}: {reference}", "notes.txt"),
        Planted(reference, f"!swarm-cli download {reference}"),
    )


def _base58check(data: bytes) -> str:
    whole = data + hashlib.sha256(hashlib.sha256(data).digest()).digest()[:4]
    number, text = int.from_bytes(whole, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _BASE58[digit] + text
    return text
