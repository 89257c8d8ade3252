// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";
import {Stage, Vm} from "./Stage.sol";

/// @notice Weaknesses found in other registries of provenance, each tried on this one. ADA is the author, EVE attacks.
contract PeersTest is Stage {
    /// First come, first served: whoever sees a pending anchor could register its digest first and be its owner.
    function test_squattingOnADigestTakesNothing() public {
        anchorAs(EVE, digest("study"));
        when(101, 1_800_000_005);
        anchorAs(ADA, digest("study"));
        assertRecord(ADA, digest("study"), SwarmProvenance.Record(1_800_000_005, 101, 0, 0, 1));
    }

    /// A stranger could map the author's Swarm reference to a digest of his own, and the author's anchor would fail.
    function test_squattingOnALocatorTakesNothing() public {
        vm.prank(EVE);
        registry.anchor(digest("eve's"), digest("reference"), 1, none());
        vm.prank(ADA);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Anchored(digest("study"), ADA, digest("reference"), 1, 0);
        registry.anchor(digest("study"), digest("reference"), 1, none());
    }

    /// One squatted item could make a whole batch fail: here no parent's state can fail its child's anchor.
    function test_noStateOfAParentFailsItsChild() public {
        SwarmProvenance.Edge[] memory edges = new SwarmProvenance.Edge[](5);
        edges[0] = SwarmProvenance.Edge(ADA, digest("squatted"), 1);
        edges[1] = SwarmProvenance.Edge(EVE, digest("squatted"), 1);
        edges[2] = SwarmProvenance.Edge(ADA, digest("revoked"), 1);
        edges[3] = SwarmProvenance.Edge(ADA, digest("unknown"), 1);
        edges[4] = SwarmProvenance.Edge(ADA, digest("popular"), 1);
        anchorAs(EVE, digest("squatted"));
        revokeAs(EVE, digest("squatted"));
        revokeAs(ADA, digest("revoked"));
        anchorAs(EVE, digest("crowd"), many(256, ADA, digest("popular")));
        anchorAs(ADA, digest("child"), edges);
        assertRecord(ADA, digest("child"), SwarmProvenance.Record(1_800_000_000, 100, 0, 0, 1));
    }

    /// Only the owner of a parent could record what comes from it: "trained on public data" could not be said.
    function test_anyoneMaySayWhatTheirsComesFrom() public {
        anchorAs(ADA, digest("public data"));
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(digest("public data"), ADA, digest("bob's model"), BOB, 1, 100);
        anchorAs(BOB, digest("bob's model"), one(ADA, digest("public data")));
    }

    /// A transformation could have the zero digest as its result, or as its source.
    function test_zeroIsNeitherChildNorParent() public {
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.ZeroSubject.selector));
        anchorAs(ADA, 0, one(BOB, digest("data")));
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.ZeroSubject.selector));
        anchorAs(ADA, digest("child"), one(BOB, 0));
    }

    /// Naming a digest could register it as the caller's, and without the event that indexers wait for.
    function test_namingAParentRegistersNothing() public {
        vm.recordLogs();
        anchorAs(EVE, digest("child"), one(EVE, digest("unseen")));
        assertRecord(EVE, digest("unseen"), SwarmProvenance.Record(0, 0, 0, 0, 0));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 2, "events");
        vm.assertTrue(logs[0].topics[0] == SwarmProvenance.Anchored.selector, "an anchor tells");
        vm.assertTrue(logs[1].topics[0] == SwarmProvenance.Derived.selector, "an edge tells");
    }

    /// Ownership could be pushed onto someone without consent: here no call names another attester for a record.
    function test_nothingCanBePushedOntoAnother() public {
        anchorAs(EVE, digest("illegal"));
        string[3] memory calls = [
            "transferDataOwnership(bytes32,address)",
            "transferOwnership(bytes32,address)",
            "setDataOwner(bytes32,address)"
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(EVE);
            (bool taken,) = address(registry).call(abi.encodeWithSignature(calls[i], digest("illegal"), ADA));
            vm.assertTrue(!taken, "no such call");
        }
        anchorAs(EVE, digest("child"), one(ADA, digest("illegal")));
        assertRecord(ADA, digest("illegal"), SwarmProvenance.Record(0, 0, 0, 0, 0));
    }

    /// An operator whom an administrator named could change anyone's status: here who deployed can do no more than any.
    function test_whoDeployedHasNoPower() public {
        anchorAs(ADA, digest("study"));
        registry.revoke(digest("study"), 0); // this test deployed it
        registry.anchor(digest("other"), 0, 9, one(ADA, digest("study")));
        assertRecord(ADA, digest("study"), SwarmProvenance.Record(1_800_000_000, 100, 0, 0, 1));
        string[4] memory calls = ["grantRole(bytes32,address)", "setOperator(bytes32,address)", "pause()", "owner()"];
        for (uint256 i; i < calls.length; ++i) {
            (bool taken,) = address(registry).call(abi.encodeWithSignature(calls[i], digest("role"), address(this)));
            vm.assertTrue(!taken, "no such call");
        }
    }

    /// "Deleted" could be set back to "active".
    function test_revocationIsNotReversible() public {
        anchorAs(ADA, digest("withdrawn"));
        revokeAs(ADA, digest("withdrawn"));
        SwarmProvenance.Record memory revoked = registry.recordOf(ADA, digest("withdrawn"));
        when(500, 1_900_000_000);
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.AlreadyRevoked.selector, ADA, digest("withdrawn")));
        anchorAs(ADA, digest("withdrawn"));
        vm.expectRevert(abi.encodeWithSelector(SwarmProvenance.AlreadyRevoked.selector, ADA, digest("withdrawn")));
        revokeAs(ADA, digest("withdrawn"));
        anchorAs(BOB, digest("child"), one(ADA, digest("withdrawn")));
        assertRecord(ADA, digest("withdrawn"), revoked);
    }

    /// A list with a limit, open to all, could be filled by anybody: here 65,536 claims keep out none that follows.
    function test_noCrowdFillsAHead() public {
        anchorAs(ADA, digest("popular"));
        SwarmProvenance.Edge[] memory edges = many(256, ADA, digest("popular"));
        for (uint256 i; i < 256; ++i) {
            anchorAs(EVE, bytes32(i + 1), edges);
        }
        assertHead(ADA, digest("popular"), 100, type(uint16).max);
        when(101, 1_800_000_005);
        vm.expectEmit(address(registry));
        emit SwarmProvenance.Derived(digest("popular"), ADA, digest("child"), BOB, 1, 100);
        anchorAs(BOB, digest("child"), one(ADA, digest("popular")));
        assertHead(ADA, digest("popular"), 101, type(uint16).max);
        revokeAs(ADA, digest("popular"));
        assertRecord(ADA, digest("popular"), SwarmProvenance.Record(1_800_000_000, 100, 1_800_000_005, 101, 1));
    }

    /// One parent was all that an attestation could name, and a payable resolver could take money.
    function test_manyParentsAndNoMoney() public {
        anchorAs(ADA, digest("child"), many(256, BOB, digest("parent")));
        vm.deal(ADA, 1 ether);
        bytes[3] memory calls = [
            abi.encodeCall(SwarmProvenance.anchor, (digest("paid"), 0, 1, none())),
            abi.encodeCall(SwarmProvenance.revoke, (digest("paid"), 0)),
            bytes("")
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(ADA);
            (bool taken,) = address(registry).call{value: 1}(calls[i]);
            vm.assertTrue(!taken, "money");
        }
        vm.assertEq(address(registry).balance, 0, "balance");
    }
}
