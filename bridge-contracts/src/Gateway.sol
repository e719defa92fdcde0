// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {GatewayLogic} from "./GatewayLogic.sol";

/// @title Gateway
/// @notice The address that the Gear chain knows, for good: state and messages are its own, what it does is
/// {GatewayLogic}, which its governors can replace after announcing it {DelayedCalls-DELAY} ahead.
contract Gateway is ERC1967Proxy {
    /// @notice Deploys the logic too, and starts it in the same transaction.
    /// @param admin First admin, who holds every role.
    /// @param initialFee Price of a message, in wei.
    constructor(address admin, uint256 initialFee)
        ERC1967Proxy(address(new GatewayLogic()), abi.encodeCall(GatewayLogic.initialize, (admin, initialFee)))
    {}
}
