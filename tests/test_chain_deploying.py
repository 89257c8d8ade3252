"""The contract is put where it belongs on request only, and by itself only where nothing has a price."""

from __future__ import annotations

import hashlib

import pytest
from anvils import anvil
from rpc_doubles import NodeDouble, OwnWallet, Relay

from swarmprov_nb.chain import development, evm_sending
from swarmprov_nb.chain.anchors import AnchorRequest, NotDeployed, NotFunded, NotIncluded, OverCap, anchor
from swarmprov_nb.chain.choosing import choose, open_anchors
from swarmprov_nb.chain.contract import CONTRACTS, FACTORY_ADDRESS
from swarmprov_nb.chain.development import GIFT, fund_from_node, is_development
from swarmprov_nb.chain.evm_anchors import EvmAnchors
from swarmprov_nb.chain.fees import Quote
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.networks import ANVIL, Network
from swarmprov_nb.chain.rpc import NodeSilent, ask, ask_number
from swarmprov_nb.chain.wallet import DevWallet
from swarmprov_nb.errors import ChainError, UsageError

OURS = Network.custom(424242, name="ours")
REQUEST = AnchorRequest(hashlib.sha256(b"study").digest(), bytes(32), 1)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(evm_sending, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(development, "_POLL_SECONDS", 0.01)


@pytest.fixture(scope="module")
def ours_url():
    """A chain of one's own, which is no development node's by its id."""
    with anvil("--chain-id", "424242") as url:
        yield url


@pytest.fixture
def relay(ours_url):
    """That chain as it was at its beginning."""
    relay = Relay(HttpRpc(ours_url))
    snapshot = ask(relay.node, "evm_snapshot")
    yield relay
    ask(relay.node, "evm_setAutomine", True)
    ask(relay.node, "evm_revert", snapshot)


@pytest.fixture
def backend(relay, tmp_path):
    return EvmAnchors(OURS, relay, lock_folder=tmp_path / "locks", loopback=True)


@pytest.fixture
def ada(relay):
    wallet = OwnWallet()
    ask(relay.node, "anvil_setBalance", wallet.address, hex(10**18))
    return wallet


def sent(relay):
    return relay.asked.count("eth_sendRawTransaction")


def test_publish_on_a_development_node_works_at_once(tmp_path):
    """A fresh anvil: the dev wallet is given coins by the node, the contract is put there, the anchor stands."""
    wallet = DevWallet.open(tmp_path / "keys")
    with anvil() as url:
        backend = open_anchors(choose(url), lock_folder=tmp_path / "locks")
        assert backend.quote(REQUEST, wallet.address).total > 0
        record = anchor(backend, REQUEST, wallet, lambda _: None)
        assert (record.network, record.attester, record.contract) == (ANVIL, wallet.address, CONTRACTS["1"].address)
        assert 0 < backend.balance(wallet.address) < GIFT
        assert backend.deploy(wallet) is None
        rich = backend.balance(wallet.address)
        anchor(backend, AnchorRequest(hashlib.sha256(b"next").digest(), bytes(32), 1), wallet, lambda _: None)
        assert backend.balance(wallet.address) < rich  # it is given more only when it runs out


def test_deployment_is_on_request_only(backend, relay, ada):
    """Anchoring deploys nothing where coins are spent; asked to, it puts the contract there once."""
    for action, *arguments in (
        (backend.prepare, REQUEST, ada),
        (backend.quote, REQUEST, ada.address),
        (backend.get, ada.address, REQUEST.subject),
        (backend.estimate, REQUEST),
        (lambda *each: list(backend.lineage(*each)), ada.address, REQUEST.subject),
    ):
        with pytest.raises(NotDeployed, match="not deployed on ours") as caught:
            action(*arguments)
        assert "swarmprov chain deploy --chain ours" in caught.value.next_step
    assert (ada.signed, sent(relay)) == (0, 0)
    price = backend.quote_deployment(ada.address)
    before = backend.balance(ada.address)
    assert backend.deploy(ada).startswith("0x")
    assert 0 < before - backend.balance(ada.address) <= price.total
    assert backend.deploy(ada) is None
    assert backend.quote_deployment(ada.address) == Quote.nothing(backend.network)
    assert (ada.signed, sent(relay)) == (1, 1)
    assert anchor(backend, REQUEST, ada, lambda _: None).contract == CONTRACTS["1"].address


def test_deployment_keeps_the_cap_and_the_balance(backend, relay, ada):
    """What may cost more than the user allows, or than the wallet holds, is not signed."""
    with pytest.raises(OverCap):
        backend.deploy(ada, most=10**6)
    with pytest.raises(NotFunded):
        backend.deploy(OwnWallet())
    assert (ada.signed, sent(relay)) == (0, 0)


def test_missing_factory_is_told(backend, relay, ada):
    """Without the CREATE2 factory the contract would not get its address: said in words, before anything is signed."""
    relay.says("eth_getCode", "0x")
    for action, argument in ((backend.deploy, ada), (backend.quote_deployment, ada.address)):
        with pytest.raises(ChainError, match="has no CREATE2 factory") as caught:
            action(argument)
        assert FACTORY_ADDRESS in caught.value.what
    assert ada.signed == 0


def test_interrupted_deployment_is_waited_for(backend, relay, ada, monkeypatch):
    """A deployment that waits in the pool is not sent a second time: it is waited for, and found standing."""
    ask(relay.node, "evm_setAutomine", False)
    monkeypatch.setattr(evm_sending, "INCLUSION_SECONDS", 0.2)
    with pytest.raises(NotIncluded):
        backend.deploy(ada)
    with pytest.raises(NotIncluded, match="maybe this very deployment"):
        backend.deploy(ada)
    ask(relay.node, "evm_mine")
    assert backend.deploy(ada) is None
    assert (ada.signed, sent(relay)) == (1, 1)


def test_deployment_that_another_wallet_made_meanwhile_is_as_good(backend, relay, ada, tmp_path):
    """Two that deploy at once: the contract stands, and the slower is told nothing is wrong."""
    other = OwnWallet()
    ask(relay.node, "anvil_setBalance", other.address, hex(10**18))
    plain = EvmAnchors(OURS, relay.node, lock_folder=tmp_path / "other", loopback=True)

    def faster(node, params):
        plain.deploy(other)
        return node.make_request("eth_sendRawTransaction", params)

    relay.answers["eth_sendRawTransaction"] = faster
    backend.deploy(ada)
    del relay.answers["eth_sendRawTransaction"]
    assert anchor(backend, REQUEST, ada, lambda _: None).contract == CONTRACTS["1"].address


def test_dev_wallet_is_refused_off_development_nodes(backend, relay, tmp_path, anvil_url):
    """It signs for no chain of one's own, for no node that is elsewhere, is no anvil, or is marked public."""
    wallet = DevWallet.open(tmp_path / "keys")
    here, marked = Relay(HttpRpc(anvil_url)), Network("lab", 31337, public=True, label="lab")
    stranger = Relay(HttpRpc(anvil_url))
    stranger.says("web3_clientVersion", "Geth/v1.16.0")
    chains = [
        backend,
        EvmAnchors(ANVIL, here, lock_folder=tmp_path, loopback=False),
        EvmAnchors(marked, here, lock_folder=tmp_path, loopback=True),
        EvmAnchors(ANVIL, stranger, lock_folder=tmp_path, loopback=True),
    ]
    for chain in chains:
        for action, *arguments in ((chain.prepare, REQUEST), (chain.deploy,)):
            with pytest.raises(UsageError, match="dev wallet is for"):
                action(*arguments, wallet)
    assert not {"eth_sendTransaction", "eth_sendRawTransaction"} & {*relay.asked, *here.asked, *stranger.asked}


def test_no_coins_are_taken_off_development_nodes(backend, relay):
    """Only a development node is asked to pay for someone."""
    with pytest.raises(NotFunded):
        backend.deploy(OwnWallet())
    assert "eth_sendTransaction" not in relay.asked


@pytest.mark.parametrize(
    ("version", "chain_id", "loopback", "expected"),
    [
        ("anvil/v1.7.1", 31337, True, True),
        ("HardhatNetwork/3.18.0", 31337, True, True),
        ("HardhatNetwork/3.18.0", 1337, True, True),
        ("anvil/v1.7.1", 31337, False, False),
        ("anvil/v1.7.1", 1, True, False),
        ("Geth/v1.16.0", 1337, True, False),
        (["anvil"], 31337, True, False),
    ],
)
def test_what_is_a_development_node(version, chain_id, loopback, expected):
    """Its program, its chain id and its place must all fit."""
    relay = Relay(None)
    relay.says("web3_clientVersion", version)
    network = Network("n", chain_id, public=False, label="n")
    assert is_development(relay, network, loopback=loopback) is expected


def test_node_that_does_not_say_what_it_is_is_none():
    """Some nodes keep their program's name to themselves."""
    relay = Relay(None)
    relay.refuses("web3_clientVersion", "no such method")
    assert not is_development(relay, ANVIL, loopback=True)


def test_node_without_money_or_blocks_says_so(anvil_url, monkeypatch):
    """A development node with no unlocked account, a payment that fails, or no blocks, is a sentence."""
    relay = Relay(HttpRpc(anvil_url))
    address = OwnWallet().address
    relay.says("eth_accounts", [])
    with pytest.raises(ChainError, match="no unlocked account"):
        fund_from_node(relay, address)
    relay.says("eth_accounts", 5)
    with pytest.raises(NodeSilent):
        fund_from_node(relay, address)
    del relay.answers["eth_accounts"]
    relay.bends("eth_getTransactionReceipt", status="0x0")
    with pytest.raises(ChainError, match="payment failed"):
        fund_from_node(relay, address)
    monkeypatch.setattr(development, "FUNDING_SECONDS", 0.05)
    relay.says("eth_getTransactionReceipt", None)
    with pytest.raises(ChainError, match="makes no blocks"):
        fund_from_node(relay, address)
    del relay.answers["eth_getTransactionReceipt"]
    fund_from_node(relay, address, 7)
    assert ask_number(relay, "eth_getBalance", address, "latest") >= 7


def test_endpoint_of_another_chain_is_refused_before_signing(tmp_path):
    """A node that serves another chain than configured gets no signature, and no wallet's balance is believed."""
    with NodeDouble(result="0x1") as double:
        endpoint = choose("ours", {"ours": {"chain_id": 424242, "rpc": double.url}})
        backend, wallet = open_anchors(endpoint, lock_folder=tmp_path), OwnWallet()
        for action, *arguments in (
            (backend.prepare, REQUEST, wallet),
            (backend.deploy, wallet),
            (backend.balance, wallet.address),
            (backend.quote, REQUEST, wallet.address),
            (backend.state, "0x" + "11" * 32),
        ):
            with pytest.raises(ChainError, match="serves chain 1, not ours"):
                action(*arguments)
        assert wallet.signed == 0
        assert set(double.methods) == {"eth_chainId"}
