// SPDX-License-Identifier: BSD-3-Clause
pragma solidity 0.8.37;

/// @title Swarm provenance, first version: who vouched for which manifest, and when
/// @notice An attester states under its own address that it stands behind a manifest (`subject` is the manifest's
/// sha256) and which manifests that one descends from. Records are keyed by (attester, subject): nobody can take,
/// block or revoke the record of another. There is no owner, no upgrade, no payment and no call to other code.
/// @dev The events about one (attester, subject) are a list: its head is the block of the last, and every event names
/// the block of the one before it, so that a client walks it by asking for the logs of single blocks, without an
/// indexer (where `block.number` is the number under which the chain keeps its logs: not on Arbitrum).
/// Record and head share one storage slot. Times are block times. Unaudited.
contract SwarmProvenance {
    /// @notice A claim by the child's attester: the child came from the manifest `subject`, as `attester` anchored it.
    /// @dev The parent need not be anchored, here or anywhere. `attester` zero: it is not known who anchored it.
    struct Edge {
        address attester;
        bytes32 subject;
        uint8 relation;
    }

    /// @notice One attester's word on one subject. Zero in a time or block field means "has not happened".
    struct Record {
        uint40 anchoredAt;
        uint48 anchoredBlock;
        uint40 revokedAt;
        uint48 revokedBlock;
        uint16 kind;
    }

    /// @notice Where the list of events about one (attester, subject) begins: the block of the newest, and how many.
    /// @dev Counts its anchor and every edge that names it as a parent, whether or not it is anchored. The count stops
    /// at 65535, which means that many or more: no number of claims can fill a head and keep out the next one.
    struct Head {
        uint48 lastBlock;
        uint16 count;
    }

    /// @dev Both in 256 bits. Only the attester's own calls change the record; anybody's edges change the head.
    struct Entry {
        uint40 anchoredAt;
        uint48 anchoredBlock;
        uint40 revokedAt;
        uint48 revokedBlock;
        uint16 kind;
        uint48 lastBlock;
        uint16 count;
    }

    /// @notice The most edges that one anchor may carry.
    uint256 public constant MAX_EDGES = 256;

    mapping(address attester => mapping(bytes32 subject => Entry)) private _entries;

    /// @notice An attester stands behind a subject from now on.
    /// @param subject sha256 of the manifest
    /// @param attester who says so: the sender
    /// @param locator a reference where the publication may be found, or zero; a hint that no check may rely on
    /// @param kind what the subject is, in the client's vocabulary
    /// @param prevBlock block of the event before this one about (attester, subject); 0 if this is the first
    event Anchored(
        bytes32 indexed subject, address indexed attester, bytes32 locator, uint16 kind, uint48 prevBlock
    );

    /// @notice A child's attester claims that the child came from a parent.
    /// @dev The topics are in the order of `Anchored`, so that one filter finds both events of a head.
    /// @param parent sha256 of the parent's manifest
    /// @param parentAttester who anchored the parent, as the child's attester says; zero if unknown
    /// @param child sha256 of the child's manifest
    /// @param attester the child's attester: the sender
    /// @param relation how the child came from it, in the client's vocabulary
    /// @param prevBlock block of the event before this one about (parentAttester, parent); 0 if this is the first
    event Derived(
        bytes32 indexed parent,
        address indexed parentAttester,
        bytes32 indexed child,
        address attester,
        uint8 relation,
        uint48 prevBlock
    );

    /// @notice An attester takes its word on a subject back, for good.
    /// @param subject sha256 of the manifest
    /// @param attester who says so: the sender
    /// @param replacement sha256 of the manifest that takes its place, or zero
    /// @param prevBlock block of the anchor that is revoked; 0 if there was none
    event Revoked(bytes32 indexed subject, address indexed attester, bytes32 replacement, uint48 prevBlock);

    /// @notice This attester has already anchored this subject: it may do so once.
    error AlreadyAnchored(address attester, bytes32 subject);
    /// @notice This attester has already revoked this subject: it can neither be revoked again nor be anchored.
    error AlreadyRevoked(address attester, bytes32 subject);
    /// @notice A subject or a parent is zero.
    error ZeroSubject();
    /// @notice An edge names the subject itself as its parent, under whatever attester.
    error SelfParent();
    /// @notice An anchor carries more than MAX_EDGES edges.
    error TooManyEdges(uint256 count);

    /// @notice Anchor `subject` under the sender's address, once.
    /// @param subject sha256 of the manifest, not zero
    /// @param locator a reference where the publication may be found, or zero; kept in the event only
    /// @param kind what the subject is, in the client's vocabulary
    /// @param edges the manifests that it came from
    function anchor(bytes32 subject, bytes32 locator, uint16 kind, Edge[] calldata edges) external {
        if (subject == 0) revert ZeroSubject();
        if (edges.length > MAX_EDGES) revert TooManyEdges(edges.length);
        Entry memory entry = _entries[msg.sender][subject];
        if (entry.revokedBlock != 0) revert AlreadyRevoked(msg.sender, subject);
        if (entry.anchoredBlock != 0) revert AlreadyAnchored(msg.sender, subject);
        entry.anchoredAt = uint40(block.timestamp);
        entry.anchoredBlock = uint48(block.number);
        entry.kind = kind;
        uint48 prevBlock = _link(msg.sender, subject, entry);
        emit Anchored(subject, msg.sender, locator, kind, prevBlock);
        for (uint256 i; i < edges.length; ++i) {
            _derive(subject, edges[i]);
        }
    }

    /// @notice Revoke `subject` under the sender's address, for good. Heads stay: whoever reads the record sees it.
    /// @dev Allowed before any anchor: the subject can then never be anchored by this sender.
    /// @param subject sha256 of the manifest, not zero
    /// @param replacement sha256 of the manifest that takes its place, or zero; kept in the event only
    function revoke(bytes32 subject, bytes32 replacement) external {
        if (subject == 0) revert ZeroSubject();
        Entry memory entry = _entries[msg.sender][subject];
        if (entry.revokedBlock != 0) revert AlreadyRevoked(msg.sender, subject);
        entry.revokedAt = uint40(block.timestamp);
        entry.revokedBlock = uint48(block.number);
        _entries[msg.sender][subject] = entry;
        emit Revoked(subject, msg.sender, replacement, entry.anchoredBlock);
    }

    /// @notice What `attester` said about `subject`; all zero if nothing.
    function recordOf(address attester, bytes32 subject) external view returns (Record memory) {
        Entry memory entry = _entries[attester][subject];
        return Record(entry.anchoredAt, entry.anchoredBlock, entry.revokedAt, entry.revokedBlock, entry.kind);
    }

    /// @notice Where the list of events about (attester, subject) begins; all zero if there are none.
    function headOf(address attester, bytes32 subject) external view returns (Head memory) {
        Entry memory entry = _entries[attester][subject];
        return Head(entry.lastBlock, entry.count);
    }

    function _derive(bytes32 child, Edge calldata edge) private {
        if (edge.subject == 0) revert ZeroSubject();
        if (edge.subject == child) revert SelfParent();
        Entry memory parent = _entries[edge.attester][edge.subject];
        uint48 prevBlock = _link(edge.attester, edge.subject, parent);
        emit Derived(edge.subject, edge.attester, child, msg.sender, edge.relation, prevBlock);
    }

    /// @dev Writes an entry with this block at its head, and returns the block that stood there, 0 for a new list.
    function _link(address attester, bytes32 subject, Entry memory entry) private returns (uint48 prevBlock) {
        prevBlock = entry.lastBlock;
        entry.lastBlock = uint48(block.number);
        if (entry.count != type(uint16).max) ++entry.count;
        _entries[attester][subject] = entry;
    }
}
