// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";
import {Stage} from "./Stage.sol";

/// @notice What `revoke` writes, tells and refuses.
contract RevokeTest is Stage {
    /// A revocation adds time and block to the record, tells the replacement and the anchor's block, moves no head.
    function test_revocationKeepsTheAnchorAndMovesNoHead() public {
        anchorAs(ADA, digest("wrong"));
        when(120, 1_800_000_100);
        anchorAs(BOB, digest("child"), one(ADA, digest("wrong")));
        when(150, 1_800_000_600);
        vm.prank(ADA);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Revoked(digest("wrong"), ADA, digest("right"), 100);
        registry.revoke(digest("wrong"), digest("right"));
        assertRecord(ADA, digest("wrong"), SwarmProvenance.Record(1_800_000_000, 100, 1_800_000_600, 150, 1));
        assertHead(ADA, digest("wrong"), 120, 2);
    }

    /// What was revoked can neither be revoked again nor be anchored.
    function test_revokedForGood() public {
        anchorAs(ADA, digest("wrong"));
        revokeAs(ADA, digest("wrong"));
        bytes memory refusal = abi.encodeWithSelector(SwarmProvenance.AlreadyRevoked.selector, ADA, digest("wrong"));
        vm.expectRevert(refusal);
        revokeAs(ADA, digest("wrong"));
        vm.expectRevert(refusal);
        anchorAs(ADA, digest("wrong"));
    }

    /// A subject may be revoked before it is anchored; that attester can then never anchor it.
    function test_revokedBeforeAnchored() public {
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Revoked(digest("leaked"), ADA, 0, 0);
        revokeAs(ADA, digest("leaked"));
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.AlreadyRevoked.selector, ADA, digest("leaked")));
        anchorAs(ADA, digest("leaked"));
        assertRecord(ADA, digest("leaked"), SwarmProvenance.Record(0, 0, 1_800_000_000, 100, 0));
        assertHead(ADA, digest("leaked"), 0, 0);
    }

    /// Zero is no subject.
    function test_zeroIsNoSubject() public {
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.ZeroSubject.selector));
        revokeAs(ADA, 0);
    }

    /// What descends from it, and who else anchored it, stays as it was.
    function test_revocationReachesNothingElse() public {
        anchorAs(ADA, digest("parent"));
        anchorAs(BOB, digest("parent"));
        anchorAs(BOB, digest("child"), one(ADA, digest("parent")));
        revokeAs(ADA, digest("parent"));
        assertRecord(BOB, digest("parent"), SwarmProvenance.Record(1_800_000_000, 100, 0, 0, 1));
        assertRecord(BOB, digest("child"), SwarmProvenance.Record(1_800_000_000, 100, 0, 0, 1));
        assertHead(ADA, digest("parent"), 100, 2);
    }

    /// Whoever revoked a parent, others may still say that they come from it: the reader sees both.
    function test_revokedParentsMayBeNamed() public {
        revokeAs(ADA, digest("parent"));
        when(101, 1_800_000_005);
        anchorAs(BOB, digest("child"), one(ADA, digest("parent")));
        assertHead(ADA, digest("parent"), 101, 1);
        assertRecord(ADA, digest("parent"), SwarmProvenance.Record(0, 0, 1_800_000_000, 100, 0));
    }
}
