// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";
import {Stage} from "./Stage.sol";

/// @notice What a transaction takes, all in. Kept in snapshots/SwarmProvenance.json, against which a run compares.
/// @dev Each call is a transaction of its own (isolate): with its 21,000, its call data, and cold storage.
/// forge-config: default.isolate = true
contract GasTest is Stage {
    function setUp() public override {
        super.setUp();
        for (uint256 i; i < 3; ++i) {
            anchorAs([ADA, BOB, EVE][i], digest("known"));
        }
        when(110, 1_800_000_050);
    }

    function test_anchor() public {
        _anchor("child", none());
        _bounded("anchor, no parents", 50_000);
    }

    function test_anchorWithKnownParents() public {
        _anchor("child", _known(1));
        _bounded("anchor, 1 known parent", 62_000);
        when(111, 1_800_000_055);
        _anchor("grandchild", _known(2));
        _bounded("anchor, 2 known parents", 75_000);
    }

    function test_anchorWithNewParent() public {
        _anchor("child", one(ADA, digest("new")));
        _bounded("anchor, 1 new parent", 80_000);
    }

    function test_anchorWithMostParents() public {
        SwarmProvenance.Edge[] memory edges = new SwarmProvenance.Edge[](256);
        for (uint256 i; i < 256; ++i) {
            edges[i] = SwarmProvenance.Edge(ADA, keccak256(abi.encode(i)), 1);
        }
        _anchor("child", edges);
        _bounded("anchor, 256 new parents", 10_000_000);
    }

    function test_revoke() public {
        vm.prank(ADA);
        registry.revoke(digest("known"), digest("replacement"));
        _bounded("revoke", 32_000);
    }

    function test_revokeBeforeAnchor() public {
        vm.prank(ADA);
        registry.revoke(digest("leaked"), digest("replacement"));
        _bounded("revoke, never anchored", 50_000);
    }

    function _known(uint256 count) private pure returns (SwarmProvenance.Edge[] memory edges) {
        edges = new SwarmProvenance.Edge[](count);
        for (uint256 i; i < count; ++i) {
            edges[i] = SwarmProvenance.Edge([BOB, EVE][i], digest("known"), 1);
        }
    }

    function _anchor(string memory name, SwarmProvenance.Edge[] memory edges) private {
        vm.prank(ADA);
        registry.anchor(digest(name), digest("locator"), 1, edges);
    }

    function _bounded(string memory name, uint256 most) private {
        vm.assertLe(vm.snapshotGasLastCall("SwarmProvenance", name), most, name);
    }
}
