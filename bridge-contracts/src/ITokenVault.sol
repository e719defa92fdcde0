// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @title Vault for what the Gear chain issues tokens against
/// @notice Ether and ERC-20 tokens are locked here, and a message through the gateway says so to the program that
/// issues their like on the Gear chain. They leave again, to whom and as much as the releaser says, within the limits
/// of each asset. Ether is the asset of the zero address.
/// @dev Programs and tools on the other side build their types from this very file: {TokenMessage} is a wire format.
interface ITokenVault {
    /// @notice Payload of the message that a lock sends, ABI-encoded as one struct.
    /// @param token What was locked; zero for ether.
    /// @param sender Who locked it.
    /// @param amount How much the vault holds more than before, in the token's smallest unit.
    /// @param destination Where on the other side its like goes, by the rules of the program that issues it.
    struct TokenMessage {
        address token;
        address sender;
        uint256 amount;
        bytes destination;
    }

    /// @notice How much of an asset the vault takes in and lets out.
    /// @param cap Most that may be locked at a time; 0 where the vault does not take the asset at all.
    /// @param releaseCapacity Most that may be released at once.
    /// @param releaseWindow Time in which an exhausted allowance is full again, in seconds. In any span of that
    /// length at most twice the capacity gets out.
    struct Limits {
        uint208 cap;
        uint208 releaseCapacity;
        uint48 releaseWindow;
    }

    /// @notice The limits of an asset, with the asset.
    /// @param token The asset; zero for ether.
    /// @param limits Its limits.
    struct AssetLimits {
        address token;
        Limits limits;
    }

    /// @notice An asset was locked, and the program told.
    /// @param nonce The gateway's nonce of the message.
    /// @param token The asset; zero for ether.
    /// @param sender Who locked it.
    /// @param amount How much, as in the message.
    /// @param destination As in the message.
    event Locked(
        uint64 indexed nonce, address indexed token, address indexed sender, uint256 amount, bytes destination
    );

    /// @notice An asset was released.
    /// @param nonce Number of the release; each is used once.
    /// @param token The asset; zero for ether.
    /// @param recipient Who received it.
    /// @param amount How much left the vault.
    event Released(uint64 indexed nonce, address indexed token, address indexed recipient, uint256 amount);

    /// @notice The limits of an asset have changed.
    /// @param token The asset; zero for ether.
    /// @param limits Its limits from now on.
    event LimitsChanged(address indexed token, Limits limits);

    /// @notice Another contract says from now on what is released.
    /// @param previousReleaser The one before; zero the first time.
    /// @param newReleaser The one from now on.
    event ReleaserChanged(address indexed previousReleaser, address indexed newReleaser);

    /// @notice The gas of the messages has changed.
    /// @param previousGas Gas of a message until now, in the Gear chain's own units.
    /// @param newGas Gas of a message from now on.
    event MessageGasChanged(uint64 previousGas, uint64 newGas);

    /// @notice An argument that has to be something is zero.
    error VaultZeroArgument();

    /// @notice There is no way out yet, so nothing is let in.
    error VaultNoReleaser();

    /// @notice The vault has no limits for this asset.
    /// @param token The asset.
    error VaultUnknownAsset(address token);

    /// @notice The value sent is not the gateway's fee; or, with ether to lock, no more than it.
    /// @param sent Value of the call, in wei.
    /// @param fee The gateway's fee, in wei.
    error VaultWrongFee(uint256 sent, uint256 fee);

    /// @notice The destination is empty, or longer than is taken.
    /// @param length Its length, in bytes.
    /// @param limit The longest that is taken.
    error VaultBadDestination(uint256 length, uint256 limit);

    /// @notice The token was paid, but the vault has no more of it than before.
    /// @param token The token.
    error VaultNothingReceived(address token);

    /// @notice More would be locked than the cap of the asset allows.
    /// @param token The asset.
    /// @param amount How much was to be locked.
    /// @param room How much there is room for.
    error VaultCapReached(address token, uint256 amount, uint256 room);

    /// @notice The vault has less of the token than it owes, because the token takes from its holders. Nothing goes in
    /// or out until the difference is paid in by a plain transfer.
    /// @param token The token.
    /// @param owed How much is owed.
    /// @param held How much there is.
    error VaultDeficit(address token, uint256 owed, uint256 held);

    /// @notice A transfer out of the vault did not cost the vault what it was meant to.
    /// @param token The token.
    /// @param expected The amount of the transfer.
    /// @param actual What the vault has less.
    error VaultWrongTransfer(address token, uint256 expected, uint256 actual);

    /// @notice The caller is not the releaser.
    /// @param caller Who called.
    error VaultNotReleaser(address caller);

    /// @notice The contract says of itself that it is no releaser of this vault.
    /// @param releaser The contract.
    error VaultOtherReleaser(address releaser);

    /// @notice This release has been made.
    /// @param nonce Its number.
    error VaultAlreadyReleased(uint64 nonce);

    /// @notice Nothing can be released to this account.
    /// @param recipient Zero, or the vault.
    error VaultBadRecipient(address recipient);

    /// @notice More was to be released than is locked.
    /// @param token The asset.
    /// @param amount How much was to be released.
    /// @param owed How much is locked.
    error VaultOwesLess(address token, uint256 amount, uint256 owed);

    /// @notice More was to be released than the asset's allowance has now. It grows back; if the amount is above the
    /// capacity, the capacity has to be raised.
    /// @param token The asset.
    /// @param amount How much was to be released.
    /// @param available How much can be released now.
    error VaultRateLimited(address token, uint256 amount, uint256 available);

    /// @notice A limit is out of range: a window of no time.
    error VaultBadLimits();

    /// @notice Limits can be raised only with an announcement.
    /// @param token The asset.
    error VaultLimitsRaised(address token);

    /// @notice Locks ether, all of the call's value but the gateway's fee. Emits {Locked}.
    /// @param destination Where its like goes on the other side.
    /// @return nonce The gateway's nonce of the message.
    function lockEther(bytes calldata destination) external payable returns (uint64 nonce);

    /// @notice Locks a token that the vault is allowed to take from the caller. The value of the call is the gateway's
    /// fee. What is credited is what the vault has more afterwards, so a token that takes a fee on transfers
    /// takes it from the sender. Emits {Locked}.
    /// @param token The token.
    /// @param amount How much to take.
    /// @param destination Where its like goes on the other side.
    /// @return nonce The gateway's nonce of the message.
    function lockToken(address token, uint256 amount, bytes calldata destination)
        external
        payable
        returns (uint64 nonce);

    /// @notice Releases an asset. Only the releaser may. Emits {Released}.
    /// @param nonce Number of the release. It is used once, whichever contract is the releaser.
    /// @param token The asset; zero for ether.
    /// @param recipient Who receives it.
    /// @param amount How much.
    function release(uint64 nonce, address token, address payable recipient, uint256 amount) external;

    /// @notice Whether the release of this number has been made.
    /// @param nonce Its number.
    function isReleased(uint64 nonce) external view returns (bool);

    /// @notice How much of an asset is locked: what the vault owes.
    /// @param token The asset; zero for ether.
    function locked(address token) external view returns (uint256);

    /// @notice How much of an asset can be released now.
    /// @param token The asset; zero for ether.
    function releasable(address token) external view returns (uint256);

    /// @notice Limits of an asset; all zero for one that is not known.
    /// @param token The asset; zero for ether.
    function limitsOf(address token) external view returns (Limits memory);

    /// @notice Contract that says what is released; zero before there is one.
    function releaser() external view returns (address);

    /// @notice Gateway that the messages go through.
    function gateway() external view returns (address);

    /// @notice Program that the messages are for.
    function program() external view returns (bytes32);

    /// @notice Gas of a message, in the Gear chain's own units.
    function messageGas() external view returns (uint64);

    /// @notice Longest destination, in bytes.
    function maxDestination() external view returns (uint256);
}
