"""The compiled contract: it rebuilds byte for byte, and stands where and as the allow-list says."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from eth_utils import keccak, to_checksum_address
from workshops import make_workshop

from swarmprov_nb.chain.contract import (
    CONTRACTS,
    FACTORY_ADDRESS,
    FACTORY_CODE,
    allowed_contract,
    artifact,
    decode_error,
    decode_event,
    encode_call,
    salt,
)
from swarmprov_nb.errors import ChainError, UsageError

CONTRACTS_FOLDER = Path(__file__).parent.parent / "contracts"
ARTIFACT = Path(__file__).parent.parent / "swarmprov_nb" / "chain" / "artifacts" / "SwarmProvenance.json"


@pytest.mark.once
def test_artifact_rebuilds_byte_for_byte(tmp_path):
    """The pinned compiler makes the committed artifact from the committed source, byte for byte."""
    build = make_workshop(tmp_path / "contracts")
    made = tmp_path / "artifacts"
    environment = {**os.environ, "SWARMPROV_ARTIFACTS": str(made)}
    subprocess.run(["node", "compile.mjs"], cwd=build, check=True, capture_output=True, env=environment)
    assert (made / ARTIFACT.name).read_bytes() == ARTIFACT.read_bytes()
    subprocess.run(["node", "compile.mjs", "--check"], cwd=build, check=True, capture_output=True, env=environment)
    (made / ARTIFACT.name).write_bytes(ARTIFACT.read_bytes() + b" ")
    check = ["node", "compile.mjs", "--check"]
    assert subprocess.run(check, cwd=build, check=False, capture_output=True, env=environment).returncode == 1


def test_artifact_names_its_source_and_settings():
    """The artifact tells from which source, with which compiler and settings it was made."""
    made = json.loads(ARTIFACT.read_text())
    source = (CONTRACTS_FOLDER / "src" / "SwarmProvenance.sol").read_bytes()
    assert made["sourceSha256"] == hashlib.sha256(source).hexdigest()
    assert made["compiler"].startswith("0.8.37+")
    assert made["settings"]["evmVersion"] == "paris"
    assert made["settings"]["metadata"]["bytecodeHash"] == "none"
    assert made["license"] == "BSD-3-Clause"


def test_contract_source_is_small_and_holds_no_power():
    """Under 250 lines; nobody owns it, nothing is paid, upgraded, delegated, or called."""
    source = (CONTRACTS_FOLDER / "src" / "SwarmProvenance.sol").read_text()
    code = re.sub(r"//.*", "", source)
    assert len(source.splitlines()) < 250
    assert not re.search(r"\b(payable|owner|delegatecall|selfdestruct|assembly|string|receive|fallback|call)\b", code)


def test_lock_file_names_no_registry():
    """Whoever installs compiler and forge takes them from the registry of their own configuration."""
    lock = json.loads((CONTRACTS_FOLDER / "package-lock.json").read_text())
    assert not any("resolved" in each for each in lock["packages"].values())
    assert all("integrity" in each for name, each in lock["packages"].items() if name)


def test_tools_are_pinned_for_every_system():
    """One exact version of each tool, locked for Linux and macOS on both processors, wherever the lock was made."""
    wanted = json.loads((CONTRACTS_FOLDER / "package.json").read_text())
    locked = json.loads((CONTRACTS_FOLDER / "package-lock.json").read_text())["packages"]
    systems = [f"{system}-{processor}" for system in ("darwin", "linux") for processor in ("amd64", "arm64")]
    tools = {f"@foundry-rs/{tool}-{system}": "1.7.1" for tool in ("anvil", "forge") for system in systems}
    assert wanted["optionalDependencies"] == tools
    for name, version in {**tools, **wanted["devDependencies"]}.items():
        assert locked[f"node_modules/{name}"]["version"] == version


def test_allow_list_is_what_create2_gives():
    """Address and code hash of the allow-list follow from the artifact, the salt and the factory (EIP-1014)."""
    version, factory = CONTRACTS["1"], bytes.fromhex(FACTORY_ADDRESS[2:])
    made = keccak(b"\xff" + factory + salt() + keccak(hexstr=artifact()["bytecode"]))
    assert version.address == to_checksum_address(made[12:])
    assert version.code_hash == "0x" + keccak(hexstr=artifact()["deployedBytecode"]).hex()
    assert salt() == keccak(b"SwarmProvenance/1")


def test_factory_code_is_the_one_on_public_chains():
    """The factory of the embedded genesis is, byte for byte, the one that stands on public chains."""
    assert len(FACTORY_CODE) == 69
    assert keccak(FACTORY_CODE).hex() == "2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989"


def test_unknown_version_is_refused():
    """A version that is not on the allow-list has no address."""
    with pytest.raises(UsageError):
        allowed_contract("0")


def test_calls_are_encoded_as_the_abi_says():
    """Selector and words of an anchor with one edge, written out by hand."""
    attester = "0x" + "aa" * 20
    data = encode_call("anchor", [b"\x01" * 32, b"\x02" * 32, 7, [(attester, b"\x03" * 32, 9)]])
    words = [data[4 + 32 * i : 36 + 32 * i] for i in range((len(data) - 4) // 32)]
    assert data[:4] == keccak(b"anchor(bytes32,bytes32,uint16,(address,bytes32,uint8)[])")[:4]
    assert words[:2] == [b"\x01" * 32, b"\x02" * 32]
    assert [int.from_bytes(word, "big") for word in words[2:5]] == [7, 128, 1]
    assert words[5:] == [bytes.fromhex("aa" * 20).rjust(32, b"\0"), b"\x03" * 32, (9).to_bytes(32, "big")]


def test_foreign_logs_and_errors_are_not_ours():
    """A log or a revert of another contract is not taken for ours, and a short one of ours is refused."""
    assert decode_event({"topics": ["0x" + "00" * 32], "data": "0x"}) is None
    assert decode_event({"topics": [], "data": "0x"}) is None
    assert decode_error(b"\0\0\0\0") == ""
    topic = "0x" + keccak(b"Anchored(bytes32,address,bytes32,uint16,uint48)").hex()
    with pytest.raises(ChainError):
        decode_event({"topics": [topic, "0x" + "00" * 32], "data": "0x"})
