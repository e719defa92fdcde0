// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Test, Vm} from "forge-std/Test.sol";

import {Gateway} from "../src/Gateway.sol";
import {GatewayLogic} from "../src/GatewayLogic.sol";
import {IGateway} from "../src/IGateway.sol";

/// Does to a gateway what users and role holders may do, in any order, and keeps its own books.
contract GatewayHandler is Test {
    GatewayLogic public immutable GATEWAY;
    address public immutable ADMIN;

    uint256 public collected;
    uint256 public withdrawn;
    uint64 public sent;
    uint64 public lastNonceSeen;
    bool public nonceWentWrong;

    constructor(GatewayLogic gateway, address admin) {
        GATEWAY = gateway;
        ADMIN = admin;
    }

    function send(address sender, bytes32 program, uint64 gasLimit, bytes calldata payload) external {
        vm.assume(sender != address(0) && sender != address(GATEWAY));
        vm.assume(program != bytes32(0) && gasLimit != 0);
        vm.assume(payload.length <= GATEWAY.maxPayload() && !GATEWAY.paused());
        uint256 fee = GATEWAY.fee();

        vm.recordLogs();
        hoax(sender, fee);
        uint64 nonce = GATEWAY.sendMessage{value: fee}(program, gasLimit, payload);
        Vm.Log[] memory logs = vm.getRecordedLogs();

        bool inEvent = logs.length == 1 && logs[0].topics[0] == IGateway.MessageQueued.selector
            && logs[0].topics[1] == bytes32(uint256(nonce));
        if (!inEvent || nonce != lastNonceSeen + 1) nonceWentWrong = true;
        lastNonceSeen = nonce;
        sent += 1;
        collected += fee;
    }

    function setFee(uint96 fee) external {
        vm.prank(ADMIN);
        GATEWAY.setFee(fee);
    }

    function withdraw(uint256 amount) external {
        amount = bound(amount, 0, address(GATEWAY).balance);
        vm.prank(ADMIN);
        GATEWAY.withdrawFees(payable(makeAddr("treasury")), amount);
        withdrawn += amount;
    }

    function togglePause() external {
        vm.startPrank(ADMIN);
        if (GATEWAY.paused()) GATEWAY.unpause();
        else GATEWAY.pause();
        vm.stopPrank();
    }
}

contract GatewayInvariantTest is Test {
    GatewayLogic private gateway;
    GatewayHandler private handler;

    function setUp() public {
        address admin = makeAddr("admin");
        gateway = GatewayLogic(address(new Gateway(admin, 1 gwei)));
        handler = new GatewayHandler(gateway, admin);
        targetContract(address(handler));
    }

    function invariant_NoncesCountMessagesWithoutGapOrRepeat() public view {
        assertFalse(handler.nonceWentWrong());
        assertEq(gateway.nonce(), handler.sent());
        assertEq(gateway.nonce(), handler.lastNonceSeen());
    }

    function invariant_BalanceIsWhatWasCollectedAndNotWithdrawn() public view {
        assertEq(address(gateway).balance, handler.collected() - handler.withdrawn());
    }
}
