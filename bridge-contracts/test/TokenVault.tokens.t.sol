// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {AttestedReleaser} from "../src/AttestedReleaser.sol";
import {ITokenVault} from "../src/ITokenVault.sol";
import {
    FalseToken,
    FeeToken,
    GivingToken,
    GreedyToken,
    LyingToken,
    RebasingToken,
    ReenteringToken,
    SilentToken
} from "./support/Tokens.sol";
import {VaultTest} from "./support/VaultTest.sol";

/// Calls back while it is being paid in ether.
contract ReenteringRecipient {
    address private immutable _TARGET;
    bytes private _call;
    bytes public outcome;
    bool public succeeded;

    constructor(address target, bytes memory call) {
        _TARGET = target;
        _call = call;
    }

    receive() external payable {
        (succeeded, outcome) = _TARGET.call(_call);
    }
}

/// Tokens that are not as they should be.
contract TokenVaultTokensTest is VaultTest {
    function test_FeeOnTransferIsCreditedAsItArrives() public {
        FeeToken taxed = new FeeToken();
        _letIn(address(taxed));
        taxed.mint(alice, 100);
        vm.startPrank(alice);
        taxed.approve(address(vault), 100);
        vm.expectEmit(address(vault));
        emit ITokenVault.Locked(1, address(taxed), alice, 97, destination);
        vault.lockToken{value: FEE}(address(taxed), 100, destination);
        vm.stopPrank();
        assertEq(vault.locked(address(taxed)), 97);

        _vaultRelease(1, address(taxed), 97);
        assertEq(vault.locked(address(taxed)), 0);
        assertEq(taxed.balanceOf(address(vault)), 0);
    }

    function testFuzz_FeeOnTransferNeverMakesTheVaultOweMore(uint96[4] calldata amounts) public {
        FeeToken taxed = new FeeToken();
        _letIn(address(taxed));
        for (uint256 i = 0; i < 4; ++i) {
            _lockToken(address(taxed), bound(amounts[i], 2, CAP / 4));
            assertEq(vault.locked(address(taxed)), taxed.balanceOf(address(vault)));
        }
    }

    function test_TokenThatReturnsNothingIsTaken() public {
        SilentToken silent = new SilentToken();
        _letIn(address(silent));
        silent.mint(alice, 100);
        vm.prank(alice);
        vault.lockToken{value: FEE}(address(silent), 100, destination);
        _vaultRelease(1, address(silent), 40);
        assertEq(silent.balanceOf(bob), 40);
        assertEq(vault.locked(address(silent)), 60);
    }

    /// Down: nothing goes in or out until the difference is made good, so that nobody pays for another's loss.
    function test_DownwardRebaseStopsTheTokenBothWays() public {
        RebasingToken rebasing = new RebasingToken();
        _letIn(address(rebasing));
        _lockToken(address(rebasing), 1000);
        rebasing.rebase(90);

        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultDeficit.selector, address(rebasing), 1000, 900));
        _vaultRelease(1, address(rebasing), 10);
        rebasing.mint(alice, 100);
        vm.startPrank(alice);
        rebasing.approve(address(vault), 100);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultDeficit.selector, address(rebasing), 1000, 900));
        vault.lockToken{value: FEE}(address(rebasing), 100, destination);
        vm.stopPrank();

        rebasing.mint(address(vault), 112);
        vm.expectPartialRevert(ITokenVault.VaultWrongTransfer.selector);
        _vaultRelease(1, address(rebasing), 10);
        rebasing.rebase(100);
        _vaultRelease(1, address(rebasing), 10);
    }

    function test_UpwardRebaseBelongsToNobody() public {
        RebasingToken rebasing = new RebasingToken();
        _letIn(address(rebasing));
        _lockToken(address(rebasing), 1000);
        rebasing.rebase(200);
        assertEq(vault.locked(address(rebasing)), 1000);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultOwesLess.selector, address(rebasing), 1001, 1000));
        _vaultRelease(1, address(rebasing), 1001);
    }

    function test_RevertIf_TheTokenLiesAboutItsTransfer() public {
        LyingToken lying = new LyingToken();
        _letIn(address(lying));
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultNothingReceived.selector, address(lying)));
        vm.prank(alice);
        vault.lockToken{value: FEE}(address(lying), 100, destination);
    }

    function test_RevertIf_TheTokenAnswersFalse() public {
        FalseToken answersFalse = new FalseToken();
        _letIn(address(answersFalse));
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(answersFalse)));
        vm.prank(alice);
        vault.lockToken{value: FEE}(address(answersFalse), 100, destination);
    }

    function test_RevertIf_TheTokenTakesMoreThanItWasToldTo() public {
        GreedyToken greedy = new GreedyToken();
        _letIn(address(greedy));
        _lockToken(address(greedy), 100);
        vm.expectRevert(
            abi.encodeWithSelector(ITokenVault.VaultWrongTransfer.selector, address(greedy), uint256(10), uint256(11))
        );
        _vaultRelease(1, address(greedy), 10);
        assertFalse(vault.isReleased(1));
    }

    function test_RevertIf_TheTokenGivesBackWhatItTook() public {
        GivingToken giving = new GivingToken();
        _letIn(address(giving));
        _lockToken(address(giving), 100);
        vm.expectRevert(
            abi.encodeWithSelector(ITokenVault.VaultWrongTransfer.selector, address(giving), uint256(10), uint256(0))
        );
        _vaultRelease(1, address(giving), 10);
    }

    function test_RevertIf_TheTokenIsNoContract() public {
        address nobody = makeAddr("nobody");
        _letIn(nobody);
        vm.expectRevert();
        vm.prank(alice);
        vault.lockToken{value: FEE}(nobody, 100, destination);
    }

    // Reentrancy

    /// Within a lock, a token tries to lock again, so as to be credited twice for one transfer.
    function test_TokenCannotLockWithinALock() public {
        ReenteringToken hostile = _hostile();
        bytes memory call = abi.encodeCall(vault.lockToken, (address(hostile), 1, destination));
        hostile.mint(alice, 100);
        vm.prank(alice);
        hostile.approve(address(vault), 100);
        hostile.onTransfer(address(vault), call);
        vm.prank(alice);
        vault.lockToken{value: FEE}(address(hostile), 100, destination);
        _assertRefused(hostile.succeeded(), hostile.outcome());
        assertEq(vault.locked(address(hostile)), 100);
    }

    /// Within a lock, a token has a release carried out, so that the measured difference is off.
    function test_TokenCannotReleaseWithinALock() public {
        ReenteringToken hostile = _hostile();
        _lockToken(address(hostile), 100);
        AttestedReleaser.Release memory release = _release(1, address(hostile), 50);
        releaser.attest(release, _signatures(release, 2));
        skip(RELEASE_DELAY);

        hostile.mint(alice, 100);
        vm.prank(alice);
        hostile.approve(address(vault), 100);
        hostile.onTransfer(address(releaser), abi.encodeCall(releaser.execute, (release)));
        vm.prank(alice);
        vault.lockToken{value: FEE}(address(hostile), 100, destination);
        _assertRefused(hostile.succeeded(), hostile.outcome());
        assertEq(vault.locked(address(hostile)), 200);

        releaser.execute(release);
        assertEq(vault.locked(address(hostile)), 150);
    }

    /// Within a release, a token has the same release carried out again.
    function test_TokenCannotReleaseWithinARelease() public {
        ReenteringToken hostile = _hostile();
        _lockToken(address(hostile), 100);
        AttestedReleaser.Release memory first = _release(1, address(hostile), 10);
        AttestedReleaser.Release memory second = _release(2, address(hostile), 10);
        releaser.attest(first, _signatures(first, 2));
        releaser.attest(second, _signatures(second, 2));
        skip(RELEASE_DELAY);

        hostile.onTransfer(address(releaser), abi.encodeCall(releaser.execute, (second)));
        releaser.execute(first);
        _assertRefused(hostile.succeeded(), hostile.outcome());
        assertFalse(vault.isReleased(2));
        releaser.execute(second);
        assertEq(vault.locked(address(hostile)), 80);
    }

    function test_RecipientCannotBePaidTwice() public {
        _lockEther(10 ether);
        AttestedReleaser.Release memory second = _release(2, ETHER, 1 ether);
        ReenteringRecipient recipient =
            new ReenteringRecipient(address(releaser), abi.encodeCall(releaser.execute, (second)));
        AttestedReleaser.Release memory first = AttestedReleaser.Release(1, ETHER, payable(address(recipient)), 1 ether);
        releaser.attest(first, _signatures(first, 2));
        releaser.attest(second, _signatures(second, 2));
        skip(RELEASE_DELAY);

        releaser.execute(first);
        _assertRefused(recipient.succeeded(), recipient.outcome());
        assertEq(address(recipient).balance, 1 ether);
        assertEq(vault.locked(ETHER), 9 ether);
    }

    function _hostile() private returns (ReenteringToken hostile) {
        hostile = new ReenteringToken();
        _letIn(address(hostile));
    }

    function _assertRefused(bool succeeded, bytes memory outcome) private pure {
        assertFalse(succeeded);
        assertEq(outcome, abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }
}
