// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";
import {Stage} from "./Stage.sol";

/// @notice The same rules for any values.
contract FuzzTest is Stage {
    /// Any anchor by anyone at any time is recorded exactly, in its own slot only.
    function testFuzz_anchor(address who, bytes32 subject, bytes32 locator, uint16 kind, uint40 time, uint48 number)
        public
    {
        vm.assume(subject != 0 && number != 0);
        when(number, time);
        vm.prank(who);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Anchored(subject, who, locator, kind, 0);
        registry.anchor(subject, locator, kind, none());
        assertRecord(who, subject, SwarmProvenance.Record(time, number, 0, 0, kind));
        assertHead(who, subject, number, 1);
    }

    /// Any edge is told exactly, moves its parent's head, and leaves its parent's record.
    function testFuzz_edge(address who, bytes32 child, SwarmProvenance.Edge memory edge, uint48 number) public {
        vm.assume(child != 0 && edge.subject != 0 && edge.subject != child && number > 100);
        SwarmProvenance.Edge[] memory edges = new SwarmProvenance.Edge[](1);
        edges[0] = edge;
        anchorAs(edge.attester, edge.subject);
        when(number, 1_900_000_000);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Anchored(child, who, 0, 1, 0);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(edge.subject, edge.attester, child, who, edge.relation, 100);
        anchorAs(who, child, edges);
        assertHead(edge.attester, edge.subject, number, 2);
        assertRecord(edge.attester, edge.subject, SwarmProvenance.Record(1_800_000_000, 100, 0, 0, 1));
    }

    /// Any revocation keeps the anchor exactly, whatever came between.
    function testFuzz_revoke(address who, bytes32 subject, bytes32 replacement, uint16 kind, uint40 time, uint48 number)
        public
    {
        vm.assume(subject != 0 && number > 100);
        vm.prank(who);
        registry.anchor(subject, 0, kind, none());
        when(number, time);
        vm.prank(who);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Revoked(subject, who, replacement, 100);
        registry.revoke(subject, replacement);
        assertRecord(who, subject, SwarmProvenance.Record(1_800_000_000, 100, time, number, kind));
        assertHead(who, subject, 100, 1);
    }

    /// Whatever a stranger says about a subject, before or after, its author's record is the author's word alone.
    function testFuzz_strangersHaveNoSay(address author, address stranger, bytes32 subject, bool revokes) public {
        vm.assume(author != stranger && subject != 0);
        anchorAs(stranger, subject);
        if (revokes) revokeAs(stranger, subject);
        assertNothing(author, subject);
        anchorAs(author, subject);
        SwarmProvenance.Record memory wanted = SwarmProvenance.Record(1_800_000_000, 100, 0, 0, 1);
        assertRecord(author, subject, wanted);
        if (!revokes) revokeAs(stranger, subject);
        assertRecord(author, subject, wanted);
    }

    /// Up to 256 edges, each is one event and one step of its head; above, the number is told.
    function testFuzz_numberOfEdges(uint16 count) public {
        count = count % 512;
        if (count > 256) vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.TooManyEdges.selector, count));
        anchorAs(ADA, digest("child"), many(count, BOB, digest("parent")));
        assertHead(BOB, digest("parent"), count == 0 || count > 256 ? 0 : 100, count > 256 ? 0 : count);
    }
}
