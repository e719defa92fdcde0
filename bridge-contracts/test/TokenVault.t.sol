// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Vm} from "forge-std/Test.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {SlotDerivation} from "@openzeppelin/contracts/utils/SlotDerivation.sol";

import {AttestedReleaser} from "../src/AttestedReleaser.sol";
import {DelayedCalls} from "../src/DelayedCalls.sol";
import {IGateway} from "../src/IGateway.sol";
import {IReleaser} from "../src/IReleaser.sol";
import {ITokenVault} from "../src/ITokenVault.sol";
import {TokenVault} from "../src/TokenVault.sol";
import {TokenVaultLogic} from "../src/TokenVaultLogic.sol";
import {VaultTest} from "./support/VaultTest.sol";

contract NextVaultLogic is TokenVaultLogic {
    function generation() external pure returns (uint256) {
        return 2;
    }
}

contract TokenVaultTest is VaultTest {
    using SlotDerivation for string;

    // Locking

    function test_LockedEtherIsToldToTheProgram() public {
        bytes memory payload = abi.encode(ITokenVault.TokenMessage(ETHER, alice, 3 ether, destination));
        vm.expectEmit(address(gateway));
        emit IGateway.MessageQueued(1, address(vault), PROGRAM, MESSAGE_GAS, payload);
        vm.expectEmit(address(vault));
        emit ITokenVault.Locked(1, ETHER, alice, 3 ether, destination);

        assertEq(_lockEther(3 ether), 1);
        assertEq(vault.locked(ETHER), 3 ether);
        assertEq(address(vault).balance, 3 ether);
        assertEq(address(gateway).balance, FEE);
    }

    function test_LockedTokensAreToldToTheProgram() public {
        bytes memory payload = abi.encode(ITokenVault.TokenMessage(address(token), alice, 70, destination));
        token.mint(alice, 100);
        vm.startPrank(alice);
        token.approve(address(vault), 70);
        vm.expectEmit(address(gateway));
        emit IGateway.MessageQueued(1, address(vault), PROGRAM, MESSAGE_GAS, payload);
        vm.expectEmit(address(vault));
        emit ITokenVault.Locked(1, address(token), alice, 70, destination);
        assertEq(vault.lockToken{value: FEE}(address(token), 70, destination), 1);

        assertEq(vault.locked(address(token)), 70);
        assertEq(token.balanceOf(address(vault)), 70);
        assertEq(token.balanceOf(alice), 30);
    }

    /// The program decodes these very words.
    function test_PayloadIsTheWireFormat() public {
        vm.recordLogs();
        _lockEther(7);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (, bytes memory payload) = abi.decode(logs[0].data, (uint64, bytes));
        assertEq(
            payload,
            bytes.concat(
                bytes32(uint256(0x20)),
                bytes32(0),
                bytes32(uint256(uint160(alice))),
                bytes32(uint256(7)),
                bytes32(uint256(0x80)),
                bytes32(uint256(6)),
                bytes32(hex"050001010001")
            )
        );
    }

    function test_NonceIsTheGatewaysAlsoBetweenOtherMessages() public {
        hoax(bob, FEE);
        gateway.sendMessage{value: FEE}(PROGRAM, 1, "");
        assertEq(_lockEther(1), 2);
    }

    function test_RevertIf_EtherIsNoMoreThanTheFee() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultWrongFee.selector, FEE, FEE));
        vm.prank(alice);
        vault.lockEther{value: FEE}(destination);
    }

    function testFuzz_RevertIf_FeeForATokenIsWrong(uint96 sent) public {
        vm.assume(sent != FEE);
        hoax(alice, sent);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultWrongFee.selector, sent, FEE));
        vault.lockToken{value: sent}(address(token), 1, destination);
    }

    function test_RevertIf_AssetIsUnknown() public {
        address unknown = makeAddr("unknown");
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultUnknownAsset.selector, unknown));
        vm.prank(alice);
        vault.lockToken{value: FEE}(unknown, 1, destination);
    }

    function test_RevertIf_EtherIsLockedAsAToken() public {
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultUnknownAsset.selector, ETHER));
        vm.prank(alice);
        vault.lockToken{value: FEE}(ETHER, 1, destination);
    }

    function test_RevertIf_DestinationIsEmptyOrTooLong() public {
        uint256 limit = vault.maxDestination();
        destination = "";
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultBadDestination.selector, 0, limit));
        _lockEther(1);

        destination = new bytes(limit + 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultBadDestination.selector, limit + 1, limit));
        _lockEther(1);

        destination = new bytes(limit);
        assertEq(_lockEther(1), 1);
    }

    function test_CapIsReachedToTheWeiAndNoFurther() public {
        _lockEther(CAP);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultCapReached.selector, ETHER, 1, 0));
        _lockEther(1);

        _vaultRelease(1, ETHER, 10);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultCapReached.selector, ETHER, 11, 10));
        _lockEther(11);
        _lockEther(10);
    }

    function test_RevertIf_ThereIsNoWayOut() public {
        ITokenVault.AssetLimits[] memory assets = new ITokenVault.AssetLimits[](1);
        assets[0] = ITokenVault.AssetLimits(ETHER, _limits());
        vault = TokenVaultLogic(address(new TokenVault(admin, gateway, PROGRAM, MESSAGE_GAS, assets)));
        vm.expectRevert(ITokenVault.VaultNoReleaser.selector);
        _lockEther(1);
    }

    function test_RevertIf_EtherComesWithoutAWord() public {
        vm.prank(alice);
        (bool taken,) = address(vault).call{value: 1 ether}("");
        assertFalse(taken);
    }

    function test_NothingIsLockedWhileTheGatewayIsPaused() public {
        vm.prank(admin);
        gateway.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _lockEther(1);
        assertEq(vault.locked(ETHER), 0);
    }

    // Releasing

    function test_ReleasedEtherReachesTheRecipient() public {
        _lockEther(5 ether);
        vm.expectEmit(address(vault));
        emit ITokenVault.Released(9, ETHER, bob, 2 ether);
        _vaultRelease(9, ETHER, 2 ether);
        assertEq(bob.balance, 2 ether);
        assertEq(vault.locked(ETHER), 3 ether);
        assertTrue(vault.isReleased(9));
        assertFalse(vault.isReleased(8));
    }

    function test_ReleasedTokensReachTheRecipient() public {
        _lockToken(address(token), 50);
        _vaultRelease(1, address(token), 50);
        assertEq(token.balanceOf(bob), 50);
        assertEq(vault.locked(address(token)), 0);
    }

    function testFuzz_RevertIf_CallerIsNotTheReleaser(address caller) public {
        vm.assume(caller != address(releaser));
        _lockEther(1 ether);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotReleaser.selector, caller));
        vm.prank(caller);
        vault.release(1, ETHER, bob, 1);
    }

    function testFuzz_RevertIf_ANumberIsUsedTwice(uint64 nonce) public {
        _lockEther(2 ether);
        _vaultRelease(nonce, ETHER, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultAlreadyReleased.selector, nonce));
        _vaultRelease(nonce, ETHER, 1 ether);
    }

    function test_RevertIf_RecipientIsZeroOrTheVault() public {
        _lockEther(1 ether);
        vm.startPrank(address(releaser));
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultBadRecipient.selector, address(0)));
        vault.release(1, ETHER, payable(address(0)), 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultBadRecipient.selector, address(vault)));
        vault.release(1, ETHER, payable(address(vault)), 1);
    }

    function test_RevertIf_NothingIsReleased() public {
        vm.expectRevert(ITokenVault.VaultZeroArgument.selector);
        _vaultRelease(1, ETHER, 0);
    }

    function test_RevertIf_MoreIsReleasedThanIsOwed() public {
        _lockEther(3);
        // What was forced in is nobody's.
        vm.deal(address(vault), 100);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultOwesLess.selector, ETHER, 4, 3));
        _vaultRelease(1, ETHER, 4);
    }

    function test_RevertIf_UnknownAssetIsReleased() public {
        address unknown = makeAddr("unknown");
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultUnknownAsset.selector, unknown));
        _vaultRelease(1, unknown, 1);
    }

    function test_RefusedReleaseLeavesItsNumberFree() public {
        _lockEther(1 ether);
        vm.expectRevert(Errors.FailedCall.selector);
        vm.prank(address(releaser));
        vault.release(1, ETHER, payable(address(token)), 1 ether);
        assertFalse(vault.isReleased(1));
        _vaultRelease(1, ETHER, 1 ether);
    }

    // Rate limits

    function test_CapacityIsReleasedToTheWeiAndNoFurther() public {
        _lockEther(CAP);
        assertEq(vault.releasable(ETHER), CAPACITY);
        _vaultRelease(1, ETHER, CAPACITY - 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultRateLimited.selector, ETHER, 2, 1));
        _vaultRelease(2, ETHER, 2);
        _vaultRelease(2, ETHER, 1);
        assertEq(vault.releasable(ETHER), 0);
    }

    function test_AllowanceGrowsBackWithTime() public {
        _lockEther(CAP);
        _vaultRelease(1, ETHER, CAPACITY);
        skip(WINDOW / 2);
        assertEq(vault.releasable(ETHER), CAPACITY / 2);
        vm.expectRevert(
            abi.encodeWithSelector(
                ITokenVault.VaultRateLimited.selector, ETHER, uint256(CAPACITY) / 2 + 1, CAPACITY / 2
            )
        );
        _vaultRelease(2, ETHER, uint256(CAPACITY) / 2 + 1);
        skip(WINDOW / 2 - 1);
        assertLt(vault.releasable(ETHER), CAPACITY);
        skip(1);
        assertEq(vault.releasable(ETHER), CAPACITY);
        skip(WINDOW);
        assertEq(vault.releasable(ETHER), CAPACITY);
    }

    function test_AllowancesOfAssetsAreTheirOwn() public {
        _lockEther(CAP);
        _lockToken(address(token), CAP);
        _vaultRelease(1, ETHER, CAPACITY);
        assertEq(vault.releasable(address(token)), CAPACITY);
    }

    /// In any span of one window no more than twice the capacity gets out, however it is split.
    function testFuzz_NoMoreThanTwiceTheCapacityInAWindow(uint32[8] calldata waits, uint256[8] calldata amounts)
        public
    {
        _lockEther(CAP);
        uint256 start = block.timestamp;
        uint256 out;
        for (uint256 i = 0; i < 8; ++i) {
            vm.warp(bound(block.timestamp + waits[i] % WINDOW, block.timestamp, start + WINDOW));
            uint256 available = vault.releasable(ETHER);
            if (available == 0) continue;
            uint256 amount = bound(amounts[i], 1, available);
            _vaultRelease(uint64(i), ETHER, amount);
            out += amount;
        }
        assertLe(out, 2 * uint256(CAPACITY));
    }

    // Limits

    function test_RaisedLimitsHaveToBeAnnounced() public {
        ITokenVault.Limits memory limits = ITokenVault.Limits(CAP * 2, CAPACITY * 2, WINDOW);
        bytes memory call = abi.encodeCall(vault.setLimits, (ETHER, limits));
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, keccak256(call)));
        vm.prank(admin);
        vault.setLimits(ETHER, limits);

        _announce(vault, call);
        vm.expectEmit(address(vault));
        emit ITokenVault.LimitsChanged(ETHER, limits);
        vm.prank(admin);
        vault.setLimits(ETHER, limits);
        assertEq(abi.encode(vault.limitsOf(ETHER)), abi.encode(limits));
    }

    /// New limits do not give back at once what was released under the old ones.
    function test_ChangedLimitsDoNotRefillTheAllowance() public {
        _lockEther(CAP);
        ITokenVault.Limits memory limits = ITokenVault.Limits(CAP, CAPACITY * 2, WINDOW);
        _announce(vault, abi.encodeCall(vault.setLimits, (ETHER, limits)));
        _vaultRelease(1, ETHER, CAPACITY);
        vm.prank(admin);
        vault.setLimits(ETHER, limits);
        assertEq(vault.releasable(ETHER), CAPACITY);
    }

    /// What has grown back until then did so at the rate until then.
    function test_ChangedWindowDoesNotReachIntoThePast() public {
        _lockEther(CAP);
        ITokenVault.Limits memory limits = ITokenVault.Limits(CAP, CAPACITY, WINDOW * 4);
        _announce(vault, abi.encodeCall(vault.setLimits, (ETHER, limits)));
        _vaultRelease(1, ETHER, CAPACITY);
        skip(WINDOW / 2);
        vm.prank(admin);
        vault.setLimits(ETHER, limits);
        assertEq(vault.releasable(ETHER), CAPACITY / 2);
        skip(WINDOW);
        assertEq(vault.releasable(ETHER), CAPACITY * 3 / 4);
    }

    function test_LimitsAreLoweredAtOnce() public {
        _lockEther(CAP);
        vm.prank(admin);
        vault.lowerLimits(ETHER, CAP / 2, 5);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultCapReached.selector, ETHER, 1, 0));
        _lockEther(1);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultRateLimited.selector, ETHER, 6, 5));
        _vaultRelease(1, ETHER, 6);
        _vaultRelease(1, ETHER, 5);
    }

    function test_RevertIf_LimitsAreRaisedAsLowered() public {
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultLimitsRaised.selector, ETHER));
        vault.lowerLimits(ETHER, CAP + 1, CAPACITY);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultLimitsRaised.selector, ETHER));
        vault.lowerLimits(ETHER, CAP, CAPACITY + 1);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultUnknownAsset.selector, alice));
        vault.lowerLimits(alice, 0, 0);
    }

    function test_RevertIf_TheWindowHasNoTime() public {
        ITokenVault.Limits memory limits = ITokenVault.Limits(CAP, CAPACITY, 0);
        _announce(vault, abi.encodeCall(vault.setLimits, (ETHER, limits)));
        vm.expectRevert(ITokenVault.VaultBadLimits.selector);
        vm.prank(admin);
        vault.setLimits(ETHER, limits);
    }

    // Another releaser

    /// What was released stays released: the next releaser cannot repeat it.
    function test_NextReleaserTakesOverFundsAndUsedNumbers() public {
        _lockEther(2 ether);
        _vaultRelease(1, ETHER, 1 ether);
        AttestedReleaser next = new AttestedReleaser(admin, vault, RELEASE_DELAY, _addresses(keys), 2);
        _announce(vault, abi.encodeCall(vault.setReleaser, (next)));
        vm.expectEmit(address(vault));
        emit ITokenVault.ReleaserChanged(address(releaser), address(next));
        vm.prank(admin);
        vault.setReleaser(next);
        assertEq(vault.releaser(), address(next));

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNotReleaser.selector, address(releaser)));
        _vaultRelease(2, ETHER, 1);
        releaser = next;
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultAlreadyReleased.selector, 1));
        _vaultRelease(1, ETHER, 1 ether);
        _vaultRelease(2, ETHER, 1 ether);
    }

    function test_RevertIf_NextReleaserIsNotAnnounced() public {
        bytes32 id = keccak256(abi.encodeCall(vault.setReleaser, (releaser)));
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, id));
        vm.prank(admin);
        vault.setReleaser(releaser);
    }

    function test_RevertIf_ReleaserIsOfAnotherVault() public {
        TokenVaultLogic other = TokenVaultLogic(
            address(new TokenVault(admin, gateway, PROGRAM, MESSAGE_GAS, new ITokenVault.AssetLimits[](0)))
        );
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultOtherReleaser.selector, address(releaser)));
        vm.prank(admin);
        other.setReleaser(IReleaser(releaser));
    }

    // Roles and upkeep

    function test_NothingMovesWhilePaused() public {
        _lockEther(1 ether);
        vm.prank(admin);
        vault.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _lockEther(1);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(alice);
        vault.lockToken{value: FEE}(address(token), 1, destination);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        _vaultRelease(1, ETHER, 1);

        vm.prank(admin);
        vault.unpause();
        _vaultRelease(1, ETHER, 1);
    }

    function test_RevertIf_CallerHasNotTheRole() public {
        bytes32 governor = vault.GOVERNOR_ROLE();
        bytes32 pauser = vault.PAUSER_ROLE();
        vm.startPrank(alice);
        _expectMissingRole(alice, governor);
        vault.setLimits(ETHER, _limits());
        _expectMissingRole(alice, governor);
        vault.setReleaser(releaser);
        _expectMissingRole(alice, governor);
        vault.setMessageGas(1);
        _expectMissingRole(alice, governor);
        vault.schedule("");
        _expectMissingRole(alice, governor);
        vault.upgradeToAndCall(alice, "");
        _expectMissingRole(alice, pauser);
        vault.lowerLimits(ETHER, 0, 0);
        _expectMissingRole(alice, pauser);
        vault.cancel(0);
        _expectMissingRole(alice, pauser);
        vault.pause();
        _expectMissingRole(alice, pauser);
        vault.unpause();
    }

    function test_MessageGasIsChangedAfterAnAnnouncement() public {
        _announce(vault, abi.encodeCall(vault.setMessageGas, (7)));
        vm.expectEmit(address(vault));
        emit ITokenVault.MessageGasChanged(MESSAGE_GAS, 7);
        vm.prank(admin);
        vault.setMessageGas(7);
        assertEq(vault.messageGas(), 7);
    }

    function test_RevertIf_AnArgumentIsZero() public {
        ITokenVault.AssetLimits[] memory none = new ITokenVault.AssetLimits[](0);
        vm.expectRevert(ITokenVault.VaultZeroArgument.selector);
        new TokenVault(admin, IGateway(address(0)), PROGRAM, MESSAGE_GAS, none);
        vm.expectRevert(ITokenVault.VaultZeroArgument.selector);
        new TokenVault(admin, gateway, bytes32(0), MESSAGE_GAS, none);
        vm.expectRevert(ITokenVault.VaultZeroArgument.selector);
        new TokenVault(admin, gateway, PROGRAM, 0, none);
    }

    function test_WhoIsWhoCanBeRead() public view {
        assertEq(vault.gateway(), address(gateway));
        assertEq(vault.program(), PROGRAM);
        assertEq(vault.releaser(), address(releaser));
        assertEq(abi.encode(vault.limitsOf(ETHER)), abi.encode(_limits()));
        assertEq(vault.limitsOf(alice).releaseWindow, 0);
    }

    function test_UpgradeKeepsFundsAndBooks() public {
        _lockEther(5 ether);
        _vaultRelease(1, ETHER, 1 ether);
        address next = address(new NextVaultLogic());
        _announce(vault, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (next, "")));
        vm.prank(admin);
        vault.upgradeToAndCall(next, "");

        assertEq(NextVaultLogic(address(vault)).generation(), 2);
        assertEq(vault.locked(ETHER), 4 ether);
        assertEq(address(vault).balance, 4 ether);
        assertTrue(vault.isReleased(1));
    }

    function test_RevertIf_StartedTwiceOrWithoutAProxy() public {
        ITokenVault.AssetLimits[] memory none = new ITokenVault.AssetLimits[](0);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        vault.initialize(alice, gateway, PROGRAM, 1, none);
        TokenVaultLogic logic = new TokenVaultLogic();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        logic.initialize(alice, gateway, PROGRAM, 1, none);
    }

    function test_StorageIsWhereItsNameSays() public view {
        bytes32 slot = string("gearway.storage.TokenVault").erc7201Slot();
        assertEq(
            vm.load(address(vault), slot), bytes32(uint256(uint160(address(gateway))) | uint256(MESSAGE_GAS) << 160)
        );
    }
}
