// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";
import {Stage} from "./Stage.sol";

/// @notice The list of events about one (attester, subject): each names the block of the one before it.
contract HeadTest is Stage {
    /// Anchor and claims in different blocks: each names the block before, the head the newest.
    function test_eventsNameTheBlockBefore() public {
        anchorAs(ADA, digest("parent"));
        when(110, 1_800_000_050);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(digest("parent"), ADA, digest("first"), BOB, 1, 100);
        anchorAs(BOB, digest("first"), one(ADA, digest("parent")));
        when(125, 1_800_000_125);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(digest("parent"), ADA, digest("second"), EVE, 1, 110);
        anchorAs(EVE, digest("second"), one(ADA, digest("parent")));
        assertHead(ADA, digest("parent"), 125, 3);
    }

    /// Several in one block: the first names the block before, the others their own.
    function test_eventsInOneBlockNameThatBlock() public {
        anchorAs(ADA, digest("parent"));
        when(110, 1_800_000_050);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(digest("parent"), ADA, digest("child"), BOB, 1, 100);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(digest("parent"), ADA, digest("child"), BOB, 1, 110);
        anchorAs(BOB, digest("child"), many(2, ADA, digest("parent")));
        assertHead(ADA, digest("parent"), 110, 3);
    }

    /// A parent that is anchored after others named it goes on with their list.
    function test_anchorGoesOnWithEarlierClaims() public {
        anchorAs(BOB, digest("child"), one(ADA, digest("late")));
        when(140, 1_800_000_200);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Anchored(digest("late"), ADA, 0, 1, 100);
        anchorAs(ADA, digest("late"));
        assertHead(ADA, digest("late"), 140, 2);
        assertRecord(ADA, digest("late"), SwarmProvenance.Record(1_800_000_200, 140, 0, 0, 1));
    }

    /// One subject has a list for each attester, and one for "nobody knows whose".
    function test_eachAttesterHasAList() public {
        anchorAs(ADA, digest("data"));
        anchorAs(BOB, digest("child"), one(NOBODY, digest("data")));
        assertHead(ADA, digest("data"), 100, 1);
        assertHead(NOBODY, digest("data"), 100, 1);
        assertHead(BOB, digest("data"), 0, 0);
    }
}
