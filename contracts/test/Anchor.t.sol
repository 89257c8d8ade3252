// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";
import {Stage} from "./Stage.sol";

/// @notice What `anchor` writes, tells and refuses.
contract AnchorTest is Stage {
    /// An anchor is a record with time, block and kind, a head of one event, and an event with the locator.
    function test_anchorWritesRecordHeadAndEvent() public {
        bytes32 subject = digest("study");
        vm.prank(ADA);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Anchored(subject, ADA, digest("locator"), 513, 0);
        registry.anchor(subject, digest("locator"), 513, none());
        assertRecord(ADA, subject, SwarmProvenance.Record(1_800_000_000, 100, 0, 0, 513));
        assertHead(ADA, subject, 100, 1);
    }

    /// What nobody spoke of is zero in every field.
    function test_nothingSaidIsAllZero() public view {
        assertNothing(ADA, digest("unspoken"));
    }

    /// Every edge is one event, in their order, that names child, parent, both attesters and relation.
    function test_edgesAreEventsInTheirOrder() public {
        anchorAs(ADA, digest("parent"));
        SwarmProvenance.Edge[] memory edges = new SwarmProvenance.Edge[](2);
        edges[0] = SwarmProvenance.Edge(ADA, digest("parent"), 4);
        edges[1] = SwarmProvenance.Edge(NOBODY, digest("never anchored"), 255);
        when(101, 1_800_000_005);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Anchored(digest("child"), BOB, 0, 1, 0);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(digest("parent"), ADA, digest("child"), BOB, 4, 100);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(digest("never anchored"), NOBODY, digest("child"), BOB, 255, 0);
        anchorAs(BOB, digest("child"), edges);
    }

    /// A second anchor of the same subject by the same attester is refused, and nothing of the first changes.
    function test_anchoredOnce() public {
        anchorAs(ADA, digest("study"));
        when(200, 1_900_000_000);
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.AlreadyAnchored.selector, ADA, digest("study")));
        anchorAs(ADA, digest("study"));
        assertRecord(ADA, digest("study"), SwarmProvenance.Record(1_800_000_000, 100, 0, 0, 1));
        assertHead(ADA, digest("study"), 100, 1);
    }

    /// Zero is neither a subject nor a parent.
    function test_zeroIsNoSubject() public {
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.ZeroSubject.selector));
        anchorAs(ADA, 0);
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.ZeroSubject.selector));
        anchorAs(ADA, digest("child"), one(BOB, 0));
    }

    /// A manifest does not descend from itself, whoever anchored it.
    function test_nothingIsItsOwnParent() public {
        address[3] memory attesters = [ADA, BOB, NOBODY];
        for (uint256 i; i < attesters.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.SelfParent.selector));
            anchorAs(ADA, digest("study"), one(attesters[i], digest("study")));
        }
    }

    /// 256 edges are taken, 257 are refused with their number.
    function test_edgesHaveALimit() public {
        vm.assertEq(registry.MAX_EDGES(), 256, "MAX_EDGES");
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.TooManyEdges.selector, 257));
        anchorAs(ADA, digest("child"), many(257, BOB, digest("parent")));
        anchorAs(ADA, digest("child"), many(256, BOB, digest("parent")));
        assertHead(BOB, digest("parent"), 100, 256);
    }

    /// An anchor is taken whole or not at all: a bad last edge leaves neither record nor heads.
    function test_badEdgeLeavesNothing() public {
        SwarmProvenance.Edge[] memory edges = many(3, BOB, digest("parent"));
        edges[2].subject = 0;
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.ZeroSubject.selector));
        anchorAs(ADA, digest("child"), edges);
        assertNothing(ADA, digest("child"));
        assertNothing(BOB, digest("parent"));
    }

    /// The same edge twice is told twice: who reads takes each once.
    function test_sameEdgeTwiceIsTwoEvents() public {
        vm.recordLogs();
        anchorAs(ADA, digest("child"), many(2, BOB, digest("parent")));
        vm.assertEq(vm.getRecordedLogs().length, 3, "events");
        assertHead(BOB, digest("parent"), 100, 2);
    }
}
