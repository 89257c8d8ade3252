"""Gas of the contract, and time per anchor on the embedded chain: `python benchmarks/chain.py`.

Gas is a fact of the contract, and stands beside that of the Ethereum Attestation Service for the same on a development
node. Time is for prepare, submit and read together, beside a plain SQLite commit of the same number of rows in the same
run.
"""

from __future__ import annotations

import argparse
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from eas import gas_of_eas
from row import Row, Skipped, printed

from swarmprov_nb.chain.anchors import AnchorEdge, AnchorRequest
from swarmprov_nb.chain.embedded_node import EmbeddedNode
from swarmprov_nb.chain.evm_anchors import EvmAnchors
from swarmprov_nb.chain.networks import EMBEDDED
from swarmprov_nb.chain.rpc import ask, number
from swarmprov_nb.chain.wallet import DevWallet

ANCHORS = 40
GOALS = {
    "anchor, no parents": "≤ 75,000 gas",
    "anchor, 1 parent that is known": "",
    "anchor, 2 parents that are known": "≤ 75,000 gas",
    "anchor, 1 parent that is new": "",
    "anchor, 50 parents that are new": "",
    "anchor, the same 50 again": "",
    "revoke": "≤ 32,000 gas",
    "revoke before any anchor": "",
    "anchor: prepare, submit, read (median)": "",
    "anchor : a plain durable commit": "",
    "chain file per transaction": "",
    "anchor : EAS attest": "",
    "anchor, 1 known parent : EAS attest with one": "",
    "anchor : EAS timestamp": "",
    "revoke : EAS revoke": "",
}


def rows(*, quick: bool) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        node, wallet = EmbeddedNode(folder / "chain.sqlite"), DevWallet.open(folder / "keys")
        backend = EvmAnchors(EMBEDDED, node, lock_folder=folder / "locks")
        ours = dict(gas_figures(node, backend, wallet))
        for label, gas in ours.items():
            yield Row(label, f"{gas:,} gas", GOALS[label])
        count = 3 if quick else ANCHORS
        anchors = statistics.median(timed(lambda: anchored(backend, wallet)) for _ in range(count))
        commits = commit_time(folder / "plain.sqlite")
        yield Row("anchor: prepare, submit, read (median)", f"{1000 * anchors:.1f} ms")
        yield Row("anchor : a plain durable commit", f"{anchors / commits:.1f} x")
        blocks = number(ask(node, "eth_blockNumber"))
        node.close()  # brings what is in the write-ahead log into the file
        yield Row("chain file per transaction", f"{(folder / 'chain.sqlite').stat().st_size / blocks / 1024:.1f} KiB")
    if quick:
        raise Skipped("a quick run fetches nothing")
    yield from beside_eas(ours)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few anchors")
    printed(rows(quick=parser.parse_args(argv).quick))
    return 0


def beside_eas(ours):
    theirs = gas_of_eas()
    anchor, known = ours["anchor, no parents"], ours["anchor, 1 parent that is known"]
    for label, mine, other in (
        ("anchor : EAS attest", anchor, theirs["attest"]),
        ("anchor, 1 known parent : EAS attest with one", known, theirs["attest, 1 parent"]),
        ("anchor : EAS timestamp", anchor, theirs["timestamp"]),
        ("revoke : EAS revoke", ours["revoke"], theirs["revoke"]),
    ):
        yield Row(label, f"{mine / other:.2f} x ({mine:,} : {other:,} gas)")


def gas_figures(node, backend, wallet):
    def used(prepared):
        backend.submit(prepared)
        return number(ask(node, "eth_getTransactionReceipt", prepared.hash)["gasUsed"])

    def anchor(*edges):
        return used(backend.prepare(fresh(*edges), wallet))

    parent = fresh()
    anchor_gas = used(backend.prepare(parent, wallet))
    known = AnchorEdge(wallet.address, parent.subject, 1)
    new = [AnchorEdge(wallet.address, secrets.token_bytes(32), 1) for _ in range(50)]
    yield "anchor, no parents", anchor_gas
    yield "anchor, 1 parent that is known", anchor(known)
    second = fresh()
    backend.submit(backend.prepare(second, wallet))
    yield "anchor, 2 parents that are known", anchor(known, AnchorEdge(wallet.address, second.subject, 1))
    yield "anchor, 1 parent that is new", anchor(AnchorEdge(wallet.address, secrets.token_bytes(32), 1))
    yield "anchor, 50 parents that are new", anchor(*new)
    yield "anchor, the same 50 again", anchor(*new)
    yield "revoke", used(backend.prepare_revoke(parent.subject, secrets.token_bytes(32), wallet))
    yield "revoke before any anchor", used(backend.prepare_revoke(secrets.token_bytes(32), bytes(32), wallet))


def fresh(*edges):
    return AnchorRequest(subject=secrets.token_bytes(32), locator=secrets.token_bytes(32), kind=1, edges=edges)


def anchored(backend, wallet):
    backend.submit(backend.prepare(fresh(), wallet))


def timed(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def commit_time(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (v BLOB)")

    def commit():
        connection.execute("INSERT INTO t VALUES (?)", (secrets.token_bytes(5000),))

    median = statistics.median(timed(commit) for _ in range(ANCHORS))
    connection.close()
    return median


if __name__ == "__main__":
    raise SystemExit(main())
