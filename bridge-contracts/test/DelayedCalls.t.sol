// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {IERC1967} from "@openzeppelin/contracts/interfaces/IERC1967.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";

import {DelayedCalls} from "../src/DelayedCalls.sol";
import {Gateway} from "../src/Gateway.sol";
import {GatewayLogic} from "../src/GatewayLogic.sol";
import {PlainToken} from "./support/Tokens.sol";

/// A later logic: what the one before stored is where it was.
contract NextGatewayLogic is GatewayLogic {
    function generation() external pure returns (uint256) {
        return 2;
    }
}

/// Announcements, by the call that needs them most: the upgrade of a gateway.
contract DelayedCallsTest is Test {
    using SlotDerivation for string;

    uint256 private constant FEE = 1 gwei;

    address private admin = makeAddr("admin");
    address private mallory = makeAddr("mallory");
    GatewayLogic private gateway;
    address private next;
    bytes private upgrade;
    bytes32 private id;

    function setUp() public {
        gateway = GatewayLogic(address(new Gateway(admin, FEE)));
        next = address(new NextGatewayLogic());
        upgrade = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, ""));
        id = keccak256(upgrade);
    }

    // Upgrading

    function test_UpgradeKeepsAddressNonceFeeAndBalance() public {
        hoax(mallory, FEE);
        gateway.sendMessage{value: FEE}(bytes32(uint256(1)), 1, "before");
        _schedule();
        skip(gateway.DELAY());

        vm.expectEmit(address(gateway));
        emit DelayedCalls.CallExecuted(id);
        vm.expectEmit(address(gateway));
        emit IERC1967.Upgraded(next);
        vm.prank(admin);
        gateway.upgradeToAndCall(next, "");

        assertEq(NextGatewayLogic(address(gateway)).generation(), 2);
        assertEq(gateway.fee(), FEE);
        assertEq(address(gateway).balance, FEE);
        hoax(mallory, FEE);
        assertEq(gateway.sendMessage{value: FEE}(bytes32(uint256(1)), 1, "after"), 2);
    }

    function test_RevertIf_UpgradedWithoutTheRole() public {
        _schedule();
        skip(gateway.DELAY());
        _expectMissingRole(mallory, gateway.GOVERNOR_ROLE());
        vm.prank(mallory);
        gateway.upgradeToAndCall(next, "");
    }

    function test_RevertIf_NextLogicCannotBeUpgraded() public {
        address token = address(new PlainToken());
        bytes memory call = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (token, ""));
        vm.prank(admin);
        gateway.schedule(call);
        skip(gateway.DELAY());
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, token));
        vm.prank(admin);
        gateway.upgradeToAndCall(token, "");
    }

    function test_RevertIf_StartedTwice() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        gateway.initialize(mallory, 0);
    }

    function test_RevertIf_LogicIsStartedWithoutAProxy() public {
        GatewayLogic logic = new GatewayLogic();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        logic.initialize(mallory, 0);
    }

    // The delay

    function test_AnnouncementSaysWhatAndWhen() public {
        assertEq(gateway.callReadyAt(id), 0);
        uint48 readyAt = uint48(block.timestamp) + 2 days;
        vm.expectEmit(address(gateway));
        emit DelayedCalls.CallScheduled(id, readyAt, upgrade);
        assertEq(_schedule(), id);
        assertEq(gateway.callReadyAt(id), readyAt);
    }

    function test_RevertIf_NotAnnounced() public {
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, id));
        vm.prank(admin);
        gateway.upgradeToAndCall(next, "");
    }

    function test_RevertIf_OneSecondEarly() public {
        _schedule();
        uint48 readyAt = gateway.callReadyAt(id);
        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallTooEarly.selector, id, readyAt));
        vm.prank(admin);
        gateway.upgradeToAndCall(next, "");
    }

    function test_LastSecondOfGraceIsInTime() public {
        _schedule();
        vm.warp(gateway.callReadyAt(id) + gateway.GRACE());
        vm.prank(admin);
        gateway.upgradeToAndCall(next, "");
        assertEq(NextGatewayLogic(address(gateway)).generation(), 2);
    }

    function test_RevertIf_OneSecondAfterGrace() public {
        _schedule();
        uint48 expiredAt = gateway.callReadyAt(id) + gateway.GRACE();
        vm.warp(expiredAt + 1);
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallExpired.selector, id, expiredAt));
        vm.prank(admin);
        gateway.upgradeToAndCall(next, "");
    }

    function test_ExpiredAnnouncementCanBeMadeAnew() public {
        _schedule();
        vm.warp(gateway.callReadyAt(id) + gateway.GRACE() + 1);
        _schedule();
        assertEq(gateway.callReadyAt(id), block.timestamp + gateway.DELAY());
    }

    /// Announcing again neither shortens nor prolongs the delay.
    function test_RevertIf_AnnouncedTwice() public {
        _schedule();
        uint48 readyAt = gateway.callReadyAt(id);
        skip(1);
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallAlreadyScheduled.selector, id, readyAt));
        _schedule();
    }

    function test_RevertIf_AnnouncementIsUsedTwice() public {
        _schedule();
        skip(gateway.DELAY());
        vm.startPrank(admin);
        gateway.upgradeToAndCall(next, "");
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, id));
        gateway.upgradeToAndCall(next, "");
    }

    /// What was announced is the call to the byte: not its set-up, not bytes at its end.
    function testFuzz_RevertIf_CallDiffersFromTheAnnouncement(bytes calldata extra) public {
        vm.assume(extra.length > 0);
        _schedule();
        skip(gateway.DELAY());
        bytes memory other = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, extra));
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, keccak256(other)));
        vm.prank(admin);
        gateway.upgradeToAndCall(next, extra);

        bytes memory longer = bytes.concat(upgrade, extra);
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, keccak256(longer)));
        vm.prank(admin);
        (bool reverted,) = address(gateway).call(longer);
        assertTrue(reverted, "expectRevert turns it round");
    }

    function test_RevertIf_AnnouncedWithoutTheRole() public {
        _expectMissingRole(mallory, gateway.GOVERNOR_ROLE());
        vm.prank(mallory);
        gateway.schedule(upgrade);
    }

    // Cancelling

    function test_CancelledCallCannotBeMade() public {
        _schedule();
        vm.expectEmit(address(gateway));
        emit DelayedCalls.CallCancelled(id);
        vm.prank(admin);
        gateway.cancel(id);

        skip(gateway.DELAY());
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, id));
        vm.prank(admin);
        gateway.upgradeToAndCall(next, "");
    }

    function test_RevertIf_CancelledWithoutAnAnnouncement() public {
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, id));
        vm.prank(admin);
        gateway.cancel(id);
    }

    function test_RevertIf_CancelledWithoutTheRole() public {
        _schedule();
        _expectMissingRole(mallory, gateway.PAUSER_ROLE());
        vm.prank(mallory);
        gateway.cancel(id);
    }

    // Storage

    /// A slot that moves loses a nonce, or funds: each is where its name says.
    function test_StorageIsWhereItsNameSays() public {
        bytes32 slot = string("gearway.storage.Gateway").erc7201Slot();
        hoax(mallory, FEE);
        gateway.sendMessage{value: FEE}(bytes32(uint256(1)), 1, "");
        assertEq(vm.load(address(gateway), slot), bytes32(uint256(1)));
        assertEq(vm.load(address(gateway), bytes32(uint256(slot) + 1)), bytes32(FEE));

        _schedule();
        bytes32 announcements = string("gearway.storage.DelayedCalls").erc7201Slot();
        bytes32 entry = keccak256(abi.encode(id, announcements));
        assertEq(uint256(vm.load(address(gateway), entry)), gateway.callReadyAt(id));
    }

    function _schedule() private returns (bytes32) {
        vm.prank(admin);
        return gateway.schedule(upgrade);
    }

    function _expectMissingRole(address account, bytes32 role) private {
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role));
    }
}
