// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {
    AccessControlDefaultAdminRulesUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/extensions/AccessControlDefaultAdminRulesUpgradeable.sol";
import {PausableUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/PausableUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {RateLimiter} from "@openzeppelin/contracts/utils/RateLimiter.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {DelayedCalls} from "./DelayedCalls.sol";
import {IGateway} from "./IGateway.sol";
import {IReleaser} from "./IReleaser.sol";
import {ITokenVault} from "./ITokenVault.sol";

/// @title What a token vault does
/// @notice See {ITokenVault}. Lives behind {TokenVault}, which is the address to call.
/// @dev What holds:
/// 1. Of each asset the vault has at least what is {locked}, as far as the asset lets its holders be: it is credited
/// by what arrived, and debited by what left. Where a token took some away all the same, it is neither let in nor out.
/// 2. A number of a release is used once. That is kept here and not with the releaser, so that the next releaser
/// cannot repeat what the one before has released.
/// 3. What widens a way out (an upgrade, another releaser, higher limits) has to be announced {DELAY} ahead. What
/// narrows one (a pause, lower limits, a cancelled announcement) works at once.
contract TokenVaultLogic is
    ITokenVault,
    AccessControlDefaultAdminRulesUpgradeable,
    PausableUpgradeable,
    UUPSUpgradeable,
    DelayedCalls,
    ReentrancyGuardTransient
{
    using BitMaps for BitMaps.BitMap;
    using RateLimiter for RateLimiter.RefillingBucket;
    using SafeERC20 for IERC20;

    struct Asset {
        uint256 locked;
        uint208 cap;
        // A limiter of its own for each asset: a limiter's entries would share capacity and window.
        RateLimiter.RefillingBucket allowance;
    }

    /// @custom:storage-location erc7201:gearway.storage.TokenVault
    struct VaultStorage {
        IGateway gateway;
        uint64 messageGas;
        bytes32 program;
        address releaser;
        mapping(address token => Asset) assets;
        BitMaps.BitMap released;
    }

    /// @notice May announce the changes that need it and, {DELAY} later, make them.
    bytes32 public constant GOVERNOR_ROLE = keccak256("GOVERNOR_ROLE");

    /// @notice May pause and unpause the vault, lower limits, and cancel an announced change.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @notice How long handing over the admin role takes, in seconds: time for everyone else to notice.
    uint48 public constant ADMIN_TRANSFER_DELAY = 1 days;

    /// @notice Ether, as an asset.
    address public constant ETHER = address(0);

    uint256 private constant MAX_DESTINATION = 1024;

    // The only entry of each asset's limiter.
    bytes32 private constant ALLOWANCE = 0;

    // keccak256(abi.encode(uint256(keccak256("gearway.storage.TokenVault")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x7a5424d5d17770a36dfbc6ec6a6cd75c201126e2f26ac1c934865471a3ddf100;

    /// @dev Of itself, without a proxy before it, the logic is good for nothing.
    constructor() {
        _disableInitializers();
    }

    /// @notice Makes `admin` the holder of every role; it can deal them out afterwards.
    /// @param admin First admin.
    /// @param gateway_ Gateway that the messages go through.
    /// @param program_ Program that issues the tokens on the Gear chain.
    /// @param messageGas_ Gas of a message to it, in the Gear chain's own units.
    /// @param assets The first assets.
    function initialize(
        address admin,
        IGateway gateway_,
        bytes32 program_,
        uint64 messageGas_,
        AssetLimits[] calldata assets
    ) external initializer {
        if (address(gateway_) == address(0) || program_ == bytes32(0)) revert VaultZeroArgument();
        __AccessControlDefaultAdminRules_init(ADMIN_TRANSFER_DELAY, admin);
        __Pausable_init();
        _grantRole(GOVERNOR_ROLE, admin);
        _grantRole(PAUSER_ROLE, admin);
        VaultStorage storage self = _self();
        self.gateway = gateway_;
        self.program = program_;
        _setMessageGas(messageGas_);
        for (uint256 i = 0; i < assets.length; ++i) {
            _setLimits(assets[i].token, assets[i].limits);
        }
    }

    /// @inheritdoc ITokenVault
    function lockEther(bytes calldata destination) external payable whenNotPaused nonReentrant returns (uint64) {
        uint256 fee = _self().gateway.fee();
        if (msg.value <= fee) revert VaultWrongFee(msg.value, fee);
        _checkLock(ETHER, destination);
        return _lock(ETHER, msg.value - fee, fee, destination);
    }

    /// @inheritdoc ITokenVault
    function lockToken(address token, uint256 amount, bytes calldata destination)
        external
        payable
        whenNotPaused
        nonReentrant
        returns (uint64)
    {
        if (token == ETHER) revert VaultUnknownAsset(token);
        uint256 fee = _self().gateway.fee();
        if (msg.value != fee) revert VaultWrongFee(msg.value, fee);
        _checkLock(token, destination);

        uint256 before = _held(token);
        _checkSolvent(token, before);
        IERC20(token).safeTransferFrom(_msgSender(), address(this), amount);
        uint256 afterwards = _held(token);
        if (afterwards <= before) revert VaultNothingReceived(token);
        return _lock(token, afterwards - before, fee, destination);
    }

    /// @inheritdoc ITokenVault
    function release(uint64 nonce, address token, address payable recipient, uint256 amount)
        external
        whenNotPaused
        nonReentrant
    {
        VaultStorage storage self = _self();
        if (_msgSender() != self.releaser) revert VaultNotReleaser(_msgSender());
        if (recipient == address(0) || recipient == address(this)) revert VaultBadRecipient(recipient);
        if (amount == 0) revert VaultZeroArgument();
        if (self.released.get(nonce)) revert VaultAlreadyReleased(nonce);
        Asset storage asset = _asset(token);
        if (amount > asset.locked) revert VaultOwesLess(token, amount, asset.locked);
        uint256 before = _held(token);
        _checkSolvent(token, before);
        if (!asset.allowance.tryConsume(ALLOWANCE, amount)) {
            revert VaultRateLimited(token, amount, asset.allowance.available(ALLOWANCE));
        }

        self.released.set(nonce);
        asset.locked -= amount;
        emit Released(nonce, token, recipient, amount);

        if (token == ETHER) {
            Address.sendValue(recipient, amount);
        } else {
            IERC20(token).safeTransfer(recipient, amount);
            uint256 afterwards = _held(token);
            uint256 spent = afterwards < before ? before - afterwards : 0;
            if (spent != amount) revert VaultWrongTransfer(token, amount, spent);
        }
    }

    /// @notice Puts another contract in charge of releases. Funds stay where they are, and releases made stay made.
    /// The first one is set without an announcement: nothing can be locked before. Emits {ReleaserChanged}.
    /// @param newReleaser A contract that names this vault as its own.
    function setReleaser(IReleaser newReleaser) external onlyRole(GOVERNOR_ROLE) {
        VaultStorage storage self = _self();
        address previous = self.releaser;
        if (previous != address(0)) _useAnnouncement();
        if (newReleaser.vault() != address(this)) revert VaultOtherReleaser(address(newReleaser));

        self.releaser = address(newReleaser);
        emit ReleaserChanged(previous, address(newReleaser));
    }

    /// @notice Sets the limits of an asset, and makes it known to the vault. Emits {LimitsChanged}.
    /// @dev Before a token is let in, see how it treats its holders. A fee on transfers is fine. A token that takes
    /// from holders at its own will (rebasing downwards, confiscating) locks itself out when it does: {VaultDeficit}.
    /// What one gives on top (rebasing upwards) belongs to nobody and is a cushion.
    /// @param token The asset; zero for ether.
    /// @param limits Its limits.
    function setLimits(address token, Limits calldata limits) external onlyRole(GOVERNOR_ROLE) afterDelay {
        _setLimits(token, limits);
    }

    /// @notice Lowers limits of an asset, at once. Emits {LimitsChanged}.
    /// @param token The asset; zero for ether.
    /// @param cap New cap, not higher than before; 0 lets nothing more in.
    /// @param releaseCapacity New capacity, not higher than before; 0 lets nothing out.
    function lowerLimits(address token, uint208 cap, uint208 releaseCapacity) external onlyRole(PAUSER_ROLE) {
        Limits memory limits = limitsOf(token);
        if (limits.releaseWindow == 0) revert VaultUnknownAsset(token);
        if (cap > limits.cap || releaseCapacity > limits.releaseCapacity) revert VaultLimitsRaised(token);
        _setLimits(token, Limits(cap, releaseCapacity, limits.releaseWindow));
    }

    /// @notice Sets the gas of the messages from the next one on. Emits {MessageGasChanged}.
    /// @param newGas Gas of a message, in the Gear chain's own units.
    function setMessageGas(uint64 newGas) external onlyRole(GOVERNOR_ROLE) afterDelay {
        _setMessageGas(newGas);
    }

    /// @notice Stops everything that moves funds.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @notice Lets funds move again.
    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    /// @inheritdoc ITokenVault
    function isReleased(uint64 nonce) external view returns (bool) {
        return _self().released.get(nonce);
    }

    /// @inheritdoc ITokenVault
    function locked(address token) external view returns (uint256) {
        return _self().assets[token].locked;
    }

    /// @inheritdoc ITokenVault
    function releasable(address token) external view returns (uint256) {
        return _self().assets[token].allowance.available(ALLOWANCE);
    }

    /// @inheritdoc ITokenVault
    function releaser() external view returns (address) {
        return _self().releaser;
    }

    /// @inheritdoc ITokenVault
    function gateway() external view returns (address) {
        return address(_self().gateway);
    }

    /// @inheritdoc ITokenVault
    function program() external view returns (bytes32) {
        return _self().program;
    }

    /// @inheritdoc ITokenVault
    function messageGas() external view returns (uint64) {
        return _self().messageGas;
    }

    /// @inheritdoc ITokenVault
    function maxDestination() external pure returns (uint256) {
        return MAX_DESTINATION;
    }

    /// @inheritdoc ITokenVault
    function limitsOf(address token) public view returns (Limits memory) {
        Asset storage asset = _self().assets[token];
        return Limits(asset.cap, asset.allowance._capacity, asset.allowance._window);
    }

    function _authorizeUpgrade(address) internal override onlyRole(GOVERNOR_ROLE) afterDelay {}

    function _authorizeSchedule() internal override onlyRole(GOVERNOR_ROLE) {}

    function _authorizeCancel() internal override onlyRole(PAUSER_ROLE) {}

    /// Books what has arrived, and tells the program.
    function _lock(address token, uint256 amount, uint256 fee, bytes calldata destination)
        private
        returns (uint64 nonce)
    {
        VaultStorage storage self = _self();
        Asset storage asset = self.assets[token];
        uint256 room = asset.cap > asset.locked ? asset.cap - asset.locked : 0;
        if (amount > room) revert VaultCapReached(token, amount, room);
        asset.locked += amount;

        TokenMessage memory message = TokenMessage(token, _msgSender(), amount, destination);
        nonce = self.gateway.sendMessage{value: fee}(self.program, self.messageGas, abi.encode(message));
        emit Locked(nonce, token, _msgSender(), amount, destination);
    }

    function _setLimits(address token, Limits memory limits) private {
        if (limits.releaseWindow == 0) revert VaultBadLimits();
        Asset storage asset = _self().assets[token];
        asset.cap = limits.cap;
        // What has grown back until now has done so at the rate until now.
        asset.allowance.sync(ALLOWANCE);
        asset.allowance.updateSettings(limits.releaseWindow, limits.releaseCapacity);
        emit LimitsChanged(token, limits);
    }

    function _setMessageGas(uint64 newGas) private {
        if (newGas == 0) revert VaultZeroArgument();
        VaultStorage storage self = _self();
        emit MessageGasChanged(self.messageGas, newGas);
        self.messageGas = newGas;
    }

    function _checkLock(address token, bytes calldata destination) private view {
        if (_self().releaser == address(0)) revert VaultNoReleaser();
        _asset(token);
        if (destination.length == 0 || destination.length > MAX_DESTINATION) {
            revert VaultBadDestination(destination.length, MAX_DESTINATION);
        }
    }

    function _checkSolvent(address token, uint256 held) private view {
        uint256 owed = _self().assets[token].locked;
        if (held < owed) revert VaultDeficit(token, owed, held);
    }

    function _asset(address token) private view returns (Asset storage asset) {
        asset = _self().assets[token];
        if (asset.allowance._window == 0) revert VaultUnknownAsset(token);
    }

    function _held(address token) private view returns (uint256) {
        return token == ETHER ? address(this).balance : IERC20(token).balanceOf(address(this));
    }

    function _self() private pure returns (VaultStorage storage self) {
        assembly ("memory-safe") {
            self.slot := STORAGE
        }
    }
}
