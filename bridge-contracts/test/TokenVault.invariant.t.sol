// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";

import {AttestedReleaser} from "../src/AttestedReleaser.sol";
import {GatewayLogic} from "../src/GatewayLogic.sol";
import {ITokenVault} from "../src/ITokenVault.sol";
import {TokenVaultLogic} from "../src/TokenVaultLogic.sol";
import {FeeToken, PlainToken} from "./support/Tokens.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// Locks, attests, waits, releases, pauses and changes limits in any order, and keeps its own books.
contract VaultHandler is Test {
    TokenVaultLogic public immutable VAULT;
    AttestedReleaser public immutable RELEASER;
    address public immutable ADMIN;
    address payable public immutable RECIPIENT = payable(makeAddr("recipient"));

    address[] public assets;
    uint256[] private _keys;
    AttestedReleaser.Release[] private _attested;

    mapping(address asset => uint256) public lockedIn;
    mapping(address asset => uint256) public releasedOut;
    uint64 public locks;
    uint64 private _nextRelease;

    constructor(
        TokenVaultLogic vault,
        AttestedReleaser releaser,
        address admin,
        uint256[] memory keys,
        address[] memory assets_
    ) {
        VAULT = vault;
        RELEASER = releaser;
        ADMIN = admin;
        _keys = keys;
        assets = assets_;
    }

    function lock(uint256 which, uint256 amount) external {
        vm.assume(!VAULT.paused());
        address sender = makeAddr("sender");
        address asset = assets[which % assets.length];
        uint256 fee = GatewayLogic(VAULT.gateway()).fee();
        uint256 cap = VAULT.limitsOf(asset).cap;
        uint256 owed = VAULT.locked(asset);
        vm.assume(cap > owed + 1);
        amount = bound(amount, 2, cap - owed);

        uint256 before = VAULT.locked(asset);
        if (asset == address(0)) {
            hoax(sender, amount + fee);
            VAULT.lockEther{value: amount + fee}("somewhere");
        } else {
            PlainToken(asset).mint(sender, amount);
            vm.prank(sender);
            PlainToken(asset).approve(address(VAULT), amount);
            hoax(sender, fee);
            VAULT.lockToken{value: fee}(asset, amount, "somewhere");
        }
        lockedIn[asset] += VAULT.locked(asset) - before;
        locks += 1;
    }

    /// The attesters are wrong at times: they sign for more than there is.
    function attest(uint256 which, uint256 amount) external {
        address asset = assets[which % assets.length];
        amount = bound(amount, 1, VAULT.locked(asset) * 2 + 1);
        AttestedReleaser.Release memory release = AttestedReleaser.Release(_nextRelease++, asset, RECIPIENT, amount);
        bytes32 digest = RELEASER.digestOf(release);
        bytes[] memory signatures = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keys[i], digest);
            signatures[i] = abi.encodePacked(r, s, v);
        }
        RELEASER.attest(release, signatures);
        _attested.push(release);
    }

    /// Tries any attested release, also those that are done, vetoed, too early, or too large.
    function execute(uint256 which) external {
        vm.assume(_attested.length > 0);
        AttestedReleaser.Release memory release = _attested[which % _attested.length];
        try RELEASER.execute(release) {
            releasedOut[release.token] += release.amount;
        } catch {}
    }

    function veto(uint256 which) external {
        vm.assume(_attested.length > 0);
        AttestedReleaser.Release memory release = _attested[which % _attested.length];
        AttestedReleaser.State state = RELEASER.stateOf(release);
        vm.assume(state == AttestedReleaser.State.Waiting || state == AttestedReleaser.State.Ready);
        vm.prank(ADMIN);
        RELEASER.veto(release);
    }

    function wait(uint32 seconds_) external {
        skip(seconds_ % 2 days);
    }

    function giveAway(uint256 which, uint64 amount) external {
        address asset = assets[which % assets.length];
        if (asset == address(0)) vm.deal(address(VAULT), address(VAULT).balance + amount);
        else PlainToken(asset).mint(address(VAULT), amount);
    }

    function changeLimits(uint256 which, uint208 cap, uint208 capacity, uint48 window) external {
        address asset = assets[which % assets.length];
        ITokenVault.Limits memory limits = ITokenVault.Limits(
            uint208(bound(cap, 1 ether, 1e30)), uint208(bound(capacity, 1, 1e30)), uint48(bound(window, 1, 30 days))
        );
        vm.startPrank(ADMIN);
        VAULT.schedule(abi.encodeCall(VAULT.setLimits, (asset, limits)));
        skip(VAULT.DELAY());
        VAULT.setLimits(asset, limits);
        vm.stopPrank();
    }

    function pause(bool on) external {
        vm.assume(on != VAULT.paused());
        vm.prank(ADMIN);
        if (on) VAULT.pause();
        else VAULT.unpause();
    }
}

contract TokenVaultInvariantTest is VaultTest {
    VaultHandler private handler;
    FeeToken private taxed;

    function setUp() public override {
        super.setUp();
        taxed = new FeeToken();
        _letIn(address(taxed));
        address[] memory assets = new address[](3);
        (assets[1], assets[2]) = (address(token), address(taxed));
        handler = new VaultHandler(vault, releaser, admin, keys, assets);
        targetContract(address(handler));
    }

    function invariant_VaultNeverOwesMoreThanItHolds() public view {
        assertGe(address(vault).balance, vault.locked(ETHER));
        assertGe(token.balanceOf(address(vault)), vault.locked(address(token)));
        assertGe(taxed.balanceOf(address(vault)), vault.locked(address(taxed)));
    }

    function invariant_WhatIsLockedIsWhatCameInLessWhatWentOut() public view {
        for (uint256 i = 0; i < 3; ++i) {
            address asset = handler.assets(i);
            assertEq(vault.locked(asset), handler.lockedIn(asset) - handler.releasedOut(asset));
        }
        assertEq(handler.RECIPIENT().balance, handler.releasedOut(ETHER));
        assertEq(token.balanceOf(handler.RECIPIENT()), handler.releasedOut(address(token)));
    }

    function invariant_EachLockIsOneMessage() public view {
        assertEq(gateway.nonce(), handler.locks());
        assertEq(address(gateway).balance, handler.locks() * FEE);
    }
}
