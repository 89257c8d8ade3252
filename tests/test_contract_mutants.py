"""The unit tests under contracts/test can fail: each rule of the contract, left out or bent, fails one of them."""

from __future__ import annotations

import pytest
from workshops import SOURCE, forge, make_workshop

TWICE = "if (entry.revokedBlock != 0) revert AlreadyRevoked(msg.sender, subject);\n        "
LINK = "uint48 prevBlock = _link(edge"
MUTANTS = {
    "zero may be anchored": ("if (subject == 0) revert ZeroSubject();\n        if (edges", "if (edges"),
    "zero may be revoked": ("        if (subject == 0) revert ZeroSubject();\n        Entry", "        Entry"),
    "zero may be a parent": ("if (edge.subject == 0) revert ZeroSubject();", ""),
    "may be its own parent": ("if (edge.subject == child) revert SelfParent();", ""),
    "may be another's own parent": ("== child)", "== child && edge.attester == msg.sender)"),
    "one edge more": ("edges.length > MAX_EDGES", "edges.length > MAX_EDGES + 1"),
    "one edge fewer": ("edges.length > MAX_EDGES", "edges.length >= MAX_EDGES"),
    "anchored twice": ("if (entry.anchoredBlock != 0) revert", "if (false) revert"),
    "anchored after revocation": (TWICE + "if", "if"),
    "revoked twice": (TWICE + "entry", "entry"),
    "revocation forgets the anchor": ("entry.revokedAt = uint40(", "entry.anchoredAt = entry.revokedAt = uint40("),
    "revocation moves the head": ("entry.revokedBlock = uint48(", "entry.lastBlock = entry.revokedBlock = uint48("),
    "revocation needs an anchor": ("entry.revokedAt =", "require(entry.anchoredAt != 0); entry.revokedAt ="),
    "revocation names no anchor": ("replacement, entry.anchoredBlock)", "replacement, entry.lastBlock)"),
    "anchored for who pays": ("_link(msg.sender, subject, entry)", "_link(tx.origin, subject, entry)"),
    "edge of the child's attester": ("_link(edge.attester, edge.subject", "_link(msg.sender, edge.subject"),
    "edge anchors the parent": (LINK, "parent.anchoredBlock = 1; " + LINK),
    "edge unrevokes the parent": (LINK, "parent.revokedBlock = 0; " + LINK),
    "last edge is lost": ("i < edges.length", "i + 1 < edges.length"),
    "full list keeps out": ("if (entry.count != type(uint16).max) ++entry.count", "++entry.count"),
    "list loses its beginning": ("prevBlock = entry.lastBlock;", "prevBlock = entry.count > 1 ? entry.lastBlock : 0;"),
    "list is of records only": ("entry.lastBlock = uint48(block.number);", "entry.lastBlock = entry.anchoredBlock;"),
    "kind is lost": ("        entry.kind = kind;\n", ""),
    "takes money": ("Edge[] calldata edges) external {", "Edge[] calldata edges) external payable {"),
}


@pytest.mark.long
@pytest.mark.once
@pytest.mark.timeout(900)
@pytest.mark.parametrize("broken", MUTANTS)
def test_a_broken_rule_is_noticed(tmp_path, broken):
    """Each rule of the contract, left out or bent, fails some unit test."""
    folder = make_workshop(tmp_path / "contracts")
    whole, (old, new) = (folder / SOURCE).read_text(), MUTANTS[broken]
    assert whole.count(old) == 1, "this no longer stands in the contract"
    (folder / SOURCE).write_text(whole.replace(old, new))
    for name in ("Fuzz.t", "Gas.t", "Invariants.t", "Model"):
        (folder / "test" / f"{name}.sol").unlink()
    ran = forge(folder, "test")
    assert "Compiler run successful" in ran.stdout, ran.stdout + ran.stderr
    assert "[FAIL" in ran.stdout
