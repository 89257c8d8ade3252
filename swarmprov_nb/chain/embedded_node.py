"""The embedded chain as a node: JSON-RPC requests in, answers out, blocks made as transactions come."""

from __future__ import annotations

from swarmprov_nb.chain import embedded_engine  # noqa: F401 - before eth

# isort: split

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rlp
from eth.db.atomic import AtomicDB
from eth.exceptions import (
    BlockNotFound,
    CanonicalHeadNotFound,
    HeaderNotFound,
    ParentNotFound,
    StateRootNotFound,
    TransactionNotFound,
)
from eth_utils.address import to_canonical_address
from eth_utils.exceptions import ValidationError
from trie.exceptions import MissingTraversalNode, MissingTrieNode

from swarmprov_nb.chain import embedded_answers as answers
from swarmprov_nb.chain.embedded_database import ChainDatabase, ChainKeys
from swarmprov_nb.chain.embedded_execution import estimate, execute
from swarmprov_nb.chain.embedded_vm import TRANSACTION_GAS_LIMIT, LocalChain, create_genesis
from swarmprov_nb.chain.networks import EMBEDDED
from swarmprov_nb.chain.rpc_errors import INVALID_PARAMS, METHOD_NOT_FOUND, REFUSED, RpcError

_DAMAGE = (
    BlockNotFound,
    CanonicalHeadNotFound,
    HeaderNotFound,
    KeyError,
    MissingTraversalNode,
    MissingTrieNode,
    ParentNotFound,
    StateRootNotFound,
    ValidationError,  # what a caller sent is judged before, and refused as an answer
    rlp.exceptions.RLPException,
)


class EmbeddedNode:
    """A chain in one file, answering the JSON-RPC methods that anchoring needs, as a node on a network would.

    Every transaction becomes a block at once, so "latest", "pending", "safe" and "finalized" are the same block.
    Block times rise by at least a second a block, so a burst runs ahead of the clock: they are no evidence.
    """

    def __init__(self, path: Path) -> None:
        self._database = ChainDatabase(path)
        self._keys = AtomicDB(ChainKeys(self._database))
        self._chain: LocalChain | None = None
        self._methods: Mapping[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: "swarmprov-embedded/py-evm",
            "net_version": lambda: str(EMBEDDED.chain_id),
            "eth_chainId": lambda: hex(EMBEDDED.chain_id),
            "eth_accounts": list,
            "eth_gasPrice": lambda: "0x0",
            "eth_maxPriorityFeePerGas": lambda: "0x0",
            "eth_blockNumber": lambda: hex(self._header("latest").block_number),
            "eth_getBalance": self._balance,
            "eth_getTransactionCount": self._nonce,
            "eth_getCode": self._code,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": self._send,
            "eth_getTransactionByHash": self._transaction,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getLogs": self._logs,
            "eth_getBlockByNumber": self._block,
        }

    def make_request(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        """Answer one request with a JSON-RPC object that holds `result` or `error`.

        Raises `ChainError` where the file cannot be used; what a caller did wrong is in `error`.
        """
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": 1}
        try:
            with self._state(writes=method == "eth_sendRawTransaction"):
                return {**answer, "result": self._method(method)(*params)}
        except RpcError as error:
            return {**answer, "error": error.as_json()}

    def close(self) -> None:
        """Give the file back. The next request opens it again."""
        with self._database.closing():
            self._chain = None

    def _method(self, name: str) -> Callable[..., Any]:
        if name not in self._methods:
            raise RpcError(METHOD_NOT_FOUND, f"the method {name} does not exist")
        return self._methods[name]

    @contextmanager
    def _state(self, *, writes: bool) -> Iterator[None]:
        """One transaction of the file, with the chain as other processes left it."""
        known = self._chain
        with self._database.writing() if writes or known is None else self._database.reading():
            try:
                self._load()
                yield
            except BaseException as error:
                self._chain = None  # it may stand on what is rolled back
                if isinstance(error, _DAMAGE):
                    raise self._database.damaged() from error
                if isinstance(error, TypeError | ValueError):  # as a node answers parameters of the wrong shape
                    raise RpcError(INVALID_PARAMS, "invalid parameters") from error
                raise

    def _load(self) -> None:
        if self._chain is None:
            fresh = self._database.connection.execute("SELECT EXISTS (SELECT 1 FROM kv)").fetchone() == (0,)
            self._chain = create_genesis(self._keys) if fresh else self._opened()
        elif self._chain.header.parent_hash != self._chain.chaindb.get_canonical_head().hash:
            self._chain = self._opened()

    def _opened(self) -> LocalChain:
        try:
            return LocalChain(self._keys)
        except (TypeError, ValueError) as error:  # no caller is involved yet: these bytes are wrong
            raise self._database.damaged() from error

    @property
    def _loaded(self) -> Any:
        assert self._chain is not None, "requests load the chain before they use it"
        return self._chain

    def _header(self, tag: str) -> Any:
        head = self._loaded.chaindb.get_canonical_head()
        if tag in {"latest", "pending", "safe", "finalized"}:
            return head
        number = 0 if tag == "earliest" else int(tag, 16)
        if not 0 <= number <= head.block_number:
            raise RpcError(REFUSED, "header not found")
        return self._loaded.get_canonical_block_header_by_number(number)

    def _vm(self, tag: str) -> Any:
        return self._loaded.get_vm(self._header(tag))

    def _balance(self, address: str, tag: str = "latest") -> str:
        return hex(self._vm(tag).state.get_balance(to_canonical_address(address)))

    def _nonce(self, address: str, tag: str = "latest") -> str:
        return hex(self._vm(tag).state.get_nonce(to_canonical_address(address)))

    def _code(self, address: str, tag: str = "latest") -> str:
        return "0x" + self._vm(tag).state.get_code(to_canonical_address(address)).hex()

    def _call(self, transaction: Mapping[str, Any], tag: str = "latest") -> str:
        return "0x" + bytes(execute(self._vm(tag), transaction, TRANSACTION_GAS_LIMIT).output).hex()

    def _estimate(self, transaction: Mapping[str, Any], tag: str = "latest") -> str:
        return hex(estimate(self._vm(tag), transaction, TRANSACTION_GAS_LIMIT))

    def _send(self, raw: str) -> str:
        chain = self._loaded
        transaction = self._decoded(raw)
        self._admit(transaction)
        head = chain.chaindb.get_canonical_head()
        chain.set_header_timestamp(max(int(time.time()), head.timestamp + 1))
        try:
            result, receipts, _ = chain.mine_all([transaction])
        except ValidationError as error:
            raise RpcError(REFUSED, str(error)) from error
        rows = answers.log_rows(result.imported_block, receipts)
        marks = ", ".join("?" * 11)
        self._database.connection.executemany(f"INSERT INTO logs VALUES ({marks})", rows)  # noqa: S608
        return "0x" + transaction.hash.hex()

    def _decoded(self, raw: str) -> Any:
        try:
            transaction = self._loaded.get_vm().get_transaction_builder().decode(bytes.fromhex(raw.removeprefix("0x")))
            transaction.validate()
            _ = transaction.sender
        except Exception as error:  # the decoder lets whatever its parts raise through
            raise RpcError(INVALID_PARAMS, "the bytes are no signed transaction") from error
        return transaction

    def _admit(self, transaction: Any) -> None:
        if transaction.chain_id != EMBEDDED.chain_id:
            raise RpcError(REFUSED, f"invalid chain id: {transaction.chain_id}, this is {EMBEDDED.chain_id}")
        if self._position(transaction.hash) is not None:
            raise RpcError(REFUSED, "already known")
        following = self._vm("latest").state.get_nonce(transaction.sender)
        if transaction.nonce != following:
            order = "low" if transaction.nonce < following else "high"
            raise RpcError(REFUSED, f"nonce too {order}: next nonce {following}, tx nonce {transaction.nonce}")
        if transaction.gas > TRANSACTION_GAS_LIMIT:
            raise RpcError(REFUSED, f"gas limit {transaction.gas} is over {TRANSACTION_GAS_LIMIT}")

    def _position(self, tx_hash: bytes) -> tuple[Any, int] | None:
        try:
            number, index = self._loaded.chaindb.get_transaction_index(tx_hash)
        except TransactionNotFound:
            return None
        return self._loaded.get_canonical_block_by_number(number), index

    def _transaction(self, tx_hash: str) -> dict[str, Any] | None:
        found = self._position(bytes.fromhex(tx_hash[2:]))
        return answers.transaction(*found) if found else None

    def _receipt(self, tx_hash: str) -> dict[str, Any] | None:
        found = self._position(bytes.fromhex(tx_hash[2:]))
        if found is None:
            return None
        block, index = found
        rows = self._database.connection.execute("SELECT * FROM logs WHERE block = ? ORDER BY position", [block.number])
        return answers.receipt(block, index, block.get_receipts(self._loaded.chaindb), rows)

    def _logs(self, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
        first = self._header(wanted.get("fromBlock") or "latest").block_number
        last = self._header(wanted.get("toBlock") or "latest").block_number
        where, values = answers.log_filter(wanted)
        query = f"SELECT * FROM logs WHERE block BETWEEN ? AND ?{where} ORDER BY block, position"  # noqa: S608
        return [answers.log(row) for row in self._database.connection.execute(query, [first, last, *values])]

    def _block(self, tag: str, full: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  JSON-RPC's shape
        header = self._header(tag)
        return answers.block(self._loaded.get_canonical_block_by_number(header.block_number), full=full)
