"""Values that are anchored and journaled: what is refused before any chain is asked."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarmprov_nb.chain.anchors import AnchorEdge, AnchorRequest, PreparedTransaction
from swarmprov_nb.errors import ChainError, UsageError

SUBJECT = b"\x11" * 32
SOMEONE = "0x" + "00" * 19 + "01"
PREPARED = PreparedTransaction("embedded", 5, "0xc0", "anchor", SOMEONE, "0x11", 7, "0xab", "0x02")


@pytest.mark.parametrize(
    "change",
    [
        {"subject": bytes(32)},
        {"subject": b"\x11" * 31},
        {"subject": b""},
        {"locator": b"\x11" * 64},
        {"kind": -1},
        {"kind": 65536},
        {"edges": (AnchorEdge(SOMEONE, SUBJECT, 1),)},
    ],
)
def test_requests_that_the_contract_would_refuse_are_usage_errors(change):
    """What cannot be anchored is said before anything is signed; a 64-byte secret reference never fits a locator."""
    with pytest.raises(UsageError):
        AnchorRequest(**{"subject": SUBJECT, "locator": bytes(32), "kind": 1, **change})


@pytest.mark.parametrize(("subject", "relation"), [(bytes(32), 1), (b"\x01", 1), (SUBJECT, 256), (SUBJECT, -1)])
def test_edges_that_the_contract_would_refuse_are_usage_errors(subject, relation):
    """A parent is 32 bytes, not zero, and a relation one byte."""
    with pytest.raises(UsageError):
        AnchorEdge(SOMEONE, subject, relation)


@given(
    st.builds(
        PreparedTransaction,
        network=st.text(),
        chain_id=st.integers(0, 2**53),
        contract=st.text(),
        action=st.sampled_from(["anchor", "revoke"]),
        attester=st.text(),
        subject=st.text(),
        nonce=st.integers(0, 2**53),
        hash=st.text(),
        raw=st.text(),
    )
)
def test_prepared_transaction_survives_the_journal(prepared):
    """JSON there and back gives an equal value."""
    assert PreparedTransaction.from_json(json.loads(json.dumps(prepared.to_json()))) == prepared


@pytest.mark.parametrize(
    "change", [{"nonce": "7"}, {"nonce": True}, {"raw": None}, {"extra": 1}, {"chain_id": 5.0}, {"hash": b""}]
)
def test_journal_entry_of_another_shape_is_refused(change):
    """A journal entry with other fields or types is an error of ours, not a traceback."""
    with pytest.raises(ChainError):
        PreparedTransaction.from_json({**PREPARED.to_json(), **change})
    with pytest.raises(ChainError):
        PreparedTransaction.from_json({})
