// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import {AttestedReleaser} from "../src/AttestedReleaser.sol";
import {DelayedCalls} from "../src/DelayedCalls.sol";
import {ITokenVault} from "../src/ITokenVault.sol";
import {VaultTest} from "./support/VaultTest.sol";

contract AttestedReleaserTest is VaultTest {
    function setUp() public override {
        super.setUp();
        _lockEther(CAP);
    }

    // The way of a release

    function test_AttestedReleaseIsPaidAfterTheDelay() public {
        AttestedReleaser.Release memory release = _release(1, ETHER, 3 ether);
        _expectState(release, AttestedReleaser.State.Unknown);

        uint48 readyAt = uint48(block.timestamp) + RELEASE_DELAY;
        vm.expectEmit(address(releaser));
        emit AttestedReleaser.ReleaseAttested(1, releaser.digestOf(release), release, readyAt);
        releaser.attest(release, _signatures(release, 2));
        _expectState(release, AttestedReleaser.State.Waiting);
        assertEq(releaser.releaseReadyAt(1), readyAt);

        skip(RELEASE_DELAY);
        _expectState(release, AttestedReleaser.State.Ready);
        releaser.execute(release);
        _expectState(release, AttestedReleaser.State.Released);
        assertEq(bob.balance, 3 ether);
    }

    function test_RevertIf_ExecutedOneSecondEarly() public {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        skip(RELEASE_DELAY - 1);
        _expectWrongState(1, AttestedReleaser.State.Waiting, AttestedReleaser.State.Ready);
        releaser.execute(release);
        skip(1);
        releaser.execute(release);
    }

    function test_RevertIf_ExecutedUnattested() public {
        _expectWrongState(1, AttestedReleaser.State.Unknown, AttestedReleaser.State.Ready);
        releaser.execute(_release(1, ETHER, 1 ether));
    }

    function test_RevertIf_ExecutedTwice() public {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        skip(RELEASE_DELAY);
        releaser.execute(release);
        _expectWrongState(1, AttestedReleaser.State.Released, AttestedReleaser.State.Ready);
        releaser.execute(release);
    }

    function test_RevertIf_AttestedAgainAfterTheRelease() public {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        skip(RELEASE_DELAY);
        releaser.execute(release);
        bytes[] memory signatures = _signatures(release, 2);
        _expectWrongState(1, AttestedReleaser.State.Released, AttestedReleaser.State.Unknown);
        releaser.attest(release, signatures);
    }

    /// What is carried out is what was attested, in every field.
    function testFuzz_RevertIf_ExecutedOtherThanAttested(address payable recipient, uint256 amount, address asset)
        public
    {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        skip(RELEASE_DELAY);
        AttestedReleaser.Release memory other = AttestedReleaser.Release(1, asset, recipient, amount);
        vm.assume(releaser.digestOf(other) != releaser.digestOf(release));
        _expectWrongState(1, AttestedReleaser.State.Unknown, AttestedReleaser.State.Ready);
        releaser.execute(other);
    }

    /// The vault's limits hold for the attesters too; what they hold up is not lost.
    function test_ReleaseBeyondTheAllowanceWaitsForIt() public {
        AttestedReleaser.Release memory first = _attested(1, CAPACITY);
        AttestedReleaser.Release memory second = _attested(2, CAPACITY);
        skip(RELEASE_DELAY);
        releaser.execute(first);
        vm.expectRevert(abi.encodeWithSelector(ITokenVault.VaultRateLimited.selector, ETHER, CAPACITY, 0));
        releaser.execute(second);
        _expectState(second, AttestedReleaser.State.Ready);
        skip(WINDOW);
        releaser.execute(second);
        assertEq(bob.balance, 2 * CAPACITY);
    }

    // Forged attestations

    function test_RevertIf_OneSignatureIsMissing() public {
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(release, 1);
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserTooFewSignatures.selector, 1, 2));
        releaser.attest(release, signatures);
    }

    function test_AllMaySign() public {
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        releaser.attest(release, _signatures(release, 3));
    }

    function test_RevertIf_OneAttesterSignsTwice() public {
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(release, 2);
        signatures[1] = signatures[0];
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserOutOfOrder.selector, vm.addr(keys[0])));
        releaser.attest(release, signatures);
    }

    /// The other root of the curve makes a second valid signature out of any: it is refused.
    function test_RevertIf_ASignatureIsMirrored() public {
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(release, 2);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], releaser.digestOf(release));
        bytes32 mirrored = bytes32(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141 - uint256(s));
        signatures[1] = abi.encodePacked(r, mirrored, v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, mirrored));
        releaser.attest(release, signatures);
    }

    function test_RevertIf_SignaturesAreOutOfOrder() public {
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(release, 2);
        (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserOutOfOrder.selector, vm.addr(keys[0])));
        releaser.attest(release, signatures);
    }

    function testFuzz_RevertIf_AStrangerSigns(uint256 key) public {
        key = bound(key, 1, 2 ** 255);
        address stranger = vm.addr(key);
        vm.assume(stranger != vm.addr(keys[0]) && stranger != vm.addr(keys[1]) && stranger != vm.addr(keys[2]));
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(release, 3);
        signatures[1] = _sign(key, releaser.digestOf(release));
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserNotAttester.selector, stranger));
        releaser.attest(release, signatures);
    }

    /// Any damage to a signature, or to what it is for, makes it someone else's or none at all.
    function testFuzz_RevertIf_ASignatureIsDamaged(uint256 position, uint8 bits) public {
        position = bound(position, 0, 64);
        vm.assume(bits != 0);
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(release, 2);
        signatures[0][position] ^= bytes1(bits);
        vm.expectRevert();
        releaser.attest(release, signatures);
    }

    function test_RevertIf_ASignatureHasTheWrongLength() public {
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(release, 2);
        signatures[1] = "";
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 0));
        releaser.attest(release, signatures);
    }

    /// The same attesters serve another releaser, or another chain: what they sign there is void here.
    function test_RevertIf_SignedForAnotherContractOrChain() public {
        AttestedReleaser here = releaser;
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        releaser = new AttestedReleaser(admin, vault, RELEASE_DELAY, _addresses(keys), 2);
        bytes[] memory signatures = _signatures(release, 2);
        vm.expectPartialRevert(AttestedReleaser.ReleaserNotAttester.selector);
        here.attest(release, signatures);

        releaser = here;
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        signatures = _signatures(release, 2);
        vm.chainId(chain);
        vm.expectPartialRevert(AttestedReleaser.ReleaserNotAttester.selector);
        releaser.attest(release, signatures);
    }

    /// Attesters' own software builds this: the digest is EIP-712's, word by word.
    function test_DigestIsTheWireFormat() public view {
        AttestedReleaser.Release memory release = _release(7, address(token), 9);
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Gearway Releaser"),
                keccak256("1"),
                block.chainid,
                address(releaser)
            )
        );
        bytes32 structure = keccak256(
            abi.encode(
                keccak256("Release(uint64 nonce,address token,address recipient,uint256 amount)"),
                uint256(7),
                address(token),
                bob,
                uint256(9)
            )
        );
        assertEq(releaser.digestOf(release), keccak256(abi.encodePacked(hex"1901", domain, structure)));
    }

    // Two releases with one number

    function test_RevertIf_ANumberIsTaken() public {
        AttestedReleaser.Release memory first = _attested(1, 1 ether);
        AttestedReleaser.Release memory second = _release(1, ETHER, 2 ether);
        bytes[] memory signatures = _signatures(second, 2);
        vm.expectRevert(
            abi.encodeWithSelector(AttestedReleaser.ReleaserNonceTaken.selector, 1, releaser.digestOf(first))
        );
        releaser.attest(second, signatures);
    }

    /// Attesting again does not set the clock back, nor on.
    function test_RevertIf_AttestedTwice() public {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        bytes[] memory signatures = _signatures(release, 2);
        _expectWrongState(1, AttestedReleaser.State.Waiting, AttestedReleaser.State.Unknown);
        releaser.attest(release, signatures);
    }

    // Vetoing

    function test_VetoedReleaseIsNotPaidAndItsNumberIsFree() public {
        AttestedReleaser.Release memory wrong = _attested(1, 5 ether);
        bytes[] memory signatures = _signatures(wrong, 2);
        vm.expectEmit(address(releaser));
        emit AttestedReleaser.ReleaseVetoed(1, releaser.digestOf(wrong));
        vm.prank(admin);
        releaser.veto(wrong);
        _expectState(wrong, AttestedReleaser.State.Vetoed);

        skip(RELEASE_DELAY);
        _expectWrongState(1, AttestedReleaser.State.Vetoed, AttestedReleaser.State.Ready);
        releaser.execute(wrong);
        _expectWrongState(1, AttestedReleaser.State.Vetoed, AttestedReleaser.State.Unknown);
        releaser.attest(wrong, signatures);

        AttestedReleaser.Release memory right = _attested(1, 1 ether);
        skip(RELEASE_DELAY);
        releaser.execute(right);
        assertEq(bob.balance, 1 ether);
    }

    function test_VetoOfAnotherReleaseLeavesTheNumberAlone() public {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        vm.prank(admin);
        releaser.veto(_release(1, ETHER, 2 ether));
        _expectState(release, AttestedReleaser.State.Waiting);
    }

    function test_LiftedVetoLetsItBeAttestedAnew() public {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        bytes32 digest = releaser.digestOf(release);
        vm.prank(admin);
        releaser.veto(release);
        _announce(releaser, abi.encodeCall(releaser.liftVeto, (digest)));
        vm.expectEmit(address(releaser));
        emit AttestedReleaser.VetoLifted(digest);
        vm.prank(admin);
        releaser.liftVeto(digest);
        _expectState(release, AttestedReleaser.State.Unknown);
        _attested(1, 1 ether);
        _expectState(release, AttestedReleaser.State.Waiting);
    }

    function test_RevertIf_ThereIsNoVetoToLift() public {
        _announce(releaser, abi.encodeCall(releaser.liftVeto, (bytes32(0))));
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserNotVetoed.selector, bytes32(0)));
        vm.prank(admin);
        releaser.liftVeto(bytes32(0));
    }

    function test_RevertIf_VetoedTooLateOrTwice() public {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        skip(RELEASE_DELAY);
        releaser.execute(release);
        _expectWrongState(1, AttestedReleaser.State.Released, AttestedReleaser.State.Waiting);
        vm.prank(admin);
        releaser.veto(release);

        AttestedReleaser.Release memory next = _attested(2, 1 ether);
        vm.startPrank(admin);
        releaser.veto(next);
        _expectWrongState(2, AttestedReleaser.State.Vetoed, AttestedReleaser.State.Waiting);
        releaser.veto(next);
    }

    // Other attesters

    /// Those who are dismissed for what they attested do not get it paid.
    function test_OtherAttestersVoidWhatWaits() public {
        _announceAttesters(_sortedKeys("new", 4), 3);
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        vm.prank(admin);
        releaser.setAttesters(_addresses(_sortedKeys("new", 4)), 3);
        _expectState(release, AttestedReleaser.State.Unknown);
        skip(RELEASE_DELAY);
        _expectWrongState(1, AttestedReleaser.State.Unknown, AttestedReleaser.State.Ready);
        releaser.execute(release);

        // The same number, by the new ones: a delay of its own.
        keys = _sortedKeys("new", 4);
        releaser.attest(release, _signatures(release, 3));
        _expectState(release, AttestedReleaser.State.Waiting);
        assertEq(releaser.releaseReadyAt(1), block.timestamp + RELEASE_DELAY);
    }

    function test_RevertIf_DismissedAttestersSign() public {
        uint256[] memory others = _sortedKeys("new", 3);
        _announceAttesters(others, 2);
        vm.prank(admin);
        releaser.setAttesters(_addresses(others), 2);
        AttestedReleaser.Release memory release = _release(1, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(release, 2);
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserNotAttester.selector, vm.addr(keys[0])));
        releaser.attest(release, signatures);
    }

    function test_AttestersCanBeRead() public {
        uint256[] memory others = _sortedKeys("new", 5);
        _announceAttesters(others, 4);
        vm.expectEmit(address(releaser));
        emit AttestedReleaser.AttestersChanged(2, _addresses(others), 4);
        vm.prank(admin);
        releaser.setAttesters(_addresses(others), 4);
        assertEq(releaser.attesters(), _addresses(others));
        assertEq(releaser.threshold(), 4);
        assertEq(releaser.releaseDelay(), RELEASE_DELAY);
        assertEq(releaser.vault(), address(vault));
    }

    function test_RevertIf_AttestersChangeUnannounced() public {
        address[] memory others = _addresses(_sortedKeys("new", 3));
        bytes32 id = keccak256(abi.encodeCall(releaser.setAttesters, (others, 2)));
        vm.expectRevert(abi.encodeWithSelector(DelayedCalls.CallNotScheduled.selector, id));
        vm.prank(admin);
        releaser.setAttesters(others, 2);
    }

    /// Two halves could attest two releases with one number.
    function testFuzz_ThresholdIsAMajorityOfTheAttesters(uint8 count, uint256 threshold) public {
        count = uint8(bound(count, 0, 70));
        address[] memory some = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            some[i] = address(uint160(i + 1));
        }
        bool good = count <= 64 && threshold <= count && threshold > count / 2;
        if (!good) {
            vm.expectRevert(
                abi.encodeWithSelector(AttestedReleaser.ReleaserBadThreshold.selector, uint256(count), threshold)
            );
        }
        new AttestedReleaser(admin, vault, RELEASE_DELAY, some, threshold);
    }

    function test_RevertIf_AttestersAreOutOfOrderTwiceOrZero() public {
        address[] memory some = new address[](2);
        (some[0], some[1]) = (address(2), address(1));
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserOutOfOrder.selector, address(1)));
        new AttestedReleaser(admin, vault, RELEASE_DELAY, some, 2);
        some[1] = address(2);
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserOutOfOrder.selector, address(2)));
        new AttestedReleaser(admin, vault, RELEASE_DELAY, some, 2);
        some[0] = address(0);
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserOutOfOrder.selector, address(0)));
        new AttestedReleaser(admin, vault, RELEASE_DELAY, some, 2);
    }

    // Roles and pausing

    function test_NothingIsAttestedOrPaidWhilePaused() public {
        AttestedReleaser.Release memory release = _attested(1, 1 ether);
        AttestedReleaser.Release memory next = _release(2, ETHER, 1 ether);
        bytes[] memory signatures = _signatures(next, 2);
        vm.prank(admin);
        releaser.pause();
        skip(RELEASE_DELAY);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        releaser.execute(release);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        releaser.attest(next, signatures);

        vm.prank(admin);
        releaser.unpause();
        releaser.execute(release);
    }

    function test_RevertIf_CallerHasNotTheRole() public {
        bytes32 governor = releaser.GOVERNOR_ROLE();
        bytes32 pauser = releaser.PAUSER_ROLE();
        vm.startPrank(alice);
        _expectMissingRole(alice, governor);
        releaser.schedule("");
        _expectMissingRole(alice, governor);
        releaser.setAttesters(new address[](0), 0);
        _expectMissingRole(alice, governor);
        releaser.liftVeto(0);
        _expectMissingRole(alice, pauser);
        releaser.veto(_release(1, ETHER, 1));
        _expectMissingRole(alice, pauser);
        releaser.cancel(0);
        _expectMissingRole(alice, pauser);
        releaser.pause();
        _expectMissingRole(alice, pauser);
        releaser.unpause();
    }

    function test_RevertIf_ThereIsNoVaultOrNoDelay() public {
        address[] memory some = _addresses(keys);
        vm.expectRevert(AttestedReleaser.ReleaserZeroVault.selector);
        new AttestedReleaser(admin, ITokenVault(address(0)), RELEASE_DELAY, some, 2);
        vm.expectRevert(AttestedReleaser.ReleaserNoDelay.selector);
        new AttestedReleaser(admin, vault, 0, some, 2);
    }

    function _attested(uint64 nonce, uint256 amount) private returns (AttestedReleaser.Release memory release) {
        release = _release(nonce, ETHER, amount);
        releaser.attest(release, _signatures(release, 2));
    }

    function _announceAttesters(uint256[] memory to, uint256 threshold) private {
        _announce(releaser, abi.encodeCall(releaser.setAttesters, (_addresses(to), threshold)));
    }

    function _expectState(AttestedReleaser.Release memory release, AttestedReleaser.State expected) private view {
        assertEq(uint8(releaser.stateOf(release)), uint8(expected));
    }

    function _expectWrongState(uint64 nonce, AttestedReleaser.State actual, AttestedReleaser.State expected) private {
        vm.expectRevert(abi.encodeWithSelector(AttestedReleaser.ReleaserWrongState.selector, nonce, actual, expected));
    }
}
