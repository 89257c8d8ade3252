"""Where a publish goes, chosen in a front end: a Bee node, a chain and a keystore, tested in words, and then used."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

import pytest
from real_networks import PASSWORD, finalize, funded_wallet, mark_public, unlock
from tabs import Tab, answered, jobs

from swarmprov_nb import keys
from swarmprov_nb.chain.http_rpc import HttpRpc
from swarmprov_nb.chain.rpc import ask
from swarmprov_nb.home import Home
from swarmprov_nb.notebooks import Notebook
from swarmprov_nb.planning import Choices
from swarmprov_nb.progress import Told
from swarmprov_nb.publishing import Publisher, carry_out, plan_of
from swarmprov_nb.receipts import receipts
from swarmprov_nb.showing import lineage
from swarmprov_nb.swarm.bee import Batches, BeeNode
from swarmprov_nb.testing import FakeBee
from swarmprov_nb.verifying import verify

KEY = "k3y-0f-an-rpc-5e1f"
TOKEN = re.compile(r"/unlock/([\w-]{20,})")


@pytest.fixture
def job_of():
    with jobs() as start:
        yield start


@pytest.fixture
def bee():
    with FakeBee() as node:
        yield node


def previewed(job):
    tab = Tab(job)
    return tab, tab.ask("preview", "preview", choices={})


def test_it_begins_on_this_machine_and_says_what_one_can_do_without_a_node(study, job_of):
    """Nothing is asked of anybody; the dev wallet is called so; a saved file and a gateway are named."""
    _, preview = previewed(job_of(study))
    where = preview["where"]

    assert (where["store"]["id"], where["chain"]["id"], where["wallet"]["id"]) == ("local", "local", "dev")
    assert not preview["asking"]
    assert preview["signer"]["dev"]
    assert [option["id"] for option in where["wallet"]["options"]] == ["dev"]
    assert {"none", "gnosis", "base", "anvil"} <= {option["id"] for option in where["chain"]["options"]}
    assert "swarmprov save" in where["note"]
    assert "gateway" in where["note"]


def test_the_settings_say_where_it_goes_at_first(study, bee, anvil_url, job_of):
    """Store, chain and wallet of the user's own config.toml are chosen, and asked."""
    mark_public(study.home, anvil_url)
    made = funded_wallet(study.home, anvil_url)
    config = study.home.config.read_text()
    study.home.config.write_text(f'store = "{bee.url}"\nchain = "anvil"\n{config}')
    tab, first = previewed(job_of(study))
    assert (first["asking"], first["plan"]) == (True, "none")
    ready = tab.until(answered)
    where, signer = ready["where"], ready["signer"]

    assert where["store"]["test"]["tone"] == where["chain"]["test"]["tone"] == "pass"
    assert "batch" in where["store"]["test"]["text"]
    assert (signer["name"], signer["wallet"], signer["dev"]) == ("work", made.address, False)
    assert (signer["holds"], signer["network"], signer["left"]) == ("1 test ETH", "anvil", "0.01 test ETH")
    assert re.match(r"at most 0\.0\d+ test ETH", ready["cost"]["text"])
    assert (ready["store"]["label"], ready["chain"]["label"]) == (bee.url, "anvil")


def test_one_press_pushes_and_anchors_with_a_wallet_that_is_unlocked_on_its_page(
    study, bee, anvil_url, job_of, tmp_path
):
    """Unlock, press, read: chunks and transaction are told on the way; a stranger with another node finds it anchored.

    The page's address is told only while it waits, and is dead afterwards; no state ever holds the password.
    """
    mark_public(study.home, anvil_url)
    made = funded_wallet(study.home, anvil_url)
    tab, _ = previewed(job_of(study))
    tab.choose("store", text=bee.url)
    ready = tab.choose("chain", id="anvil")
    start = len(tab.states)
    tab.ask("publish", plan=ready["plan"])
    asking = tab.until(lambda state: state.get("unlock"), start=start)["unlock"]
    assert (asking["name"], asking["address"]) == ("work", made.address)
    assert "Thank you" in unlock(asking["url"], PASSWORD)
    receipt = tab.wait("receipt", start=start)["receipt"]
    with FakeBee(peer=bee) as other:
        stranger = Home(tmp_path / "stranger")
        mark_public(stranger, anvil_url)
        finalize(anvil_url)
        report = verify(receipt["reference"], store=other.url, home=stranger, any_signer=True)
    settled = tab.ask("settle", "receipt")["receipt"]
    told = [state for state in tab.states[start:] if state["phase"] == "publishing"]
    chunks = [state["bytes"]["chunks"] for state in told if state["stage"] == "push" and "chunks" in state["bytes"]]

    assert (report.level, report.exit_code) == ("anchored", 0)
    assert receipt["verify"] == f"swarmprov verify {receipt['reference']} --store {bee.url}"
    assert receipt["stored"].startswith(f"{bee.url}, until about ")
    assert "not final yet" in receipt["anchor"]
    assert (settled["final"], "not final" in settled["anchor"]) == (True, False)
    assert chunks[-1]["done"] == chunks[-1]["total"] == receipts(study.home)[0].pushes[0]["chunks"]
    assert "transaction included" in {(state["detail"] or {}).get("text") for state in told}
    token = TOKEN.search(asking["url"])[1]
    waited = [token in json.dumps(state) for state in tab.states[start:]]
    assert waited.count(True) == 1  # told as it came, gone with the next state
    assert "unlock" not in told[-1]
    assert token not in json.dumps(tab.job.state)
    assert PASSWORD not in json.dumps(tab.states)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(asking["url"], timeout=10)


def test_a_batch_is_chosen_among_those_of_the_node(study, job_of):
    """The one that fits is the beginning; another pays once it is chosen; a small one is refused beside it."""
    with FakeBee(block_seconds=0.02) as bee:
        ours = Batches(BeeNode.at(bee.url))
        other = ours.buy(ours.price(200 << 20, 2), "second")
        tab, _ = previewed(job_of(study))
        tab.choose("chain", id="none")
        begin = tab.choose("store", text=bee.url)["where"]["batch"]
        ready = tab.choose("batch", id=other)
        receipt = tab.ask("publish", "receipt", plan=ready["plan"])["receipt"]

    assert begin["id"] == ""
    assert {option["id"] for option in begin["options"]} == {"", bee.batch, other}
    assert any(re.match(r"second .*: about .*, 2 days left", option["label"]) for option in begin["options"])
    assert ready["where"]["batch"]["id"] == other
    assert f"stored in batch {other[:8]}…" in ready["where"]["store"]["test"]["text"]
    assert receipt["stored"].startswith(bee.url)
    assert [push["batch"] for push in receipts(study.home)[0].pushes] == [other]


def test_a_batch_that_cannot_pay_is_said_beside_it_and_gone_with_its_node(study, bee, job_of):
    """A batch that the node has not, and one that is full: nothing can be pressed; another store begins anew."""
    tab, _ = previewed(job_of(study))
    tab.choose("store", text=bee.url)
    unknown = tab.choose("batch", id="ab" * 32)
    with FakeBee() as second:
        moved = tab.choose("store", text=second.url)

    assert unknown["where"]["batch"]["test"]["tone"] == "fail"
    assert unknown["where"]["store"]["test"]["text"] == ""
    assert unknown["stopped"] == unknown["where"]["batch"]["test"]["text"]
    assert unknown["plan"] == "none"
    assert moved["where"]["batch"]["id"] == ""
    assert moved["where"]["store"]["test"]["tone"] == "pass"


def test_a_batch_of_the_settings_pays_at_their_store_and_no_other(study, bee, job_of):
    """It is the beginning there; a node that is typed pays with a batch of its own."""
    study.home.private_folder(study.home.root)
    study.home.config.write_text(f'store = "{bee.url}"\nbatch = "{bee.batch}"\n')
    tab, _ = previewed(job_of(study))
    ready = tab.until(answered)
    with FakeBee() as second:
        moved = tab.choose("store", text=second.url)

    assert ready["where"]["batch"]["options"][0]["label"] == f"{bee.batch[:8]}… (your settings)"
    assert f"batch {bee.batch[:8]}…" in ready["where"]["store"]["test"]["text"]
    assert f"batch {second.batch[:8]}…" in moved["where"]["store"]["test"]["text"]


def test_where_only_a_push_is_missing_no_password_is_asked(study, bee, tmp_path):
    """Signed and sealed already: the wallet stays locked."""
    keys.new(study.home, "work", lambda: PASSWORD, n=2)
    (tmp_path / "password").touch(0o600)
    (tmp_path / "password").write_text(PASSWORD)
    first = Publisher.of(study.home, chain="none", wallet="work", password_file=tmp_path / "password")
    found = lineage(study.notebook, home=study.home)
    planned = plan_of(Notebook.read(study.notebook), found, first, choices=Choices())
    signed = carry_out(planned, first, progress=Told(lambda _: None))

    def ask(address, opens):
        raise AssertionError("a password was asked for")

    second = Publisher.of(study.home, chain="none", wallet="work", store=bee.url, page=ask)
    pushed = carry_out(planned, second, progress=Told(lambda _: None))

    assert (pushed.reference, len(pushed.receipt.pushes)) == (signed.reference, 1)


def test_cancelled_while_the_wallet_is_locked(study, anvil_url, job_of):
    """Cancel ends the asking: the page is gone, nothing was signed, and the next press asks anew."""
    mark_public(study.home, anvil_url)
    funded_wallet(study.home, anvil_url)
    tab, _ = previewed(job_of(study))
    ready = tab.choose("chain", id="anvil")
    start = len(tab.states)
    tab.ask("publish", plan=ready["plan"])
    first = tab.until(lambda state: state.get("unlock"), start=start)["unlock"]["url"]
    ended = tab.ask("cancel", "preview")
    assert "unlock" not in ended
    assert ended["says"][0].startswith("Cancelled: nothing was published")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(first, timeout=10)
    start = len(tab.states)
    tab.ask("publish", plan=ended["plan"])
    unlock(tab.until(lambda state: state.get("unlock"), start=start)["unlock"]["url"], PASSWORD)

    assert tab.wait("receipt", start=start)["receipt"]["anchor"].startswith("anvil, block ")


def test_cancelled_while_it_is_sent_then_sent_once(study, bee, job_of):
    """Cancel takes effect in mid-push and says what is done; the next press sends the rest, each chunk once."""
    tab, _ = previewed(job_of(study))
    tab.choose("chain", id="none")
    ready = tab.choose("store", text=bee.url)
    bee.faults.slow = 0.2
    end = tab.job.listen(lambda state: state.get("stage") == "push" and tab.job.handle({"op": "cancel"}))
    ended = tab.ask("publish", "preview", plan=ready["plan"])
    end()
    assert ended["says"][0].startswith("Cancelled: it is signed and stored on this machine")
    bee.faults.slow = 0
    receipt = tab.ask("publish", "receipt", plan=ended["plan"])["receipt"]

    assert receipt["stored"].startswith(bee.url)
    assert set(bee.received.values()) == {1}


def test_cancelled_while_the_chain_makes_no_block_then_anchored_once(study, anvil_url, job_of):
    """Cancel ends the waiting and says that it may still be included; the next press looks for that transaction."""
    mark_public(study.home, anvil_url)
    made = funded_wallet(study.home, anvil_url)
    tab, _ = previewed(job_of(study))
    ready = tab.choose("chain", id="anvil")
    node = HttpRpc(anvil_url)
    ask(node, "evm_setAutomine", False)
    try:
        waiting = pressed_and_unlocked(tab, ready, lambda state: (state.get("detail") or {}).get("text"))
        ended = tab.ask("cancel", "preview")
    finally:
        ask(node, "evm_setAutomine", True)
        ask(node, "evm_mine")
    pressed_and_unlocked(tab, ended, lambda state: state["phase"] == "receipt")

    assert (waiting["stage"], waiting["detail"]["text"]) == ("anchor", "transaction pending")
    assert ended["says"][0].startswith("Cancelled while it was anchored")
    assert int(ask(node, "eth_getTransactionCount", made.address, "latest"), 16) == 1


def pressed_and_unlocked(tab, preview, met):
    """Press, unlock, and return the first state that meets a condition."""
    start = len(tab.states)
    tab.ask("publish", plan=preview["plan"])
    unlock(tab.until(lambda state: state.get("unlock"), start=start)["unlock"]["url"], PASSWORD)
    return tab.until(met, start=start)


@pytest.mark.parametrize(
    ("fault", "said"),
    [({"syncing": True}, "still starting"), ({"not_usable": True}, "not usable yet"), ({"html": 502}, "proxy")],
)
def test_what_is_wrong_with_a_node_is_said_and_asked_again(study, bee, job_of, fault, said):
    """The preview stays, cannot be published, and says what is wrong and what to do; once mended it is ready."""
    tab, _ = previewed(job_of(study))
    for name, value in fault.items():
        setattr(bee.faults, name, value)
    broken = tab.choose("store", text=bee.url)
    for name, value in fault.items():
        setattr(bee.faults, name, type(value)())
    start = len(tab.states)
    tab.ask("test")
    mended = tab.until(answered, start=start)

    assert broken["where"]["store"]["test"]["tone"] == "fail"
    assert said in broken["where"]["store"]["test"]["text"]
    assert broken["stopped"] == broken["where"]["store"]["test"]["text"]
    assert broken["items"]
    assert broken["plan"] == "none"
    assert mended["where"]["store"]["test"]["tone"] == "pass"
    assert "stopped" not in mended


def test_nobody_at_an_address_is_said(study, job_of):
    """No node and no chain there: each says so beside its own choice, and a choice that works brings it back."""
    tab, preview = previewed(job_of(study))
    store = tab.choose("store", text="http://127.0.0.1:9")
    chain = tab.choose("chain", text="http://127.0.0.1:9")
    tab.choose("store", id="local")
    back = tab.choose("chain", id="local")

    assert store["where"]["store"]["test"]["tone"] == "fail"
    assert "127.0.0.1:9" in store["stopped"]
    assert chain["where"]["chain"]["test"]["tone"] == "fail"
    assert (back["signer"], back["cost"]) == (preview["signer"], preview["cost"])
    assert back["plan"] not in ("none", preview["plan"])


@pytest.mark.parametrize(
    ("kind", "text"),
    [("chain", f"http://127.0.0.1:9/v3/{KEY}"), ("chain", f"rpc.example/{KEY}"), ("chain", f"ftp://x/{KEY}"),
     ("store", f"gateway:http://127.0.0.1:9/{KEY}"), ("store", f"http://u:{KEY}@127.0.0.1:9"),
     ("store", f"http://127.0.0.1:9/?{KEY}"), ("store", KEY)],
)  # fmt: skip
def test_what_was_typed_never_comes_back(study, job_of, kind, text):
    """An address may hold a key: no state repeats it, whether it can be meant or not."""
    tab, _ = previewed(job_of(study))
    after = tab.choose(kind, text=text)
    choice = after["where"][kind]

    assert choice["refused"] or choice["test"]["text"]
    assert KEY not in json.dumps([*tab.states, *tab.answers])
    assert KEY not in repr(vars(tab.job._desk.where))


def test_what_the_settings_hold_is_shown_without_keys(study, job_of):
    """URLs of the user's config.toml may hold keys too: host and port are told, and nothing more in any repr."""
    study.home.private_folder(study.home.root)
    study.home.config.write_text(
        f'store = "gateway:http://127.0.0.1:9/{KEY}"\nchain = "http://127.0.0.1:9/{KEY}"\n'
        f'[chains.own]\nchain_id = 77\nrpc = "http://127.0.0.1:9/{KEY}"\n'
    )
    tab, _ = previewed(job_of(study))
    tab.until(answered)
    told = json.dumps(tab.states)

    assert "gateway:http://127.0.0.1:9 (your settings)" in told
    assert "own (private chain)" in told
    assert KEY not in told
    assert KEY not in repr([vars(tab.job._desk.where), vars(tab.job._desk)])


def test_a_public_chain_wants_a_wallet_of_ones_own(study, anvil_url, job_of):
    """Without one it is said how to make one; with two, which of them is asked; the dev wallet is not offered."""
    mark_public(study.home, anvil_url)
    tab, _ = previewed(job_of(study))
    none = tab.choose("chain", id="anvil")
    funded_wallet(study.home, anvil_url, name="one")
    two = funded_wallet(study.home, anvil_url, name="two")
    start = len(tab.states)
    tab.ask("test")
    several = tab.until(answered, start=start)
    chosen = tab.choose("wallet", id="two")

    assert "swarmprov keys new" in none["where"]["wallet"]["test"]["text"]
    assert none["where"]["wallet"]["options"] == []
    assert "You have 2 wallets" in several["where"]["wallet"]["test"]["text"]
    assert [option["id"] for option in several["where"]["wallet"]["options"]] == ["one", "two"]
    assert chosen["signer"]["wallet"] == two.address
    assert chosen["plan"] != "none"


def test_a_wallet_that_holds_too_little_is_said_before_anything_is_signed(study, anvil_url, job_of):
    """What it holds and what it may cost stand there, and nothing can be pressed."""
    mark_public(study.home, anvil_url)
    keys.new(study.home, "poor", lambda: PASSWORD, n=2)
    tab, _ = previewed(job_of(study))
    poor = tab.choose("chain", id="anvil")

    assert "holds 0 test ETH on anvil" in poor["stopped"]
    assert poor["signer"]["holds"] == "0 test ETH"
    assert poor["plan"] == "none"
    assert receipts(study.home) == []


def test_on_a_development_node_the_dev_wallet_signs(study, anvil_url, job_of):
    """A node of one's own on this machine asks for no keystore; that it proves nothing is said."""
    tab, _ = previewed(job_of(study))
    ready = tab.choose("chain", text=anvil_url)
    receipt = tab.ask("publish", "receipt", plan=ready["plan"])["receipt"]

    assert ready["signer"]["dev"]
    assert "proves nothing to others" in ready["where"]["chain"]["test"]["text"]
    assert receipt["anchor"].startswith("local chain: proves nothing to others, block ")


def test_ticks_are_asked_for_while_a_node_is_slow(study, bee, job_of):
    """A node that takes its time holds up no preview: ticking goes on, and the newest answer counts."""
    tab, _ = previewed(job_of(study))
    bee.faults.slow = 1.0
    start = len(tab.states)
    tab.ask("where", "preview", kind="store", text=bee.url)
    ticked = tab.ask("preview", "preview", choices={"hide": ["clean"]})
    assert ticked["asking"]
    assert ticked["choices"]["hide"] == ["clean"]
    bee.faults.slow = 0
    ready = tab.until(answered, start=start)

    assert ready["choices"]["hide"] == ["clean"]
    assert ready["where"]["store"]["test"]["tone"] == "pass"
