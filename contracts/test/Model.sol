// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";
import {Vm} from "./Stage.sol";

/// @notice A few people who anchor and revoke the same few subjects, and beside them what must come of it.
/// @dev forge calls its functions in any order with any values. Each one foretells the answer, whether it is taken or
/// with which error it is refused, and compares. What is kept here is written from the rules, not read from storage.
contract Model {
    struct Told {
        uint256 number;
        uint256 prevBlock;
    }

    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    SwarmProvenance public immutable registry;
    address[] public attesters = [address(0xADA), address(0xB0B), address(0xE7E), address(0)];
    bytes32[] public subjects = [bytes32(0), "data", "model", "figure", "study"];

    /// @notice How often something was taken and how often refused, so that a run that tries nothing is noticed.
    uint256 public taken;
    uint256 public refused;

    uint256 private _number = 1;
    uint256 private _time = 1_800_000_000;
    mapping(address attester => mapping(bytes32 subject => SwarmProvenance.Record)) private _records;
    mapping(address attester => mapping(bytes32 subject => Told[])) private _told;

    constructor(SwarmProvenance registry_) {
        registry = registry_;
    }

    function anchor(uint256 who, uint256 what, bytes32 locator, uint16 kind, uint256 seed) external {
        (address sender, bytes32 subject) = (_sender(who), _subject(what));
        SwarmProvenance.Edge[] memory edges = _edges(seed);
        bytes memory call = abi.encodeCall(SwarmProvenance.anchor, (subject, locator, kind, edges));
        if (!_answersAs(sender, call, _refusalOfAnchor(sender, subject, edges))) return;
        SwarmProvenance.Record storage record = _records[sender][subject];
        (record.anchoredAt, record.anchoredBlock, record.kind) = (uint40(_time), uint48(_number), kind);
        _keepEvents(1 + edges.length);
    }

    function revoke(uint256 who, uint256 what, bytes32 replacement) external {
        (address sender, bytes32 subject) = (_sender(who), _subject(what));
        bytes memory call = abi.encodeCall(SwarmProvenance.revoke, (subject, replacement));
        if (!_answersAs(sender, call, _refusalOfRevoke(sender, subject))) return;
        SwarmProvenance.Record storage record = _records[sender][subject];
        (record.revokedAt, record.revokedBlock) = (uint40(_time), uint48(_number));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, 1, "events of a revocation");
        vm.assertEq(logs[0].data, abi.encode(replacement, record.anchoredBlock), "data of a revocation");
    }

    function letTimePass(uint8 blocks, uint16 perBlock) external {
        _number += blocks;
        _time += uint256(blocks) * perBlock;
    }

    function recordOf(address attester, bytes32 subject) external view returns (SwarmProvenance.Record memory) {
        return _records[attester][subject];
    }

    function toldOf(address attester, bytes32 subject) external view returns (Told[] memory) {
        return _told[attester][subject];
    }

    /// @dev The last attester is nobody, who can be named and cannot send.
    function _sender(uint256 who) private view returns (address) {
        return attesters[who % (attesters.length - 1)];
    }

    function _subject(uint256 what) private view returns (bytes32) {
        return subjects[what % subjects.length];
    }

    function _edges(uint256 seed) private view returns (SwarmProvenance.Edge[] memory edges) {
        edges = new SwarmProvenance.Edge[](seed % 4);
        for (uint256 i; i < edges.length; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address attester = attesters[seed % attesters.length];
            // mostly other than zero, else few anchors with edges would ever be taken
            bytes32 subject = seed % 31 == 0 ? bytes32(0) : subjects[1 + (seed >> 8) % (subjects.length - 1)];
            edges[i] = SwarmProvenance.Edge(attester, subject, uint8(seed >> 16));
        }
    }

    /// @dev Empty where it must be taken.
    function _refusalOfAnchor(address sender, bytes32 subject, SwarmProvenance.Edge[] memory edges)
        private
        view
        returns (bytes memory)
    {
        bytes memory refusal = _refusalOfRevoke(sender, subject);
        if (refusal.length != 0) return refusal;
        if (_records[sender][subject].anchoredBlock != 0) {
            return abi.encodeWithSelector(SwarmProvenance.AlreadyAnchored.selector, sender, subject);
        }
        for (uint256 i; i < edges.length; ++i) {
            if (edges[i].subject == 0) return abi.encodeWithSelector(SwarmProvenance.ZeroSubject.selector);
            if (edges[i].subject == subject) return abi.encodeWithSelector(SwarmProvenance.SelfParent.selector);
        }
        return "";
    }

    function _refusalOfRevoke(address sender, bytes32 subject) private view returns (bytes memory) {
        if (subject == 0) return abi.encodeWithSelector(SwarmProvenance.ZeroSubject.selector);
        if (_records[sender][subject].revokedBlock == 0) return "";
        return abi.encodeWithSelector(SwarmProvenance.AlreadyRevoked.selector, sender, subject);
    }

    function _answersAs(address sender, bytes memory call, bytes memory refusal) private returns (bool ok) {
        vm.roll(_number);
        vm.warp(_time);
        vm.recordLogs();
        vm.prank(sender);
        bytes memory answer;
        (ok, answer) = address(registry).call(call);
        vm.assertEq(answer, refusal, "answer");
        vm.assertTrue(ok == (refusal.length == 0), "taken or refused");
        ok ? ++taken : ++refused;
    }

    /// @dev `Anchored` and `Derived` both have the subject and the attester of their list as topics 1 and 2, and
    /// `prevBlock` as the third word of their data.
    function _keepEvents(uint256 wanted) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        vm.assertEq(logs.length, wanted, "events of an anchor");
        for (uint256 i; i < logs.length; ++i) {
            (,, uint48 prevBlock) = abi.decode(logs[i].data, (bytes32, uint256, uint48));
            address attester = address(uint160(uint256(logs[i].topics[2])));
            _told[attester][logs[i].topics[1]].push(Told(_number, prevBlock));
        }
    }
}
