"""The project's contract: its artifact, its address on every chain, its calls and its events as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from swarmprov_nb.errors import ChainError, UsageError

# Deployed by its author's keyless transaction on most chains, and part of the embedded chain's genesis:
# github.com/Arachnid/deterministic-deployment-proxy. It takes salt ++ init code and runs CREATE2 (EIP-1014).
FACTORY_ADDRESS = "0x4e59b44847b379578588920cA78FbF26c0B4956C"
FACTORY_CODE = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe0"
    "3601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3"
)


@dataclass(frozen=True)
class ContractVersion:
    """One version of the contract: where it stands on every chain, and the keccak-256 of the code found there."""

    name: str
    address: str
    code_hash: str


# The allow-list. A later version has another address, and both stay readable.
CONTRACTS: Mapping[str, ContractVersion] = {
    "1": ContractVersion(
        name="SwarmProvenance",
        address="0x7DB680149f408BF410280118dd1fB4087f6280E5",
        code_hash="0x85f8c367614611e3245054d03902e0f8baf81c3aa8f0fbd6bb1ce7737f712697",
    ),
}


def allowed_contract(version: str) -> ContractVersion:
    """Look a contract version up.

    >>> allowed_contract("1").name
    'SwarmProvenance'

    Raises `UsageError` for a version that is not on the allow-list.
    """
    if version not in CONTRACTS:
        raise UsageError(f"There is no contract version {version!r}.", f"Use one of: {', '.join(CONTRACTS)}.")
    return CONTRACTS[version]


@cache
def artifact(version: str = "1") -> Mapping[str, Any]:
    """The compiled contract: abi, bytecode, deployedBytecode, compiler, settings, sourceSha256.

    >>> artifact()["contractName"]
    'SwarmProvenance'

    Raises `UsageError` for an unknown version, `ChainError` where the package's own file is missing or broken.
    """
    name = allowed_contract(version).name
    try:
        text = resources.files("swarmprov_nb.chain").joinpath("artifacts", f"{name}.json").read_text("utf-8")
        loaded: Mapping[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise ChainError(
            f"The compiled contract {name} is missing from the installed package.", "Install swarmprov-nb again."
        ) from error
    return loaded


def salt(version: str = "1") -> bytes:
    """The CREATE2 salt: keccak-256 of "NAME/VERSION" in ASCII, 32 bytes."""
    from eth_utils.crypto import keccak

    return keccak(text=f"{allowed_contract(version).name}/{version}")


def deployment(version: str = "1") -> bytes:
    """The data of a transaction to the factory that deploys this version."""
    return salt(version) + bytes.fromhex(artifact(version)["bytecode"][2:])


def encode_call(name: str, arguments: Sequence[Any]) -> bytes:
    r"""The data of a call: four bytes of selector, then the arguments in the contract ABI.

    >>> encode_call("revoke", [b"\x11" * 32, bytes(32)])[:4].hex()
    'c2664610'
    """
    from eth_abi.abi import encode

    types = [_type(each) for each in _entry("function", name)["inputs"]]
    return _selector("function", name)[:4] + encode(types, arguments)


def decode_answer(name: str, data: bytes) -> dict[str, Any]:
    """The fields of the one struct that a view answers with.

    Raises `ChainError` for bytes that are no such answer.
    """
    (output,) = _entry("function", name)["outputs"]
    (values,) = _decode([_type(output)], data)
    return {each["name"]: value for each, value in zip(output["components"], values, strict=True)}


def event_topic(name: str) -> str:
    """The first topic of an event, as 0x-text."""
    return "0x" + _selector("event", name).hex()


def decode_event(log: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Name and fields of a log of this contract (a JSON-RPC log object); None for any other log.

    Addresses come back checksummed, bytes32 as bytes. Raises `ChainError` for a malformed log.
    """
    topics = [bytes.fromhex(each[2:]) for each in log["topics"]]
    for entry in artifact()["abi"]:
        if entry["type"] == "event" and topics and topics[0] == _selector("event", entry["name"]):
            indexed = [each for each in entry["inputs"] if each["indexed"]]
            plain = [each for each in entry["inputs"] if not each["indexed"]]
            values = _decode([_type(each) for each in indexed], b"".join(topics[1:]))
            values += _decode([_type(each) for each in plain], bytes.fromhex(log["data"][2:]))
            names = [each["name"] for each in indexed + plain]
            return entry["name"], dict(zip(names, map(_shown, values), strict=True))
    return None


def decode_error(data: bytes) -> str:
    """The name of the contract's own error in the data of a revert, "" if it is none of them.

    >>> decode_error(bytes.fromhex("8782a307"))
    'ZeroSubject'
    """
    for entry in artifact()["abi"]:
        if entry["type"] == "error" and data[:4] == _selector("error", entry["name"])[:4]:
            return str(entry["name"])
    return ""


def _entry(kind: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(e for e in artifact()["abi"] if e["type"] == kind and e["name"] == name)
    return found


@cache
def _selector(kind: str, name: str) -> bytes:
    from eth_utils.crypto import keccak

    return keccak(text=f"{name}({','.join(_type(each) for each in _entry(kind, name)['inputs'])})")


def _type(parameter: Mapping[str, Any]) -> str:
    if not parameter["type"].startswith("tuple"):
        return str(parameter["type"])
    return f"({','.join(_type(each) for each in parameter['components'])})" + parameter["type"][len("tuple") :]


def _decode(types: Sequence[str], data: bytes) -> list[Any]:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    try:
        return list(decode(types, data))
    except DecodingError as error:
        raise ChainError(
            "The chain answered with bytes that are no answer of the contract.",
            "Check that the endpoint serves this network, and ask again.",
        ) from error


def _shown(value: Any) -> Any:
    from eth_utils.address import to_checksum_address

    return to_checksum_address(value) if isinstance(value, str) else value
