"""Keys and salts of a home: in no pickle, no repr, no traceback with locals, and read from private files alone."""

from __future__ import annotations

import copy
import dataclasses
import faulthandler
import gc
import json
import os
import pickle
import traceback

import pytest
from leaks import leaks

from swarmprov_nb import publish_steps
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.errors import SwarmprovError, UsageError
from swarmprov_nb.home import Home
from swarmprov_nb.manifest import findings
from swarmprov_nb.planning import Choices
from swarmprov_nb.publishing import publish
from swarmprov_nb.receipts import receipts
from swarmprov_nb.secret_values import Salts, SecretBytes
from swarmprov_nb.signers import author_key

HIDE = Choices(hide=("clean",))
FREE = {"chainId": 31337}  # of a development node: what the dev wallet signs for


def quiet(*_: str) -> None:
    """Say nothing."""


def published(study):
    """Publish a study of which one artifact is hidden."""
    return publish(study.notebook, yes=True, choices=HIDE, home=study.home, say=quiet)


def secrets_of(home: Home) -> dict[str, bytes]:
    """Return the keys and salts of a home."""
    keys = {path.name: path.read_bytes().strip() for path in home.keys.rglob("*") if path.is_file()}
    salts = {salt: bytes.fromhex(salt) for receipt in receipts(home) for salt in receipt.salts.values()}
    assert len(keys) > 2
    return {**keys, **salts}


def told(error: BaseException) -> str:
    """Return all that reporters of errors write, with the locals of every frame, also of causes that are not shown."""
    found = traceback.TracebackException.from_exception(error, capture_locals=True)
    text = "\n".join([*found.format(), repr(error)])
    while found is not None:
        text += "\n".join(repr(frame.locals) for frame in found.stack)
        found = found.__cause__ or found.__context__
    return text


def test_a_result_shows_and_pickles_no_salt_and_no_path(study):
    """What publish returns, and the receipts, tell no salt in a repr or a pickle, and their repr no place."""
    result = published(study)
    own = receipts(study.home)
    salts = {salt: bytes.fromhex(salt) for salt in result.receipt.salts.values()}
    told_ = {"repr": repr([result, result.receipt, own]).encode(), "pickle": pickle.dumps([result, own])}

    assert salts
    assert leaks(salts, told_) == []
    assert str(study.folder) not in repr(result)
    assert str(study.folder) not in repr(own)
    assert pickle.loads(pickle.dumps(result)).reference == result.reference
    assert dataclasses.asdict(result.receipt)["salts"] == dict(result.receipt.salts)


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_what_holds_a_key_is_not_pickled_or_copied(tmp_path, way):
    """Keys, the author's key and the dev wallet refuse, with whatever they are in."""
    home = Home(tmp_path / "home")
    for thing in (home.secret("a.key"), author_key(home), DevWallet.open(home.keys)):
        with pytest.raises(TypeError, match="not pickled"):
            way(thing)
        with pytest.raises(TypeError, match="not pickled"):
            pickle.dumps({"session": [thing]})


def test_a_session_pickled_by_cloudpickle_has_no_secret(study):
    """Every object of ours that a session can name is pickled without a secret, or not at all."""
    cloudpickle = pytest.importorskip("cloudpickle")
    result = published(study)
    alive = [each for each in gc.get_objects() if str(type(each).__module__).startswith("swarmprov")]
    kept = {}
    for number, each in enumerate([result, result.receipt, study.home, *alive]):
        try:
            kept[f"{number} {type(each).__name__}"] = cloudpickle.dumps(each)
        except Exception:  # noqa: BLE001 - what cannot be pickled tells nothing
            continue

    assert len(kept) > 3
    assert leaks(secrets_of(study.home), kept) == []


@pytest.mark.parametrize("broken", ["scan", "canonical", "author_seal", "write_page"])
def test_a_crash_anywhere_in_a_publish_tells_no_secret(study, monkeypatch, broken):
    """With the locals of every frame captured, no traceback holds a key or a salt."""
    published(study)
    study.notebook.write_text(study.notebook.read_text().replace("A study", "Another study"))

    def fail(*words, **named):
        raise RuntimeError("broken on purpose", words, named)

    monkeypatch.setattr(findings if broken == "scan" else publish_steps, broken, fail)
    with pytest.raises(RuntimeError) as caught:
        published(study)
    text = told(caught.value)

    assert "broken on purpose" in text
    assert leaks(secrets_of(study.home), {"traceback": text.encode()}) == []


JOURNALED: list[bytes] = []  # not in any frame: what a frame holds is in a traceback with locals


def test_a_disk_that_is_full_tells_no_salt(study, monkeypatch):
    """The line of the journal that could not be written is in no traceback."""
    real = os.write

    def full(handle, data):
        if b'"salts"' not in bytes(data):
            return real(handle, data)
        JOURNALED.append(bytes(data))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("swarmprov_nb.kept_lines.os.write", full)
    text = told(refusal_of(lambda: published(study))).encode()
    salts = json.loads(JOURNALED.pop())[1]["salts"]

    assert b"No space left on device" in text
    assert salts
    assert leaks({salt: bytes.fromhex(salt) for salt in salts.values()}, {"traceback": text}) == []


def test_a_damaged_key_file_is_refused_without_a_trace(tmp_path):
    """What a damaged key file holds may be most of a key: no traceback shows it."""
    home = Home(tmp_path / "home")
    home.secret("a.key")
    wallet = DevWallet.open(home.keys)
    rests = cut_short(home)
    for act in (lambda: home.secret("a.key"), lambda: wallet.sign_transaction(FREE), lambda: DevWallet.open(home.keys)):
        assert leaks(rests, {"traceback": told(refusal_of(act)).encode()}) == []


def cut_short(home: Home) -> dict[str, bytes]:
    """Take the last bytes of each key file away; return what is left."""
    paths = [each for each in home.keys.iterdir() if each.is_file()]
    rests = {path.name: path.read_bytes()[:-2] for path in paths}
    for path in paths:
        path.write_bytes(rests[path.name])
    return rests


def refusal_of(act) -> SwarmprovError:
    """Return the error of ours that an act ends in; the frames of its traceback are those of the act."""
    with pytest.raises(SwarmprovError) as caught:
        act()
    return caught.value


def test_a_key_file_is_looked_at_at_each_use(tmp_path):
    """A key that was read before is refused as soon as others may read its file."""
    home = Home(tmp_path / "home")
    key, wallet = home.secret("a.key"), DevWallet.open(home.keys)
    assert home.secret("a.key") == key
    for path in [each for each in home.keys.iterdir() if each.is_file()]:
        path.chmod(0o640)

    with pytest.raises(UsageError, match="Others may read"):
        home.secret("a.key")
    with pytest.raises(SwarmprovError, match="Others can read"):
        wallet.sign_transaction(FREE)


def test_a_crash_dump_tells_where_and_not_what(study, tmp_path):
    """What faulthandler writes in the middle of a signature names functions and holds no value."""
    path = tmp_path / "dump"
    real = publish_steps.author_seal

    def dumping(*words, **named):
        with path.open("w") as file:
            faulthandler.dump_traceback(file)
        return real(*words, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publish_steps, "author_seal", dumping)
        published(study)

    assert b"publish_steps.py" in path.read_bytes()
    assert leaks(secrets_of(study.home), {"dump": path.read_bytes()}) == []


def test_secret_values_are_used_like_any():
    """They compare, index, join and serve as bytes and as a dict, and say only how much they hold."""
    key, salts = SecretBytes(b"abc"), Salts(e="00")

    assert (key, key + b"d", key.hex(), bytes(key)) == (b"abc", b"abcd", "616263", b"abc")
    assert f"{key} {key!s} {key!r} {[key]} {salts}" == " ".join(
        ["SecretBytes(3 bytes)"] * 3 + ["[SecretBytes(3 bytes)]", "Salts(1)"]
    )
    assert (dict(salts), pickle.loads(pickle.dumps(salts))) == ({"e": "00"}, {})
