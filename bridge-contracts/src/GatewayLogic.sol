// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {
    AccessControlDefaultAdminRulesUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/extensions/AccessControlDefaultAdminRulesUpgradeable.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {DelayedCalls} from "./DelayedCalls.sol";
import {IGateway} from "./IGateway.sol";

/// @title What a gateway does
/// @notice Where Ethereum contracts and accounts leave messages for the programs of the Gear chain. Lives behind
/// {Gateway}, which is the address to call.
/// @dev The chain trusts nothing here but the event's bytes and that nonces are never given twice. So the nonce only
/// ever grows, pausing stops new messages without touching those already proven or provable, and no role can emit a
/// message in another's name; replacing this logic, which could, has to be announced {DELAY} ahead. Fees are held
/// until the treasurer pays them out; ether forced in by other means (block rewards, self-destruct) is paid out the
/// same way.
contract GatewayLogic is
    IGateway,
    AccessControlDefaultAdminRulesUpgradeable,
    PausableUpgradeable,
    UUPSUpgradeable,
    DelayedCalls
{
    /// @custom:storage-location erc7201:gearway.storage.Gateway
    struct GatewayStorage {
        uint64 nonce;
        uint256 fee;
    }

    /// @notice May announce an upgrade and, {DELAY} later, make it.
    bytes32 public constant GOVERNOR_ROLE = keccak256("GOVERNOR_ROLE");

    /// @notice May stop new messages, let them in again, and cancel an announced upgrade.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @notice May change the price of a message.
    bytes32 public constant FEE_SETTER_ROLE = keccak256("FEE_SETTER_ROLE");

    /// @notice May pay out collected fees.
    bytes32 public constant TREASURER_ROLE = keccak256("TREASURER_ROLE");

    /// @notice How long handing over the admin role takes, in seconds: time for everyone else to notice.
    uint48 public constant ADMIN_TRANSFER_DELAY = 1 days;

    /// @notice Longest payload, in bytes. Its proof has to fit in one extrinsic beside others.
    uint256 private constant MAX_PAYLOAD = 16 * 1024;

    // keccak256(abi.encode(uint256(keccak256("gearway.storage.Gateway")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x20ad0c044671ccdf1eb76f94c9ab81cd568ccb430180e356369add8e496d8d00;

    /// @dev Of itself, without a proxy before it, the logic is good for nothing.
    constructor() {
        _disableInitializers();
    }

    /// @notice Makes `admin` the holder of every role; it can deal them out afterwards.
    /// @param admin First admin.
    /// @param initialFee Price of a message, in wei.
    function initialize(address admin, uint256 initialFee) external initializer {
        __AccessControlDefaultAdminRules_init(ADMIN_TRANSFER_DELAY, admin);
        __Pausable_init();
        _grantRole(GOVERNOR_ROLE, admin);
        _grantRole(PAUSER_ROLE, admin);
        _grantRole(FEE_SETTER_ROLE, admin);
        _grantRole(TREASURER_ROLE, admin);
        _setFee(initialFee);
    }

    /// @inheritdoc IGateway
    function sendMessage(bytes32 program, uint64 gasLimit, bytes calldata payload)
        external
        payable
        whenNotPaused
        returns (uint64 messageNonce)
    {
        if (program == bytes32(0)) revert GatewayZeroProgram();
        if (gasLimit == 0) revert GatewayZeroGasLimit();
        if (payload.length > MAX_PAYLOAD) revert GatewayPayloadTooLong(payload.length, MAX_PAYLOAD);
        GatewayStorage storage self = _self();
        if (msg.value != self.fee) revert GatewayWrongFee(msg.value, self.fee);

        messageNonce = ++self.nonce;
        emit MessageQueued(messageNonce, _msgSender(), program, gasLimit, payload);
    }

    /// @notice Changes the price of a message, from the next message on. Emits {FeeChanged}.
    /// @param newFee New price, in wei.
    function setFee(uint256 newFee) external onlyRole(FEE_SETTER_ROLE) {
        _setFee(newFee);
    }

    /// @notice Pays out fees.
    /// @dev Requirements: the recipient is not zero and takes ether; there is that much. Emits {FeesWithdrawn}.
    /// @param recipient Who receives them.
    /// @param amount How much, in wei.
    function withdrawFees(address payable recipient, uint256 amount) external onlyRole(TREASURER_ROLE) {
        if (recipient == address(0)) revert GatewayZeroRecipient();
        uint256 available = address(this).balance;
        if (amount > available) revert GatewayInsufficientFees(amount, available);

        emit FeesWithdrawn(recipient, amount);
        Address.sendValue(recipient, amount);
    }

    /// @notice Stops new messages. Those already sent stay deliverable.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @notice Lets new messages in again.
    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    /// @inheritdoc IGateway
    function nonce() external view returns (uint64) {
        return _self().nonce;
    }

    /// @inheritdoc IGateway
    function fee() external view returns (uint256) {
        return _self().fee;
    }

    /// @inheritdoc IGateway
    function maxPayload() external pure returns (uint256) {
        return MAX_PAYLOAD;
    }

    function _setFee(uint256 newFee) private {
        GatewayStorage storage self = _self();
        emit FeeChanged(self.fee, newFee);
        self.fee = newFee;
    }

    function _authorizeUpgrade(address) internal override onlyRole(GOVERNOR_ROLE) afterDelay {}

    function _authorizeSchedule() internal override onlyRole(GOVERNOR_ROLE) {}

    function _authorizeCancel() internal override onlyRole(PAUSER_ROLE) {}

    function _self() private pure returns (GatewayStorage storage self) {
        assembly ("memory-safe") {
            self.slot := STORAGE
        }
    }
}
