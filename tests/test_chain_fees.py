"""What a transaction may cost: a tip without a floor, room over the base fee, the data fee, and the user's cap."""

from __future__ import annotations

import hashlib
import json

import pytest
from anvils import anvil
from hypothesis import given
from hypothesis import strategies as st
from rpc_doubles import OwnWallet, Relay

from swarmprov_nb.chain.anchors import AnchorEdge, AnchorRequest, NotFunded, OverCap, RevokeRequest, anchor
from swarmprov_nb.chain.evm_anchors import EvmAnchors
from swarmprov_nb.chain.fees import ORACLE, Quote, about, in_coins, prices
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.networks import ANVIL, network_of
from swarmprov_nb.chain.rpc import NodeSilent, ask, ask_object, number
from swarmprov_nb.chain.transactions import Transaction
from swarmprov_nb.errors import ChainError
from swarmprov_nb.spending import as_units

GNOSIS = network_of(100)
GWEI = 10**9


class Market:
    """A node that tells only prices."""

    def __init__(self, base="0x1", ratios=(), rewards=(), tip="0x3b9aca00", block=None):
        self.block = block if block is not None else {"number": "0x1", "baseFeePerGas": base}
        self.history = {"gasUsedRatio": list(ratios), "reward": [[hex(each)] for each in rewards]}
        self.tip = tip

    def make_request(self, method, params):
        if method == "eth_feeHistory" and self.history is None:
            return {"error": {"code": -32601, "message": "no such method"}}
        return {
            "eth_getBlockByNumber": {"result": self.block},
            "eth_feeHistory": {"result": self.history},
            "eth_maxPriorityFeePerGas": {"result": self.tip},
        }[method]


def request(name, *edges):
    return AnchorRequest(hashlib.sha256(name.encode()).digest(), bytes(32), 1, edges)


@pytest.fixture(scope="module")
def base_url():
    """A node that says it is Base Sepolia, with the oracle of the data fee: it asks 1,000 wei for whatever."""
    with anvil("--chain-id", "84532") as url:
        ask(HttpRpc(url), "anvil_setCode", ORACLE, "0x6103e860005260206000f3")
        yield url


@pytest.fixture
def relay(base_url):
    return Relay(HttpRpc(base_url))


@pytest.fixture
def backend(relay, tmp_path):
    return EvmAnchors(network_of(84532), relay, lock_folder=tmp_path / "locks", loopback=True)


@pytest.fixture
def ada(relay, backend):
    """A wallet with a coin, where the contract stands."""
    wallet = OwnWallet()
    ask(relay.node, "anvil_setBalance", wallet.address, hex(10**18))
    backend.deploy(wallet)
    wallet.signed = 0
    return wallet


def test_tip_is_the_median_with_no_floor():
    """A quiet roll-up's tip is what people pay there, not a library's gwei; empty blocks say nothing."""
    market = Market(base=hex(7), ratios=[0.5, 0.0, 0.1, 0.9, 0.2], rewards=[3, 0, 1, 10**12, 2])
    assert prices(market, GNOSIS) == (2, 2 * 7 + 2)


def test_tip_of_a_chain_where_nothing_happens_is_the_nodes():
    """With no transactions to learn from, or no history at all, the node's own word is taken."""
    market = Market(base=hex(GWEI), ratios=[0.0], rewards=[0])
    assert prices(market, GNOSIS) == (GWEI, 3 * GWEI)
    market.history = None
    assert prices(market, GNOSIS) == (GWEI, 3 * GWEI)


def test_tip_is_never_nothing_where_gas_has_a_price():
    """Nodes drop what tips nothing: where there is a base fee it is one wei at least, on a free chain none."""
    assert prices(Market(base="0x5", ratios=[1.0], rewards=[0]), GNOSIS) == (1, 11)
    assert prices(Market(base="0x0", tip="0x0"), GNOSIS) == (0, 0)


@pytest.mark.parametrize(
    ("market", "error"),
    [
        (Market(block={"number": "0x1"}), "older than EIP-1559"),
        (Market(block={"number": "0x1", "baseFeePerGas": "cheap"}), "no answer to it"),
        (Market(tip="free"), "no answer to it"),
    ],
)
def test_prices_that_are_none_are_told(market, error):
    """A node without prices, or with garbage for one, is a sentence."""
    with pytest.raises(ChainError, match=error):
        prices(market, GNOSIS)


def test_history_of_another_shape_is_told():
    """Fees that are no list of lists are no answer."""
    market = Market()
    for history in ({"reward": 5, "gasUsedRatio": [1]}, {"reward": [5], "gasUsedRatio": [1]}):
        market.history = history
        with pytest.raises(NodeSilent):
            prices(market, GNOSIS)


@given(st.integers(0, 10**30))
def test_coins_are_decimal_text_there_and_back(wei):
    """No wei is lost between amount and text, and what people are shown is never less, nor a hundredth more."""
    assert as_units(in_coins(wei), 18) == wei
    assert wei <= as_units(about(wei), 18) <= wei + wei // 100 + 1
    assert "E" not in in_coins(wei) + about(wei)


def test_unsigned_bytes_are_those_that_are_signed():
    """The transaction reads back from what a wallet signed, and differs from its unsigned bytes by the signature."""
    wallet = OwnWallet("0x" + "11" * 32)
    transaction = Transaction(84532, 3, 1, 9, 50_000, b"\x22" * 20, b"\x33" * 100)
    raw = wallet.sign_transaction(transaction.fields())
    assert Transaction.of_raw("0x" + raw.hex()) == transaction
    assert 0 < len(raw) - len(transaction.unsigned()) <= 70


def spent(relay, address, action):
    before = number(ask(relay.node, "eth_getBalance", address, "latest"))
    result = action()
    return before - number(ask(relay.node, "eth_getBalance", address, "latest")), result


def test_quote_is_an_upper_bound_of_what_it_costs(backend, relay, ada):
    """What is shown before signing is what may be paid at most, with the data fee and its head room."""
    price = backend.quote(request("study"), ada.address)
    cost, _ = spent(relay, ada.address, lambda: anchor(backend, request("study"), ada, lambda _: None))
    assert 0 < cost <= price.total
    assert (price.l1_fee, price.coin) == (2000, "Base Sepolia ETH")
    assert price.total == price.gas * price.max_fee_per_gas + 2000
    assert price.text.endswith(" Base Sepolia ETH")
    assert backend.quote(request("study"), ada.address) == Quote.nothing(backend.network)
    revocation = backend.quote(RevokeRequest(request("study").subject), ada.address)
    assert 21_000 < revocation.gas < 35_200  # the goal of 32k, and a tenth


def test_gas_of_an_anchor_with_two_known_parents(backend, relay, ada):
    """The goals of gas hold on a real node: 75k for an anchor with two known parents, 32k for a revocation."""
    for name in ("mother", "father"):
        anchor(backend, request(name), ada, lambda _: None)
    edges = [AnchorEdge(ada.address, request(name).subject, 1) for name in ("mother", "father")]
    prepared = backend.prepare(request("child", *edges), ada)
    backend.submit(prepared)
    revocation = backend.prepare_revoke(request("child").subject, request("mother").subject, ada)
    backend.submit(revocation)
    used = [number(ask_object(relay.node, "eth_getTransactionReceipt", each.hash)["gasUsed"]) for each in
            (prepared, revocation)]  # fmt: skip
    assert used[0] <= 75_000
    assert used[1] <= 32_000


def test_data_fee_is_that_of_the_bytes_to_be_sent(backend, relay, ada):
    """The oracle is asked about the unsigned transaction itself, and a chain without its answer is not guessed at."""
    asked = []

    def oracle(node, params):
        if params[0]["to"] == ORACLE:
            asked.append(bytes.fromhex(params[0]["data"][2:]))
        return node.make_request("eth_call", params)

    relay.answers["eth_call"] = oracle
    prepared = backend.prepare(request("study 2"), ada)
    unsigned = Transaction.of_raw(prepared.raw).unsigned()
    assert asked[-1][:4].hex() == "49948e0e"
    assert unsigned in asked[-1]
    relay.answers["eth_call"] = lambda node, params: (
        {"result": "0x"} if params[0]["to"] == ORACLE else node.make_request("eth_call", params)
    )
    with pytest.raises(ChainError, match="does not tell the data fee"):
        backend.prepare(request("study 3"), ada)
    assert ada.signed == 1


def test_cap_is_kept_before_anything_is_signed(backend, relay, ada):
    """What may cost more than the user allows is neither signed nor sent, also where only the data fee is too high."""
    price = backend.quote(request("capped"), ada.address)
    for action, *arguments in (
        (backend.prepare, request("capped"), ada),
        (backend.prepare_revoke, request("capped").subject, bytes(32), ada),
    ):
        with pytest.raises(OverCap, match=r"more than the 0\.000000000001 Base Sepolia ETH that you allow"):
            action(*arguments, most=10**6)
    with pytest.raises(OverCap):
        anchor(backend, request("capped"), ada, lambda _: pytest.fail("journaled"), most=price.total // 3)
    ask(relay.node, "anvil_setCode", ORACLE, "0x" + "67" + "ff" * 8 + "60005260206000f3")  # 18 coins
    with pytest.raises(OverCap):
        backend.prepare(request("capped"), ada, most=10**18)
    ask(relay.node, "anvil_setCode", ORACLE, "0x6103e860005260206000f3")
    assert ada.signed == 0
    assert backend.prepare(request("capped"), ada, most=2 * price.total).raw
    assert ada.signed == 1


def test_prices_that_a_node_makes_up_stop_at_the_cap(backend, relay, ada):
    """A node that asks for a fortune, in gas, tip or base fee, gets no signature."""
    relay.says("eth_estimateGas", hex(30_000_000))
    with pytest.raises(OverCap):
        backend.prepare(request("gas"), ada, most=10**15)
    del relay.answers["eth_estimateGas"]
    relay.bends("eth_getBlockByNumber", baseFeePerGas=hex(10**15))
    with pytest.raises(OverCap):
        backend.prepare(request("base"), ada, most=10**15)
    del relay.answers["eth_getBlockByNumber"]
    relay.says("eth_feeHistory", {"gasUsedRatio": [1.0], "reward": [[hex(10**15)]]})
    with pytest.raises(OverCap):
        backend.prepare(request("tip"), ada, most=10**15)
    assert ada.signed == 0


def test_wallet_that_holds_too_little_is_told_before_it_signs(backend):
    """The error says what the wallet holds, where, and what is needed; nothing is signed."""
    poor = OwnWallet()
    with pytest.raises(
        NotFunded, match=r"holds 0 Base Sepolia ETH on base-sepolia, and this may cost up to 0\.0"
    ) as caught:
        backend.prepare(request("poor"), poor)
    assert poor.address in caught.value.what
    assert poor.signed == 0
    assert backend.balance(poor.address) == 0


def test_quote_is_plain_data(backend, ada):
    """What the preview shows is integers and text."""
    price = backend.quote(request("plain"), ada.address)
    assert json.loads(json.dumps({"total": in_coins(price.total), "coin": price.coin}))["coin"] == "Base Sepolia ETH"
    assert ANVIL.coin == "test ETH"
