// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @title Gateway from Ethereum to the programs of the Gear chain
/// @notice A message sent here is an event. The Gear chain proves that event against a finalised beacon block and
/// hands it to the program it names, exactly once. Nothing is stored for a message but the nonce it took.
/// @dev The Rust side builds its types from this very file: the encodings below are a wire format.
interface IGateway {
    /// @notice A message left for a program.
    /// @param nonce Position among all messages of this gateway: the first is 1, and every next one is one more.
    /// @param sender Account that called the gateway. The program sees it as twelve zero bytes and this address.
    /// @param program Id of the program the message is for.
    /// @param gasLimit Most gas that the program may spend on the message, in the Gear chain's own units.
    /// @param payload What the program receives, untouched.
    event MessageQueued(
        uint64 indexed nonce, address indexed sender, bytes32 indexed program, uint64 gasLimit, bytes payload
    );

    /// @notice The price of a message has changed.
    /// @param previousFee Price until now, in wei.
    /// @param newFee Price from now on, in wei.
    event FeeChanged(uint256 previousFee, uint256 newFee);

    /// @notice Collected fees were paid out.
    /// @param recipient Account that received them.
    /// @param amount How much, in wei.
    event FeesWithdrawn(address indexed recipient, uint256 amount);

    /// @notice The message named the zero program, which is nobody.
    error GatewayZeroProgram();

    /// @notice The message came without gas: no program could run on it.
    error GatewayZeroGasLimit();

    /// @notice The payload is longer than the Gear chain takes.
    /// @param length Length of the payload, in bytes.
    /// @param limit The longest that is taken, in bytes.
    error GatewayPayloadTooLong(uint256 length, uint256 limit);

    /// @notice The value sent is not the fee. Exactly the fee is taken, so nothing has ever to be given back.
    /// @param sent Value of the call, in wei.
    /// @param fee What it should have been, in wei.
    error GatewayWrongFee(uint256 sent, uint256 fee);

    /// @notice Fees were to be paid out to the zero address.
    error GatewayZeroRecipient();

    /// @notice More was to be paid out than has been collected.
    /// @param requested Amount asked for, in wei.
    /// @param available Amount there is, in wei.
    error GatewayInsufficientFees(uint256 requested, uint256 available);

    /// @notice Sends a message to a program.
    /// @dev Requirements: the gateway is not paused; `program` and `gasLimit` are not zero; `payload` is no longer
    /// than {maxPayload}; the value of the call is exactly {fee}. Emits {MessageQueued}.
    /// @param program Id of the program.
    /// @param gasLimit Most gas that the program may spend on the message.
    /// @param payload What the program receives.
    /// @return nonce The nonce the message took.
    function sendMessage(bytes32 program, uint64 gasLimit, bytes calldata payload)
        external
        payable
        returns (uint64 nonce);

    /// @notice Nonce of the latest message; 0 before the first.
    function nonce() external view returns (uint64);

    /// @notice Price of a message, in wei.
    function fee() external view returns (uint256);

    /// @notice Longest payload a message may have, in bytes.
    function maxPayload() external view returns (uint256);
}
