"""The corpus of secrets: the same for the same seed, whole, and valid where a format can be checked."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from itertools import islice
from zlib import crc32

import pytest

from swarmprov_nb.testing.secret_corpus import FORMATS, clean_notebooks, secrets
from swarmprov_nb.testing.secret_corpus.draw import BASE62, Draw

PLACES = {"code", "output", "metadata", "artifact"}


def drawn(name, count=12):
    """Return some of what a format makes."""
    return [FORMATS[name](Draw(f"{name} {n}")) for n in range(count)]


def test_a_seed_gives_one_corpus():
    """The same seed gives the same bytes, another gives other secrets and notebooks."""
    one, same, other = (list(secrets(seed, 40)) for seed in (1, 1, 2))
    clean, again, others = (list(clean_notebooks(seed, 3)) for seed in (1, 1, 2))

    assert one == same
    assert clean == again != others
    assert not {case.secret for case in one} & {case.secret for case in other}


def test_forty_formats_take_turns_at_every_place():
    """500 secrets are of 40 formats, each twelve or thirteen times, in code, outputs, metadata and files."""
    cases = list(secrets(1))
    counts = [sum(case.format == name for case in cases) for name in FORMATS]

    assert (len(cases), len(FORMATS), set(counts)) == (500, 40, {12, 13})
    assert {case.place for case in cases} == PLACES
    assert len({case.secret for case in cases}) == len(cases)


@pytest.mark.parametrize("name", FORMATS)
def test_a_secret_stands_in_its_text(name):
    """What is planted stands in the text that is planted."""
    assert all(planted.secret in planted.text for planted in drawn(name))


def test_notebooks_are_notebooks():
    """Everything made is a notebook of format 4 beside files of text."""
    for files in [*(case.files for case in secrets(3, 80)), *clean_notebooks(3, 5)]:
        document = json.loads(files["study.ipynb"])
        assert document["nbformat"] == 4
        assert all(set(cell) >= {"cell_type", "id", "metadata", "source"} for cell in document["cells"])
        assert all(data.decode() for data in files.values())


def test_tokens_end_in_their_checksum():
    """GitHub's and npm's tokens end in the CRC-32 of their middle, in six digits of base 62."""
    texts = " ".join(planted.text for name in ("github", "package_index") for planted in drawn(name))
    tokens = re.findall(r"(?:gh[pousr]|npm)_([A-Za-z0-9]{30})([A-Za-z0-9]{6})", texts)

    assert tokens
    for body, check in tokens:
        value = 0
        for digit in check:
            value = value * 62 + BASE62.index(digit)
        assert value == crc32(body.encode())


def test_private_keys_can_be_loaded():
    """PEM that is not locked loads, and what is locked says so."""
    from cryptography.hazmat.primitives import serialization

    whole = re.compile(r"-----BEGIN ([A-Z ]*)PRIVATE KEY-----\n.*?-----END [A-Z ]*PRIVATE KEY-----\n", re.DOTALL)
    for name in ("pem_pkcs8", "pem_traditional", "openssh"):
        found = [match for planted in drawn(name) if planted.file and (match := whole.search(planted.text))]
        assert found
        for match in found:
            data, kind = match[0].encode(), match[1]
            if "ENCRYPTED" in match[0]:
                with pytest.raises(TypeError, match="encrypted"):
                    serialization.load_pem_private_key(data, None)
            elif kind == "OPENSSH ":
                assert serialization.load_ssh_private_key(data, None)
            else:
                assert serialization.load_pem_private_key(data, None)


def test_seed_phrases_and_wallet_keys_are_valid():
    """Seed phrases and Bitcoin's keys carry their checksum, and Ethereum's keys are keys."""
    from eth_account import Account

    Account.enable_unaudited_hdwallet_features()
    phrases = [planted.secret for planted in drawn("seed_phrase") if planted.secret.replace(" ", "").isalpha()]
    digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

    assert Account.from_mnemonic(phrases[0]).address
    assert all(Account.from_key(planted.secret.removeprefix("0x")) for planted in islice(drawn("ethereum_key"), 3))
    for planted in drawn("bitcoin_key"):
        number = 0
        for letter in planted.secret:
            number = number * 58 + digits.index(letter)
        data = number.to_bytes((number.bit_length() + 7) // 8, "big")
        assert hashlib.sha256(hashlib.sha256(data[:-4]).digest()).digest()[:4] == data[-4:]


def test_a_jwt_says_its_algorithm():
    """A JSON Web Token has three parts, of which the first names how it is signed."""
    for planted in drawn("jwt", 5):
        head, _, signature = planted.secret.split(".")
        assert json.loads(base64.urlsafe_b64decode(head + "=="))["alg"] == "HS256"
        assert len(base64.urlsafe_b64decode(signature + "=")) == 32
