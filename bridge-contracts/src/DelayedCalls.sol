// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title Calls that have to be announced
/// @notice A function marked {afterDelay} runs only if this very call, to the byte, was announced by {schedule}
/// at least {DELAY} before, and not longer than {DELAY} and {GRACE} before. Each announcement serves one call.
/// @dev The delay is code, not a setting: no role, not even the admin, can shorten it. It says *when*; *who* is for
/// the function's own modifiers and the two hooks at the end to say. Storage is namespaced, so this fits contracts
/// behind a proxy and those that are not.
abstract contract DelayedCalls {
    /// @custom:storage-location erc7201:gearway.storage.DelayedCalls
    struct DelayedCallsStorage {
        mapping(bytes32 id => uint48) readyAt;
    }

    /// @notice Time between announcing a call and the earliest moment to make it, in seconds.
    uint48 public constant DELAY = 2 days;

    /// @notice For how long after that it can be made, in seconds: what was forgotten shall not wake up years later.
    uint48 public constant GRACE = 14 days;

    // keccak256(abi.encode(uint256(keccak256("gearway.storage.DelayedCalls")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x6cebfb789c886201ff8938c431bba64c2f06d4a62ac8a45f281697df06aa8800;

    /// @notice A call was announced.
    /// @param id Keccak-256 of the call.
    /// @param readyAt When it can be made, in Unix time.
    /// @param call Selector and arguments.
    event CallScheduled(bytes32 indexed id, uint48 readyAt, bytes call);

    /// @notice An announced call will not be made.
    /// @param id Keccak-256 of the call.
    event CallCancelled(bytes32 indexed id);

    /// @notice An announced call was made.
    /// @param id Keccak-256 of the call.
    event CallExecuted(bytes32 indexed id);

    /// @notice The call is announced already.
    /// @param id Keccak-256 of the call.
    /// @param readyAt When it can be made.
    error CallAlreadyScheduled(bytes32 id, uint48 readyAt);

    /// @notice The call was not announced, or was made or cancelled since.
    /// @param id Keccak-256 of the call.
    error CallNotScheduled(bytes32 id);

    /// @notice The call was announced too short a time ago.
    /// @param id Keccak-256 of the call.
    /// @param readyAt When it can be made.
    error CallTooEarly(bytes32 id, uint48 readyAt);

    /// @notice The call was announced too long ago, and has to be announced again.
    /// @param id Keccak-256 of the call.
    /// @param expiredAt Last moment to make it.
    error CallExpired(bytes32 id, uint48 expiredAt);

    /// @dev Uses up the announcement of the present call.
    modifier afterDelay() {
        _useAnnouncement();
        _;
    }

    /// @notice Announces a call. Emits {CallScheduled}.
    /// @param call Selector and arguments, as they will be sent.
    /// @return id Keccak-256 of the call.
    function schedule(bytes calldata call) external returns (bytes32 id) {
        _authorizeSchedule();
        id = keccak256(call);
        DelayedCallsStorage storage self = _announcements();
        uint48 known = self.readyAt[id];
        if (known != 0 && Time.timestamp() <= known + GRACE) revert CallAlreadyScheduled(id, known);

        uint48 readyAt = Time.timestamp() + DELAY;
        self.readyAt[id] = readyAt;
        emit CallScheduled(id, readyAt, call);
    }

    /// @notice Withdraws an announcement. Emits {CallCancelled}.
    /// @param id Keccak-256 of the call.
    function cancel(bytes32 id) external {
        _authorizeCancel();
        DelayedCallsStorage storage self = _announcements();
        if (self.readyAt[id] == 0) revert CallNotScheduled(id);

        delete self.readyAt[id];
        emit CallCancelled(id);
    }

    /// @notice When an announced call can be made, in Unix time; 0 if it is not announced.
    /// @param id Keccak-256 of the call.
    function callReadyAt(bytes32 id) external view returns (uint48) {
        return _announcements().readyAt[id];
    }

    /// @dev Reverts unless the caller may announce.
    function _authorizeSchedule() internal virtual;

    /// @dev Reverts unless the caller may cancel.
    function _authorizeCancel() internal virtual;

    /// @dev What {afterDelay} does, for a function that does not always need it.
    function _useAnnouncement() internal {
        bytes32 id = keccak256(msg.data);
        DelayedCallsStorage storage self = _announcements();
        uint48 readyAt = self.readyAt[id];
        if (readyAt == 0) revert CallNotScheduled(id);
        if (Time.timestamp() < readyAt) revert CallTooEarly(id, readyAt);
        if (Time.timestamp() > readyAt + GRACE) revert CallExpired(id, readyAt + GRACE);

        delete self.readyAt[id];
        emit CallExecuted(id);
    }

    function _announcements() private pure returns (DelayedCallsStorage storage self) {
        assembly ("memory-safe") {
            self.slot := STORAGE
        }
    }
}
