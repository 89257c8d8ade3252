"""Blocks, transactions, receipts and logs of the embedded chain, in the shapes of the Ethereum JSON-RPC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import rlp
from eth_utils.address import to_canonical_address, to_checksum_address
from eth_utils.crypto import keccak

_NO_BLOOM = "0x" + "00" * 256  # logs are found in a table, so no answer carries a bloom filter
_SUCCESS = b"\x01"


def block(made: Any, *, full: bool) -> dict[str, Any]:
    """One block; transactions as hashes, or whole with `full`."""
    header = made.header
    listed = [transaction(made, i) if full else _hex(each.hash) for i, each in enumerate(made.transactions)]
    return {
        "number": hex(header.block_number),
        "hash": _hex(header.hash),
        "parentHash": _hex(header.parent_hash),
        "timestamp": hex(header.timestamp),
        "baseFeePerGas": hex(header.base_fee_per_gas),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "miner": to_checksum_address(header.coinbase),
        "stateRoot": _hex(header.state_root),
        "receiptsRoot": _hex(header.receipt_root),
        "transactionsRoot": _hex(header.transaction_root),
        "sha3Uncles": _hex(header.uncles_hash),
        "extraData": _hex(header.extra_data),
        "mixHash": _hex(header.mix_hash),
        "nonce": "0x" + "00" * 8,
        "difficulty": "0x0",
        "logsBloom": _NO_BLOOM,
        "size": hex(len(rlp.encode(made))),
        "transactions": listed,
        "uncles": [],
    }


def transaction(made: Any, index: int) -> dict[str, Any]:
    """One mined transaction."""
    each = made.transactions[index]
    return {
        **_place(made, index),
        "hash": _hex(each.hash),
        "type": _type(each),
        "chainId": hex(each.chain_id),
        "nonce": hex(each.nonce),
        "from": to_checksum_address(each.sender),
        "to": to_checksum_address(each.to) if each.to else None,
        "value": hex(each.value),
        "gas": hex(each.gas),
        "gasPrice": "0x0",
        "input": _hex(each.data),
    }


def receipt(made: Any, index: int, receipts: Sequence[Any], rows: Iterable[Sequence[Any]]) -> dict[str, Any]:
    """One mined transaction's outcome; `rows` are the block's log rows."""
    each = made.transactions[index]
    before = receipts[index - 1].gas_used if index else 0
    created = None if each.to else to_checksum_address(keccak(rlp.encode([each.sender, each.nonce]))[12:])
    return {
        **_place(made, index),
        "transactionHash": _hex(each.hash),
        "type": _type(each),
        "from": to_checksum_address(each.sender),
        "to": to_checksum_address(each.to) if each.to else None,
        "contractAddress": created,
        "status": "0x1" if receipts[index].state_root == _SUCCESS else "0x0",
        "gasUsed": hex(receipts[index].gas_used - before),
        "cumulativeGasUsed": hex(receipts[index].gas_used),
        "effectiveGasPrice": "0x0",
        "logsBloom": _NO_BLOOM,
        "logs": [log(row) for row in rows if row[2] == index],
    }


def log_rows(made: Any, receipts: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The rows that the logs table keeps for one block, in its order of columns."""
    position = 0
    for index, (each, outcome) in enumerate(zip(made.transactions, receipts, strict=True)):
        for event in outcome.logs:
            topics = [topic.to_bytes(32, "big") for topic in event.topics]
            topics += [None] * (4 - len(topics))
            yield (made.number, position, index, each.hash, made.hash, event.address, *topics, event.data)
            position += 1


def log(row: Sequence[Any]) -> dict[str, Any]:
    """One row of the logs table."""
    number, position, index, tx_hash, block_hash, address, *topics, data = row
    return {
        "blockNumber": hex(number),
        "blockHash": _hex(block_hash),
        "transactionIndex": hex(index),
        "transactionHash": _hex(tx_hash),
        "logIndex": hex(position),
        "address": to_checksum_address(address),
        "topics": [_hex(topic) for topic in topics if topic is not None],
        "data": _hex(data),
        "removed": False,
    }


def log_filter(wanted: Mapping[str, Any]) -> tuple[str, list[bytes]]:
    """SQL for the address and the topics of an eth_getLogs filter: one value, a list of choices, or null for any."""
    choices: list[tuple[str, list[bytes]]] = []
    if wanted.get("address"):
        choices.append(("address", [to_canonical_address(each) for each in _several(wanted["address"])]))
    for place, topic in enumerate(wanted.get("topics") or []):
        if topic is not None:
            choices.append((f"topic{place}", [bytes.fromhex(each[2:]) for each in _several(topic)]))
    where = "".join(f" AND {column} IN ({', '.join('?' * len(values))})" for column, values in choices)
    return where, [value for _, values in choices for value in values]


def _place(made: Any, index: int) -> dict[str, str]:
    return {"blockHash": _hex(made.hash), "blockNumber": hex(made.number), "transactionIndex": hex(index)}


def _type(each: Any) -> str:
    return hex(each.type_id or 0)


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _hex(value: bytes) -> str:
    return "0x" + bytes(value).hex()
