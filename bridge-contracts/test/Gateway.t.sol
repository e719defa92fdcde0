// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Test, Vm} from "forge-std/Test.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {Gateway} from "../src/Gateway.sol";
import {GatewayLogic} from "../src/GatewayLogic.sol";
import {IGateway} from "../src/IGateway.sol";

/// Calls back into the gateway while it is being paid.
contract ReenteringTreasurer {
    GatewayLogic private immutable _GATEWAY;

    constructor(GatewayLogic gateway) {
        _GATEWAY = gateway;
    }

    function withdraw(uint256 amount) external {
        _GATEWAY.withdrawFees(payable(address(this)), amount);
    }

    receive() external payable {
        _GATEWAY.withdrawFees(payable(address(this)), msg.value);
    }
}

contract GatewayTest is Test {
    uint256 private constant FEE = 0.001 ether;
    bytes32 private constant PROGRAM = keccak256("a program");
    uint64 private constant GAS = 1_000_000_000;

    address private admin = makeAddr("admin");
    address private alice = makeAddr("alice");
    address private bob = makeAddr("bob");
    GatewayLogic private gateway;

    function setUp() public {
        gateway = GatewayLogic(address(new Gateway(admin, FEE)));
        vm.deal(alice, 100 ether);
        vm.deal(bob, 100 ether);
    }

    // Sending

    function test_FirstNonceIsOneAndTheNextIsTwo() public {
        assertEq(gateway.nonce(), 0);
        assertEq(_send(alice, "first"), 1);
        assertEq(_send(bob, "second"), 2);
        assertEq(gateway.nonce(), 2);
    }

    /// The Gear chain decodes these very bytes: topics and data are pinned, not only the event's fields.
    function test_EventIsTheWireFormat() public {
        vm.recordLogs();
        _send(alice, "charge");

        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        assertEq(logs[0].emitter, address(gateway));
        assertEq(logs[0].topics.length, 4);
        assertEq(logs[0].topics[0], keccak256("MessageQueued(uint64,address,bytes32,uint64,bytes)"));
        assertEq(logs[0].topics[1], bytes32(uint256(1)));
        assertEq(logs[0].topics[2], bytes32(uint256(uint160(alice))));
        assertEq(logs[0].topics[3], PROGRAM);
        assertEq(logs[0].data, abi.encode(GAS, bytes("charge")));
    }

    function test_EmptyPayloadIsAMessage() public {
        vm.expectEmit(address(gateway));
        emit IGateway.MessageQueued(1, alice, PROGRAM, GAS, "");
        _send(alice, "");
    }

    function test_LongestPayloadIsTaken() public {
        assertEq(_send(alice, new bytes(gateway.maxPayload())), 1);
    }

    function test_RevertIf_PayloadIsOneByteTooLong() public {
        uint256 limit = gateway.maxPayload();
        vm.expectRevert(abi.encodeWithSelector(IGateway.GatewayPayloadTooLong.selector, limit + 1, limit));
        _send(alice, new bytes(limit + 1));
    }

    function test_RevertIf_ProgramIsZero() public {
        vm.expectRevert(IGateway.GatewayZeroProgram.selector);
        vm.prank(alice);
        gateway.sendMessage{value: FEE}(bytes32(0), GAS, "x");
    }

    function test_RevertIf_GasLimitIsZero() public {
        vm.expectRevert(IGateway.GatewayZeroGasLimit.selector);
        vm.prank(alice);
        gateway.sendMessage{value: FEE}(PROGRAM, 0, "x");
    }

    function test_RefusedMessageTakesNoNonce() public {
        vm.expectRevert(IGateway.GatewayZeroGasLimit.selector);
        vm.prank(alice);
        gateway.sendMessage{value: FEE}(PROGRAM, 0, "x");
        assertEq(_send(alice, "x"), 1);
    }

    function test_RevertIf_EtherIsSentWithoutAMessage() public {
        vm.prank(alice);
        (bool taken,) = address(gateway).call{value: 1 ether}("");
        assertFalse(taken);
    }

    function testFuzz_MessageIsQueuedAsSent(address sender, bytes32 program, uint64 gasLimit, bytes calldata payload)
        public
    {
        vm.assume(sender != address(0) && sender != address(gateway));
        vm.assume(program != bytes32(0) && gasLimit != 0);
        vm.assume(payload.length <= gateway.maxPayload());
        hoax(sender, FEE);
        vm.expectEmit(address(gateway));
        emit IGateway.MessageQueued(1, sender, program, gasLimit, payload);
        assertEq(gateway.sendMessage{value: FEE}(program, gasLimit, payload), 1);
        assertEq(address(gateway).balance, FEE);
    }

    // Fee

    function testFuzz_RevertIf_ValueIsNotTheFee(uint128 fee, uint128 sent) public {
        vm.assume(fee != sent);
        vm.prank(admin);
        gateway.setFee(fee);
        hoax(alice, sent);
        vm.expectRevert(abi.encodeWithSelector(IGateway.GatewayWrongFee.selector, sent, fee));
        gateway.sendMessage{value: sent}(PROGRAM, GAS, "x");
    }

    function testFuzz_NewFeeIsTakenFromTheNextMessageOn(uint128 newFee) public {
        vm.expectEmit(address(gateway));
        emit IGateway.FeeChanged(FEE, newFee);
        vm.prank(admin);
        gateway.setFee(newFee);

        assertEq(gateway.fee(), newFee);
        hoax(alice, newFee);
        assertEq(gateway.sendMessage{value: newFee}(PROGRAM, GAS, "x"), 1);
        assertEq(address(gateway).balance, newFee);
    }

    function test_RevertIf_FeeIsSetWithoutTheRole() public {
        _expectMissingRole(alice, gateway.FEE_SETTER_ROLE());
        vm.prank(alice);
        gateway.setFee(0);
    }

    // Withdrawing

    function test_TreasurerPaysOutFees() public {
        _send(alice, "x");
        _send(alice, "y");
        vm.expectEmit(address(gateway));
        emit IGateway.FeesWithdrawn(bob, FEE);
        vm.prank(admin);
        gateway.withdrawFees(payable(bob), FEE);
        assertEq(bob.balance, 100 ether + FEE);
        assertEq(address(gateway).balance, FEE);
    }

    function test_FeesCanBePaidOutWhilePaused() public {
        _send(alice, "x");
        vm.startPrank(admin);
        gateway.pause();
        gateway.withdrawFees(payable(bob), FEE);
        assertEq(address(gateway).balance, 0);
    }

    function test_RevertIf_MoreIsWithdrawnThanThereIs() public {
        _send(alice, "x");
        vm.expectRevert(abi.encodeWithSelector(IGateway.GatewayInsufficientFees.selector, FEE + 1, FEE));
        vm.prank(admin);
        gateway.withdrawFees(payable(bob), FEE + 1);
    }

    function test_RevertIf_FeesGoToTheZeroAddress() public {
        vm.expectRevert(IGateway.GatewayZeroRecipient.selector);
        vm.prank(admin);
        gateway.withdrawFees(payable(address(0)), 0);
    }

    function test_RevertIf_RecipientTakesNoEther() public {
        _send(alice, "x");
        vm.expectRevert(Errors.FailedCall.selector);
        vm.prank(admin);
        gateway.withdrawFees(payable(address(this)), FEE);
    }

    function test_RevertIf_FeesAreWithdrawnWithoutTheRole() public {
        _send(alice, "x");
        _expectMissingRole(alice, gateway.TREASURER_ROLE());
        vm.prank(alice);
        gateway.withdrawFees(payable(alice), FEE);
    }

    function test_ReenteringTreasurerGetsNoMoreThanThereIs() public {
        ReenteringTreasurer treasurer = new ReenteringTreasurer(gateway);
        bytes32 role = gateway.TREASURER_ROLE();
        vm.prank(admin);
        gateway.grantRole(role, address(treasurer));
        _send(alice, "x");

        vm.expectRevert(abi.encodeWithSelector(IGateway.GatewayInsufficientFees.selector, FEE, 0));
        treasurer.withdraw(FEE);
        assertEq(address(gateway).balance, FEE);
    }

    // Pausing

    function test_RevertIf_MessageIsSentWhilePaused() public {
        vm.prank(admin);
        gateway.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _send(alice, "x");
    }

    function test_NoncesGoOnAfterAPause() public {
        _send(alice, "x");
        vm.startPrank(admin);
        gateway.pause();
        gateway.unpause();
        vm.stopPrank();
        assertEq(_send(alice, "y"), 2);
    }

    function test_RevertIf_PausedOrUnpausedWithoutTheRole() public {
        bytes32 role = gateway.PAUSER_ROLE();
        _expectMissingRole(alice, role);
        vm.prank(alice);
        gateway.pause();

        vm.prank(admin);
        gateway.pause();
        _expectMissingRole(alice, role);
        vm.prank(alice);
        gateway.unpause();
    }

    // Roles

    function test_RevertIf_ThereIsNoAdmin() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlInvalidDefaultAdmin.selector, address(0)
            )
        );
        new Gateway(address(0), FEE);
    }

    function test_AdminIsHandedOverOnlyAfterTheDelay() public {
        vm.prank(admin);
        gateway.beginDefaultAdminTransfer(bob);
        uint48 schedule = uint48(block.timestamp) + gateway.ADMIN_TRANSFER_DELAY();

        vm.warp(schedule);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector, schedule
            )
        );
        vm.prank(bob);
        gateway.acceptDefaultAdminTransfer();

        vm.warp(schedule + 1);
        vm.prank(bob);
        gateway.acceptDefaultAdminTransfer();
        assertEq(gateway.defaultAdmin(), bob);
    }

    function _send(address sender, bytes memory payload) private returns (uint64) {
        vm.prank(sender);
        return gateway.sendMessage{value: FEE}(PROGRAM, GAS, payload);
    }

    function _expectMissingRole(address account, bytes32 role) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role));
    }
}
