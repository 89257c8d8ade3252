// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

import {SwarmProvenance} from "../src/SwarmProvenance.sol";
import {Model} from "./Model.sol";
import {Stage} from "./Stage.sol";

/// @notice What holds after any calls of anybody in any order: see `Model`.
contract InvariantsTest is Stage {
    struct Pair {
        address attester;
        bytes32 subject;
    }

    Model private _model;
    Pair[] private _pairs;
    mapping(address attester => mapping(bytes32 subject => SwarmProvenance.Record)) private _seen;

    function setUp() public override {
        super.setUp();
        _model = new Model(registry);
        for (uint256 i; i < 4; ++i) {
            for (uint256 j; j < 5; ++j) {
                _pairs.push(Pair(_model.attesters(i), _model.subjects(j)));
            }
        }
    }

    /// @dev Read by forge: it calls nothing but the model.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_model);
    }

    /// Every record is its attester's own word and nothing else: nobody writes another's.
    function invariant_nobodyWritesAnothersRecord() public view {
        for (uint256 i; i < _pairs.length; ++i) {
            Pair memory pair = _pairs[i];
            assertRecord(pair.attester, pair.subject, _model.recordOf(pair.attester, pair.subject));
        }
    }

    /// A time, block or kind that was once written never changes again, and a revocation is never taken back.
    function invariant_timesAreImmutableAndRevocationIsOneWay() public {
        for (uint256 i; i < _pairs.length; ++i) {
            (address attester, bytes32 subject) = (_pairs[i].attester, _pairs[i].subject);
            SwarmProvenance.Record memory before = _seen[attester][subject];
            SwarmProvenance.Record memory present = registry.recordOf(attester, subject);
            bool kept = present.anchoredAt == before.anchoredAt && present.anchoredBlock == before.anchoredBlock
                && present.kind == before.kind;
            if (before.anchoredBlock != 0 && !kept) vm.assertTrue(false, "an anchor changed");
            if (before.revokedBlock != 0) assertRecord(attester, subject, before);
            _seen[attester][subject] = present;
        }
    }

    /// From every head, block by block, a reader meets every event that was ever told about it, and then ends.
    function invariant_headsAreWalkable() public view {
        for (uint256 i; i < _pairs.length; ++i) {
            SwarmProvenance.Head memory head = registry.headOf(_pairs[i].attester, _pairs[i].subject);
            Model.Told[] memory told = _model.toldOf(_pairs[i].attester, _pairs[i].subject);
            if (head.count != told.length) vm.assertEq(head.count, told.length, "count of a head");
            uint256 met = _met(head.lastBlock, told);
            if (met != told.length) vm.assertEq(met, told.length, "events met on the way");
        }
    }

    /// Nobody is nobody: no record stands under the zero address, and none about the zero subject.
    function invariant_zeroHasNoRecord() public view {
        for (uint256 i; i < _pairs.length; ++i) {
            if (_pairs[i].subject == 0) assertNothing(_pairs[i].attester, _pairs[i].subject);
            if (_pairs[i].attester == NOBODY) {
                assertRecord(NOBODY, _pairs[i].subject, SwarmProvenance.Record(0, 0, 0, 0, 0));
            }
        }
    }

    /// @dev Walks as a client does: the events of one block, then the earlier block that one of them names.
    function _met(uint256 number, Model.Told[] memory told) private pure returns (uint256 met) {
        while (number != 0) {
            (uint256 earlier, uint256 here) = (0, 0);
            for (uint256 i; i < told.length; ++i) {
                if (told[i].number != number) continue;
                ++here;
                if (told[i].prevBlock < number) earlier = told[i].prevBlock;
            }
            if (here == 0) vm.assertTrue(false, "a block that is named has events");
            met += here;
            number = earlier;
        }
    }
}
