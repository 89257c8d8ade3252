"""Paths that tell about the node: health, addresses, chain state, wallet, and what else it says of itself."""

from __future__ import annotations

from typing import Any

from swarmprov_nb.testing.fake_bee.answer import Answer, Request, json_answer, message
from swarmprov_nb.testing.fake_bee.chain import MINIMUM_VALIDITY, PRICE
from swarmprov_nb.testing.fake_bee.node import CHAINLESS, NO_CHAIN, Node
from swarmprov_nb.testing.fake_bee.router import Handler, Route

_TEXT = {"Content-Type": "text/plain; charset=utf-8"}
_METRICS = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
_NO_CACHE = {"Cache-Control": "no-cache, no-store, must-revalidate", "Expires": "0", "Pragma": "no-cache"}
_TESTNET = 11_155_111


def health(node: Node, _request: Request) -> Answer:
    """Say that the node lives, and its versions."""
    return json_answer({"status": "ok", "version": node.version.build, "apiVersion": node.version.api})


def readiness(node: Node, _request: Request) -> Answer:
    """Say whether the node can be used."""
    state = {"version": node.version.build, "apiVersion": node.version.api}
    if not node.faults.syncing:
        return json_answer({"status": "ready", **state})
    answer = json_answer({"status": "notReady", **state}, 400)
    answer.headers.update(_NO_CACHE)
    return answer


def _text(text: str) -> Handler:
    return lambda _node, _request: Answer(200, dict(_TEXT), text.encode())


def _value(value: Any) -> Handler:
    return lambda _node, _request: json_answer(value)


def mode(node: Node, _request: Request) -> Answer:
    """Say which kind of node it is."""
    chequebook = node.mode not in CHAINLESS
    swap = chequebook and not node.faults.no_swap
    return json_answer({"beeMode": node.mode, "chequebookEnabled": chequebook, "swapEnabled": swap})


def addresses(node: Node, _request: Request) -> Answer:
    """Name the node's addresses and keys."""
    wallet = "0x" + node.ethereum.hex()
    told = {"overlay": node.overlay, "underlay": [f"/ip4/127.0.0.1/tcp/1634/p2p/Qm{node.overlay[:44]}"]}
    keys = {"publicKey": node.public_key, "pssPublicKey": node.pss_key}
    return json_answer({**told, "ethereum": wallet, "chain_address": wallet, **keys})


def chain_state(node: Node, _request: Request) -> Answer:
    """Tell blocks and the storage price."""
    chain = node.network.chain
    told: dict[str, Any] = {"chainTip": chain.block, "block": chain.block, "totalAmount": str(chain.total_amount)}
    told["currentPrice"] = str(PRICE)
    if node.version.ratio:
        told["minimumValidityBlocks"] = MINIMUM_VALIDITY
    return json_answer(told)


def wallet(node: Node, _request: Request) -> Answer:
    """Tell balances in the smallest units, and the chain."""
    if node.mode in CHAINLESS:
        return message(403, NO_CHAIN)
    if node.faults.no_swap and not node.version.open_wallet:
        return message(403, "Swap is disabled. This endpoint is unavailable.")
    told = {"bzzBalance": str(node.balance), "nativeTokenBalance": str(node.native_balance)}
    where = {"chequebookContractAddress": "0x" + node.chequebook.hex(), "walletAddress": "0x" + node.ethereum.hex()}
    return json_answer({**told, "chainID": _TESTNET if node.faults.other_network else node.chain_id, **where})


def _snapshot(node: Node, overlay: str, proximity: int) -> dict[str, Any]:
    held = len(node.chunks)
    told: dict[str, Any] = {"overlay": overlay, "proximity": proximity, "beeMode": node.mode, "reserveSize": held}
    told |= {"reserveSizeWithinRadius": held, "pullsyncRate": 0, "storageRadius": 0, "connectedPeers": 2}
    told |= {"neighborhoodSize": 2, "batchCommitment": 0, "isReachable": True}
    return told | {"lastSyncedBlock": node.network.chain.block, "committedDepth": 0, "isWarmingUp": False}


def status(node: Node, _request: Request) -> Answer:
    """Tell the node's status."""
    return json_answer(_snapshot(node, node.overlay, 256))


def status_peers(node: Node, _request: Request) -> Answer:
    """Tell the status of two peers."""
    return json_answer({"snapshots": [_snapshot(node, overlay, 1) for overlay in node.peer_overlays]})


def peers(node: Node, _request: Request) -> Answer:
    """Name two peers."""
    return json_answer({"peers": [{"address": overlay, "fullNode": True} for overlay in node.peer_overlays]})


def topology(node: Node, _request: Request) -> Answer:
    """Tell the shape of the node's connections."""
    told = {"baseAddr": node.overlay, "nnLowWatermark": 3, "depth": 0}
    answer = json_answer({**told, "reachability": "Public", "networkAvailability": "Available"})
    answer.chunked = True
    return answer


def reserve(node: Node, _request: Request) -> Answer:
    """Tell the reserve's state."""
    del node
    return json_answer({"radius": 0, "storageRadius": 0, "commitment": 0, "reserveCapacityDoubling": 0})


def redistribution(node: Node, _request: Request) -> Answer:
    """Tell the state of a storage game that is not played here."""
    flags = dict.fromkeys(("hasSufficientFunds", "isFrozen", "isFullySynced", "isHealthy"), False)
    rounds = ("round", "lastWonRound", "lastPlayedRound", "lastFrozenRound", "lastSelectedRound")
    told = {"minimumGasFunds": "0", **flags, "phase": "", **dict.fromkeys(rounds, 0), "lastSampleDurationSeconds": 0}
    return json_answer({**told, "block": node.network.chain.block, "reward": "0", "fees": "0"})


def chequebook(node: Node, _request: Request) -> Answer:
    """Name the chequebook's address."""
    return json_answer({"chequebookAddress": "0x" + node.chequebook.hex()})


def metrics(node: Node, _request: Request) -> Answer:
    """Give a few figures as Prometheus reads them."""
    text = f"# TYPE bee_fake_chunks gauge\nbee_fake_chunks {len(node.chunks)}\n"
    return Answer(200, {"Content-Type": _METRICS}, text.encode(), chunked=True)


def loggers(node: Node, _request: Request) -> Answer:
    """Name no loggers."""
    del node
    answer = json_answer({"tree": {}, "loggers": []})
    answer.chunked = True
    return answer


def _get(pattern: str, handler: Handler, *, v1: bool = True, always: bool = False) -> Route:
    return Route(pattern, {"GET": handler}, v1=v1, always=always)


ROUTES = [
    Route("/health", v1=False, always=True, any=health),
    Route("/readiness", v1=False, always=True, any=readiness),
    _get("/", _text("Ethereum Swarm Bee\n"), v1=False),
    _get("/robots.txt", _text("User-agent: *\nDisallow: /\n"), v1=False),
    _get("/node", mode, v1=False, always=True),
    _get("/addresses", addresses, v1=False, always=True),
    _get("/chainstate", chain_state, v1=False, always=True),
    _get("/metrics", metrics, v1=False, always=True),
    _get("/loggers", loggers, v1=False, always=True),
    _get("/wallet", wallet),
    _get("/status", status),
    _get("/status/peers", status_peers),
    _get("/peers", peers),
    _get("/topology", topology),
    _get("/reservestate", reserve),
    _get("/redistributionstate", redistribution),
    _get("/chequebook/balance", _value({"totalBalance": "0", "availableBalance": "0"})),
    _get("/chequebook/address", chequebook),
    _get("/stake", _value({"stakedAmount": "0"})),
    _get("/welcome-message", _value({"welcomeMessage": ""})),
    _get("/blocklist", _value({"peers": []})),
    _get("/transactions", _value({"pendingTransactions": []})),
]
