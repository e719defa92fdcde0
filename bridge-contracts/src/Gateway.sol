// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {IGateway} from "./IGateway.sol";

/// @title Gateway
/// @notice Where Ethereum contracts and accounts leave messages for the programs of the Gear chain.
/// @dev The chain trusts nothing here but the event's bytes and that nonces are never given twice. So the nonce only
/// ever grows, pausing stops new messages without touching those already proven or provable, and no role can emit a
/// message in another's name. Fees are held until the treasurer pays them out; ether forced in by other means
/// (block rewards, self-destruct) is paid out the same way.
contract Gateway is IGateway, AccessControlDefaultAdminRules, Pausable {
    /// @notice May stop new messages and let them in again.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @notice May change the price of a message.
    bytes32 public constant FEE_SETTER_ROLE = keccak256("FEE_SETTER_ROLE");

    /// @notice May pay out collected fees.
    bytes32 public constant TREASURER_ROLE = keccak256("TREASURER_ROLE");

    /// @notice How long handing over the admin role takes, in seconds: time for everyone else to notice.
    uint48 public constant ADMIN_TRANSFER_DELAY = 1 days;

    /// @notice Longest payload, in bytes. Its proof has to fit in one extrinsic beside others.
    uint256 private constant MAX_PAYLOAD = 16 * 1024;

    uint64 private _nonce;
    uint256 private _fee;

    /// @notice Makes `admin` the holder of every role; it can deal them out afterwards.
    /// @param admin First admin.
    /// @param initialFee Price of a message, in wei.
    constructor(address admin, uint256 initialFee) AccessControlDefaultAdminRules(ADMIN_TRANSFER_DELAY, admin) {
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
        if (msg.value != _fee) revert GatewayWrongFee(msg.value, _fee);

        messageNonce = ++_nonce;
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
        return _nonce;
    }

    /// @inheritdoc IGateway
    function fee() external view returns (uint256) {
        return _fee;
    }

    /// @inheritdoc IGateway
    function maxPayload() external pure returns (uint256) {
        return MAX_PAYLOAD;
    }

    function _setFee(uint256 newFee) private {
        emit FeeChanged(_fee, newFee);
        _fee = newFee;
    }
}
