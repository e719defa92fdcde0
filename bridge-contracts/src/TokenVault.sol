// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {IGateway} from "./IGateway.sol";
import {ITokenVault} from "./ITokenVault.sol";
import {TokenVaultLogic} from "./TokenVaultLogic.sol";

/// @title Token vault
/// @notice The address that holds the funds, for good: what it does is {TokenVaultLogic}, which its governors can
/// replace after announcing it {DelayedCalls-DELAY} ahead.
contract TokenVault is ERC1967Proxy {
    /// @notice Deploys the logic too, and starts it in the same transaction.
    /// @param admin First admin, who holds every role.
    /// @param gateway Gateway that the messages go through.
    /// @param program Program that issues the tokens on the Gear chain.
    /// @param messageGas Gas of a message to it, in the Gear chain's own units.
    /// @param assets The first assets. Any later one has to be announced.
    constructor(
        address admin,
        IGateway gateway,
        bytes32 program,
        uint64 messageGas,
        ITokenVault.AssetLimits[] memory assets
    )
        ERC1967Proxy(
            address(new TokenVaultLogic()),
            abi.encodeCall(TokenVaultLogic.initialize, (admin, gateway, program, messageGas, assets))
        )
    {}
}
