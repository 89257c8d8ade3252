"""The embedded chain as a node: one file, several processes, restarts, kills, and honest errors."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from embedded_web3 import EmbeddedChain
from eth_account import Account
from web3 import Web3
from web3.exceptions import Web3RPCError

from swarmprov_nb.chain.contract import FACTORY_ADDRESS, FACTORY_CODE, artifact, deployment
from swarmprov_nb.chain.embedded_node import EmbeddedNode
from swarmprov_nb.chain.networks import EMBEDDED
from swarmprov_nb.chain.rpc import ask, number
from swarmprov_nb.chain.rpc_errors import RpcError
from swarmprov_nb.errors import ChainError

REPOSITORY = Path(__file__).parent.parent
SOMEWHERE = "0x" + "55" * 20

SENDER = """
import sys
from pathlib import Path
from eth_account import Account
from swarmprov_nb.chain.embedded_node import EmbeddedNode
from swarmprov_nb.chain.rpc import ask, number

node, account, count = EmbeddedNode(Path(sys.argv[1])), Account.from_key(bytes.fromhex(sys.argv[2])), int(sys.argv[3])
print("open", flush=True)
for nonce in range(count):
    raw = account.sign_transaction(dict(type=2, chainId=number(ask(node, "eth_chainId")), nonce=nonce, gas=30_000,
        to="0x" + "55" * 20, value=0, data=b"", maxFeePerGas=0, maxPriorityFeePerGas=0)).raw_transaction
    print(ask(node, "eth_sendRawTransaction", "0x" + raw.hex()), flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "chain.sqlite"


@pytest.fixture
def node(path):
    opened = EmbeddedNode(path)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def ada():
    return Account.from_key(b"\x01" * 32)


def signed(account, nonce, **fields):
    transaction = {
        "type": 2, "chainId": EMBEDDED.chain_id, "nonce": nonce, "to": SOMEWHERE, "value": 0, "data": b"",
        "gas": 30_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0, **fields,
    }  # fmt: skip
    return "0x" + account.sign_transaction(transaction).raw_transaction.hex()


def refusal(node, method, *params):
    with pytest.raises(RpcError) as caught:
        ask(node, method, *params)
    return caught.value


def start(path, key, count):
    command = [sys.executable, "-c", SENDER, str(path), key, str(count)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_genesis_is_the_same_everywhere_and_holds_the_factory(tmp_path):
    """Two new chains have one genesis, with the CREATE2 factory's code, no fee, and no money."""
    first, second = (EmbeddedNode(tmp_path / name) for name in ("one", "two"))
    genesis = ask(first, "eth_getBlockByNumber", "earliest", False)
    assert genesis == ask(second, "eth_getBlockByNumber", "earliest", False)
    assert genesis["baseFeePerGas"] == "0x0"
    assert ask(first, "eth_getCode", FACTORY_ADDRESS, "latest") == "0x" + FACTORY_CODE.hex()
    assert ask(first, "eth_chainId") == hex(EMBEDDED.chain_id)


def test_web3_deploys_calls_and_meets_custom_errors(path, ada):
    """web3.py works on it as on any node: deploy, call, event, receipt, and a revert with the contract's data."""
    chain = EmbeddedChain(path)
    web3 = Web3(chain)
    assert web3.is_connected()
    web3.eth.send_raw_transaction(signed(ada, 0, to=FACTORY_ADDRESS, data=deployment(), gas=2_000_000))
    contract = web3.eth.contract(address=artifact_address(), abi=artifact()["abi"])
    call = contract.functions.anchor(b"\x11" * 32, bytes(32), 1, [])
    fields = call.build_transaction({"from": ada.address, "nonce": 1})
    assert fields["maxFeePerGas"] == 0
    receipt = web3.eth.wait_for_transaction_receipt(
        web3.eth.send_raw_transaction(ada.sign_transaction(fields).raw_transaction)
    )
    (event,) = contract.events.Anchored().process_receipt(receipt)
    assert event["args"]["attester"] == ada.address
    assert contract.events.Anchored().get_logs(from_block=0)[0]["args"] == event["args"]
    assert contract.functions.recordOf(ada.address, b"\x11" * 32).call()[1] == receipt["blockNumber"]
    assert web3.eth.get_transaction(receipt["transactionHash"])["nonce"] == 1
    assert web3.eth.get_block("latest", full_transactions=True)["transactions"][0]["from"] == ada.address
    with pytest.raises(Exception, match="0x01bda8d1"):
        call.call({"from": ada.address})
    with pytest.raises(Web3RPCError, match="nonce too low"):
        web3.eth.send_raw_transaction(signed(ada, 0, gas=31_000))
    chain.close()


def artifact_address():
    from swarmprov_nb.chain.contract import CONTRACTS

    return CONTRACTS["1"].address


def test_nonces_are_answered_as_nodes_answer_them(node, ada):
    """A nonce too low or too high, and a transaction that is known, are refused with a message; none is mined."""
    ask(node, "eth_sendRawTransaction", signed(ada, 0))
    low = refusal(node, "eth_sendRawTransaction", signed(ada, 0, gas=31_000))
    high = refusal(node, "eth_sendRawTransaction", signed(ada, 5))
    known = refusal(node, "eth_sendRawTransaction", signed(ada, 0))
    assert (low.code, low.message) == (-32000, "nonce too low: next nonce 1, tx nonce 0")
    assert (high.code, high.message) == (-32000, "nonce too high: next nonce 1, tx nonce 5")
    assert (known.code, known.message) == (-32000, "already known")
    assert ask(node, "eth_blockNumber") == "0x1"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"chainId": 1}, "invalid chain id"),
        ({"gas": 15_000_001}, "gas limit"),
        ({"gas": 20_000}, ""),
        ({"value": 1}, ""),
        ({"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}, ""),
    ],
)
def test_transactions_that_cannot_be_are_refused(node, ada, fields, message):
    """Another chain's, one that could raise the base fee, too little gas, money that is not there: all refused."""
    error = refusal(node, "eth_sendRawTransaction", signed(ada, 0, **fields))
    assert error.code == -32000
    assert message in error.message
    assert ask(node, "eth_blockNumber") == "0x0"
    ask(node, "eth_sendRawTransaction", signed(ada, 0))


def test_requests_of_the_wrong_shape_are_answered(node, ada):
    """Garbage, an unknown method, wrong parameters, an unknown block and a revert have the codes that nodes give."""
    assert refusal(node, "eth_sendRawTransaction", "0xdeadbeef").code == -32602
    assert refusal(node, "eth_sendRawTransaction", "nonsense").code == -32602
    assert refusal(node, "eth_mine").code == -32601
    assert refusal(node, "eth_getBalance").code == -32602
    assert refusal(node, "eth_getCode", "0x12", "latest").code == -32602
    assert refusal(node, "eth_getBlockByNumber", "0x9", False).message == "header not found"
    assert refusal(node, "eth_call", {"to": FACTORY_ADDRESS, "data": "0x"}, "latest").code in {3, -32000}
    assert ask(node, "eth_getTransactionReceipt", "0x" + "00" * 32) is None
    assert ask(node, "eth_getTransactionByHash", "0x" + "00" * 32) is None


def test_fee_never_rises(node, ada):
    """However much a transaction burns, the next one is free too: no account needs money."""
    loop = bytes.fromhex("5b600056")  # JUMPDEST, PUSH1 0, JUMP: burns what it is given
    for nonce in range(2):
        ask(node, "eth_sendRawTransaction", signed(ada, nonce, to=b"", data=loop, gas=15_000_000))
    block = ask(node, "eth_getBlockByNumber", "latest", False)
    assert (block["gasUsed"], block["baseFeePerGas"]) == (hex(15_000_000), "0x0")
    ask(node, "eth_sendRawTransaction", signed(ada, 2))


def test_every_tag_is_the_head_and_times_rise(node, ada):
    """There is one writer and no fork: safe and finalized are the latest block, and times rise with every block."""
    for nonce in range(3):
        ask(node, "eth_sendRawTransaction", signed(ada, nonce))
    tags = ("latest", "pending", "safe", "finalized")
    assert {ask(node, "eth_getBlockByNumber", tag, False)["number"] for tag in tags} == {"0x3"}
    times = [number(ask(node, "eth_getBlockByNumber", hex(i), False)["timestamp"]) for i in range(4)]
    assert times == sorted(set(times))


def test_estimate_is_what_it_takes(node, ada):
    """An estimate is enough and exact: one gas less fails, also through the factory, which hands on 63/64."""
    call = {"from": ada.address, "to": FACTORY_ADDRESS, "data": "0x" + deployment().hex()}
    gas = number(ask(node, "eth_estimateGas", call))
    assert refusal(node, "eth_call", {**call, "gas": hex(gas - 1)}, "latest").code in {3, -32000}
    sent = ask(node, "eth_sendRawTransaction", signed(ada, 0, to=FACTORY_ADDRESS, data=deployment(), gas=gas))
    assert ask(node, "eth_getTransactionReceipt", sent)["status"] == "0x1"


def test_state_is_back_after_a_restart(path, node, ada):
    """Another process that opens the file finds the blocks, nonces, logs and receipts."""
    sent = ask(node, "eth_sendRawTransaction", signed(ada, 0))
    receipt = ask(node, "eth_getTransactionReceipt", sent)
    node.close()
    again = EmbeddedNode(path)
    assert ask(again, "eth_getTransactionReceipt", sent) == receipt
    assert ask(again, "eth_getTransactionCount", ada.address, "latest") == "0x1"
    assert ask(node, "eth_blockNumber") == "0x1"  # closed is not broken
    again.close()


def test_three_processes_share_one_chain(path, node):
    """Three processes that start together on a file that is not there yet make one chain, and lose nothing."""
    keys = [f"{i:064x}" for i in (1, 2, 3)]
    running = [start(path, key, 8) for key in keys]
    answers = [process.communicate(timeout=120) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], answers
    assert ask(node, "eth_blockNumber") == hex(24)
    hashes = [line for out, _ in answers for line in out.split()[1:]]
    blocks = {ask(node, "eth_getTransactionReceipt", each)["blockNumber"] for each in hashes}
    assert len(hashes) == len(blocks) == 24
    parents = [ask(node, "eth_getBlockByNumber", hex(i), False) for i in range(25)]
    assert all(parents[i]["parentHash"] == parents[i - 1]["hash"] for i in range(1, 25))


def test_open_node_sees_what_others_write(path, node, ada):
    """A node that stays open answers from the blocks that another one adds."""
    assert ask(node, "eth_blockNumber") == "0x0"
    other = EmbeddedNode(path)
    ask(other, "eth_sendRawTransaction", signed(ada, 0))
    assert ask(node, "eth_blockNumber") == "0x1"
    ask(node, "eth_sendRawTransaction", signed(ada, 1))
    assert ask(other, "eth_blockNumber") == "0x2"
    other.close()


def test_threads_of_one_process_take_turns(node):
    """Requests from several threads over one node are answered as one after another would be."""
    accounts = [Account.from_key(bytes([i] * 32)) for i in (1, 2, 3)]

    def work(account):
        for nonce in range(4):
            ask(node, "eth_sendRawTransaction", signed(account, nonce))

    threads = [threading.Thread(target=work, args=(each,)) for each in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(node, "eth_blockNumber") == hex(12)


def test_forked_child_uses_a_connection_of_its_own(path, ada):
    """A process that forks after opening the chain and writes from the child keeps both sides right."""
    code = (
        "import os, sys; from pathlib import Path; from swarmprov_nb.chain.embedded_node import EmbeddedNode;"
        "from swarmprov_nb.chain.rpc import ask; node = EmbeddedNode(Path(sys.argv[1])); ask(node, 'eth_blockNumber');"
        "pid = os.fork();\nif pid == 0:\n ask(node, 'eth_sendRawTransaction', sys.argv[2]); os._exit(0)\n"
        "os.waitpid(pid, 0); print(ask(node, 'eth_blockNumber'))"
    )
    command = [sys.executable, "-c", code, str(path), signed(ada, 0)]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "0x1", ran.stderr


@pytest.mark.parametrize("after", [0, 3])
def test_killed_process_leaves_a_whole_chain(path, node, after):
    """A writer killed by SIGKILL leaves every transaction it was told of, a sound file, and a chain that goes on."""
    writer = start(path, "07" * 32, 10_000)
    told = [writer.stdout.readline().strip() for _ in range(after + 1)][1:]
    os.kill(writer.pid, signal.SIGKILL)
    rest, _ = writer.communicate()
    told += [line for line in rest.split("\n")[:-1] if len(line) == 66]
    assert all(ask(node, "eth_getTransactionReceipt", each)["status"] == "0x1" for each in told)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    account = Account.from_key(b"\x07" * 32)
    nonce = number(ask(node, "eth_getTransactionCount", account.address, "latest"))
    assert nonce in {len(told), len(told) + 1}  # the last one may have landed before it was told
    ask(node, "eth_sendRawTransaction", signed(account, nonce))


def two_sentences(error):
    assert error.what.endswith(".")
    assert error.next_step.endswith(".")
    assert "\n" not in error.what + error.next_step
    return error.what


def test_file_that_is_no_database_is_refused(path, node):
    """A file of other bytes is named, and left as it is."""
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(ChainError) as caught:
        ask(node, "eth_blockNumber")
    assert "damaged" in two_sentences(caught.value)
    assert path.read_bytes().startswith(b"this is no database")


def test_database_of_another_program_is_refused_and_untouched(path, node):
    """A foreign database is refused before anything in it changes, its journal mode included."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(ChainError) as caught:
        ask(node, "eth_blockNumber")
    assert "another program" in two_sentences(caught.value)
    assert path.read_bytes() == before


def test_newer_chain_is_refused(path, node):
    """A chain of a later format is left to the later version."""
    ask(node, "eth_blockNumber")
    node.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(ChainError) as caught:
        ask(node, "eth_blockNumber")
    assert "newer" in two_sentences(caught.value)


@pytest.mark.parametrize("damage", ["DELETE FROM kv", "UPDATE kv SET v = x'00'", "DROP TABLE kv", "DROP TABLE logs"])
def test_damaged_chain_is_named(path, node, ada, damage):
    """Missing or broken contents are reported as damage to the file, never as a traceback from inside."""
    sent = ask(node, "eth_sendRawTransaction", signed(ada, 0))
    node.close()
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
        if damage == "DELETE FROM kv":
            connection.execute("INSERT INTO kv VALUES (x'00', x'00')")
    connection.close()
    with pytest.raises(ChainError) as caught:
        ask(node, "eth_getTransactionReceipt", sent)
    assert "damaged" in two_sentences(caught.value)


def test_truncated_file_is_named(path, node, ada):
    """A file cut short is damage, whatever SQLite makes of it."""
    for nonce in range(5):
        ask(node, "eth_sendRawTransaction", signed(ada, nonce))
    node.close()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(ChainError) as caught:
        [ask(node, "eth_getBlockByNumber", hex(i), True) for i in range(6)]
    two_sentences(caught.value)


def test_folder_that_is_not_there_is_named(tmp_path):
    """A path that cannot be opened is an error with its next step."""
    with pytest.raises(ChainError) as caught:
        ask(EmbeddedNode(tmp_path / "no" / "chain.sqlite"), "eth_blockNumber")
    assert "cannot be used" in two_sentences(caught.value)
