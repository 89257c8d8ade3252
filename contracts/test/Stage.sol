// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";

/// @notice The few cheat codes of forge that these tests need.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function assertEq(uint256 left, uint256 right, string calldata what) external pure;
    function assertEq(bytes calldata left, bytes calldata right, string calldata what) external pure;
    function assertLe(uint256 left, uint256 right, string calldata what) external pure;
    function assertTrue(bool met, string calldata what) external pure;
    function assume(bool met) external pure;
    function deal(address account, uint256 balance) external;
    function expectEmit(address emitter) external;
    function expectRevert(bytes calldata data) external;
    function getRecordedLogs() external returns (Log[] memory logs);
    function prank(address sender) external;
    function recordLogs() external;
    function roll(uint256 blockNumber) external;
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256 gasUsed);
    function warp(uint256 time) external;
}

/// @notice A fresh contract, three people, and the words in which the tests speak.
abstract contract Stage {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address internal constant ADA = address(0xADA);
    address internal constant BOB = address(0xB0B);
    address internal constant EVE = address(0xE7E);
    address internal constant NOBODY = address(0);

    SwarmProvenance internal registry;

    function setUp() public virtual {
        registry = new SwarmProvenance();
        when(100, 1_800_000_000);
    }

    /// @dev Stands for a sha256, which costs as much. Solidity's sha256 is itself a call: cheat codes would take it for
    /// the next one.
    function digest(string memory name) internal pure returns (bytes32) {
        return keccak256(bytes(name));
    }

    function when(uint256 number, uint256 time) internal {
        vm.roll(number);
        vm.warp(time);
    }

    function none() internal pure returns (SwarmProvenance.Edge[] memory) {
        return new SwarmProvenance.Edge[](0);
    }

    function one(address attester, bytes32 subject) internal pure returns (SwarmProvenance.Edge[] memory edges) {
        edges = new SwarmProvenance.Edge[](1);
        edges[0] = SwarmProvenance.Edge(attester, subject, 1);
    }

    function many(uint256 count, address attester, bytes32 subject)
        internal
        pure
        returns (SwarmProvenance.Edge[] memory edges)
    {
        edges = new SwarmProvenance.Edge[](count);
        for (uint256 i; i < count; ++i) {
            edges[i] = SwarmProvenance.Edge(attester, subject, 1);
        }
    }

    function anchorAs(address who, bytes32 subject) internal {
        anchorAs(who, subject, none());
    }

    function anchorAs(address who, bytes32 subject, SwarmProvenance.Edge[] memory edges) internal {
        vm.prank(who);
        registry.anchor(subject, 0, 1, edges);
    }

    function revokeAs(address who, bytes32 subject) internal {
        vm.prank(who);
        registry.revoke(subject, 0);
    }

    // A cheat code takes longer than the rest of a test, so it is called only to say what differs.

    function assertRecord(address attester, bytes32 subject, SwarmProvenance.Record memory wanted) internal view {
        bytes memory found = abi.encode(registry.recordOf(attester, subject));
        if (keccak256(found) != keccak256(abi.encode(wanted))) vm.assertEq(found, abi.encode(wanted), "record");
    }

    function assertHead(address attester, bytes32 subject, uint48 lastBlock, uint16 count) internal view {
        SwarmProvenance.Head memory head = registry.headOf(attester, subject);
        if (head.lastBlock != lastBlock) vm.assertEq(head.lastBlock, lastBlock, "last block of a head");
        if (head.count != count) vm.assertEq(head.count, count, "count of a head");
    }

    function assertNothing(address attester, bytes32 subject) internal view {
        assertRecord(attester, subject, SwarmProvenance.Record(0, 0, 0, 0, 0));
        assertHead(attester, subject, 0, 0);
    }
}
