// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

import {DelayedCalls} from "./DelayedCalls.sol";
import {IReleaser} from "./IReleaser.sol";
import {ITokenVault} from "./ITokenVault.sol";

/// @title Releaser by attestation
/// @notice Releases what a majority of named attesters has signed, after a delay in which a pauser can veto it.
/// @dev A stopgap: here the attesters are *trusted*, until a contract that verifies the Gear chain's finality takes
/// this one's place ({TokenVaultLogic-setReleaser}); funds and used numbers stay with the vault. The attesters can
/// release what they like, but no more than the vault's limits let out, no sooner than {releaseDelay}, and in
/// sight of everyone; they cannot keep anyone from stopping it who may.
contract AttestedReleaser is IReleaser, AccessControlDefaultAdminRules, Pausable, EIP712, DelayedCalls {
    /// @notice A payment out of the vault, for something burnt on the Gear chain.
    /// @param nonce Number of the burn.
    /// @param token What to release; zero for ether.
    /// @param recipient Who receives it.
    /// @param amount How much, in the token's smallest unit.
    struct Release {
        uint64 nonce;
        address token;
        address payable recipient;
        uint256 amount;
    }

    /// @notice How far a release has come.
    enum State {
        /// Not attested by the present attesters, or another release has this number.
        Unknown,
        /// Attested; the delay is running.
        Waiting,
        /// Anyone may carry it out.
        Ready,
        /// The vault has used this number.
        Released,
        /// It will not be made.
        Vetoed
    }

    struct Attested {
        bytes32 digest;
        uint48 readyAt;
        uint64 attesterSet;
    }

    /// @notice May announce the changes that need it and, {DELAY} later, make them.
    bytes32 public constant GOVERNOR_ROLE = keccak256("GOVERNOR_ROLE");

    /// @notice May veto releases, stop them all and let them go on, and cancel an announced change.
    bytes32 public constant PAUSER_ROLE = keccak256("PAUSER_ROLE");

    /// @notice How long handing over the admin role takes, in seconds: time for everyone else to notice.
    uint48 public constant ADMIN_TRANSFER_DELAY = 1 days;

    /// @notice Most attesters there can be.
    uint256 public constant MAX_ATTESTERS = 64;

    /// @notice EIP-712 type of what the attesters sign.
    bytes32 public constant RELEASE_TYPEHASH =
        keccak256("Release(uint64 nonce,address token,address recipient,uint256 amount)");

    ITokenVault private immutable _VAULT;
    uint48 private immutable _RELEASE_DELAY;

    uint64 private _attesterSet;
    uint256 private _threshold;
    address[] private _attesters;
    mapping(uint64 attesterSet => mapping(address account => bool)) private _isAttester;
    mapping(uint64 nonce => Attested) private _attested;
    mapping(bytes32 digest => bool) private _vetoed;

    /// @notice A release was attested.
    /// @param nonce Its number.
    /// @param digest What was signed.
    /// @param release The release.
    /// @param readyAt When it can be carried out, in Unix time.
    event ReleaseAttested(uint64 indexed nonce, bytes32 indexed digest, Release release, uint48 readyAt);

    /// @notice A release will not be made.
    /// @param nonce Its number, which another release can take.
    /// @param digest What was signed.
    event ReleaseVetoed(uint64 indexed nonce, bytes32 indexed digest);

    /// @notice A vetoed release can be attested again.
    /// @param digest What was signed.
    event VetoLifted(bytes32 indexed digest);

    /// @notice There are other attesters from now on. What the ones before have attested, these have to attest anew.
    /// @param attesterSet Number of this set of attesters; the first is 1.
    /// @param attesters All of them.
    /// @param threshold How many have to sign.
    event AttestersChanged(uint64 indexed attesterSet, address[] attesters, uint256 threshold);

    /// @notice The vault is the zero address.
    error ReleaserZeroVault();

    /// @notice There would be no delay.
    error ReleaserNoDelay();

    /// @notice The threshold is not a majority of the attesters, or there are too many of those, or none.
    /// @param attesters How many attesters there would be.
    /// @param threshold How many would have to sign.
    error ReleaserBadThreshold(uint256 attesters, uint256 threshold);

    /// @notice Attesters, and signatures, have to be in ascending order of the addresses, each once.
    /// @param account The first that is out of order.
    error ReleaserOutOfOrder(address account);

    /// @notice Too few signatures.
    /// @param signatures How many there are.
    /// @param threshold How many there have to be.
    error ReleaserTooFewSignatures(uint256 signatures, uint256 threshold);

    /// @notice Someone signed who is no attester; or a signature is of another release, contract or chain, which
    /// makes it look like one of an account at random.
    /// @param account Who signed.
    error ReleaserNotAttester(address account);

    /// @notice A release with this number waits already.
    /// @param nonce The number.
    /// @param digest What was signed.
    error ReleaserNonceTaken(uint64 nonce, bytes32 digest);

    /// @notice The release is not in the state that this needs.
    /// @param nonce Its number.
    /// @param actual The state it is in.
    /// @param expected The state it would have to be in.
    error ReleaserWrongState(uint64 nonce, State actual, State expected);

    /// @notice There is no such veto.
    /// @param digest What was said to be vetoed.
    error ReleaserNotVetoed(bytes32 digest);

    /// @notice Makes `admin` the holder of every role; it can deal them out afterwards.
    /// @param admin First admin.
    /// @param vault_ Vault to release from.
    /// @param releaseDelay_ Time between attesting and releasing, in seconds.
    /// @param attesters_ First attesters, in ascending order.
    /// @param threshold_ How many of them have to sign.
    constructor(
        address admin,
        ITokenVault vault_,
        uint48 releaseDelay_,
        address[] memory attesters_,
        uint256 threshold_
    ) AccessControlDefaultAdminRules(ADMIN_TRANSFER_DELAY, admin) EIP712("Gearway Releaser", "1") {
        if (address(vault_) == address(0)) revert ReleaserZeroVault();
        if (releaseDelay_ == 0) revert ReleaserNoDelay();
        _VAULT = vault_;
        _RELEASE_DELAY = releaseDelay_;
        _grantRole(GOVERNOR_ROLE, admin);
        _grantRole(PAUSER_ROLE, admin);
        _setAttesters(attesters_, threshold_);
    }

    /// @notice Takes note that the attesters want a release. Anyone may bring their signatures. Emits
    /// {ReleaseAttested}.
    /// @param release The release.
    /// @param signatures EIP-712 signatures of {digestOf}, in ascending order of the signers.
    function attest(Release calldata release, bytes[] calldata signatures) external whenNotPaused {
        bytes32 digest = digestOf(release);
        _expectState(release, State.Unknown);
        Attested memory taken = _attested[release.nonce];
        if (taken.readyAt != 0 && taken.attesterSet == _attesterSet) {
            revert ReleaserNonceTaken(release.nonce, taken.digest);
        }
        _checkSignatures(digest, signatures);

        uint48 readyAt = Time.timestamp() + _RELEASE_DELAY;
        _attested[release.nonce] = Attested(digest, readyAt, _attesterSet);
        emit ReleaseAttested(release.nonce, digest, release, readyAt);
    }

    /// @notice Carries out a release whose delay is over. Anyone may. Where the vault refuses (its limits are
    /// exhausted, the recipient takes no ether), it can be tried again later.
    /// @param release The release.
    function execute(Release calldata release) external whenNotPaused {
        _expectState(release, State.Ready);
        delete _attested[release.nonce];
        _VAULT.release(release.nonce, release.token, release.recipient, release.amount);
    }

    /// @notice Stops a release that has not been made. Emits {ReleaseVetoed}.
    /// @param release The release, attested or not.
    function veto(Release calldata release) external onlyRole(PAUSER_ROLE) {
        bytes32 digest = digestOf(release);
        State state = stateOf(release);
        if (state == State.Released || state == State.Vetoed) {
            revert ReleaserWrongState(release.nonce, state, State.Waiting);
        }
        if (_attested[release.nonce].digest == digest) delete _attested[release.nonce];
        _vetoed[digest] = true;
        emit ReleaseVetoed(release.nonce, digest);
    }

    /// @notice Lets a vetoed release be attested after all. Emits {VetoLifted}.
    /// @param digest What was signed.
    function liftVeto(bytes32 digest) external onlyRole(GOVERNOR_ROLE) afterDelay {
        if (!_vetoed[digest]) revert ReleaserNotVetoed(digest);
        delete _vetoed[digest];
        emit VetoLifted(digest);
    }

    /// @notice Names other attesters. Emits {AttestersChanged}.
    /// @param newAttesters All of them, in ascending order.
    /// @param newThreshold How many have to sign: more than half.
    function setAttesters(address[] calldata newAttesters, uint256 newThreshold)
        external
        onlyRole(GOVERNOR_ROLE)
        afterDelay
    {
        _setAttesters(newAttesters, newThreshold);
    }

    /// @notice Stops attesting and releasing.
    function pause() external onlyRole(PAUSER_ROLE) {
        _pause();
    }

    /// @notice Lets attesting and releasing go on. Delays have gone on all the while.
    function unpause() external onlyRole(PAUSER_ROLE) {
        _unpause();
    }

    /// @inheritdoc IReleaser
    function vault() external view returns (address) {
        return address(_VAULT);
    }

    /// @notice Time between attesting and releasing, in seconds.
    function releaseDelay() external view returns (uint48) {
        return _RELEASE_DELAY;
    }

    /// @notice All attesters, in ascending order.
    function attesters() external view returns (address[] memory) {
        return _attesters;
    }

    /// @notice How many attesters have to sign.
    function threshold() external view returns (uint256) {
        return _threshold;
    }

    /// @notice When an attested release can be carried out, in Unix time; 0 where none has this number.
    /// @param nonce The number.
    function releaseReadyAt(uint64 nonce) external view returns (uint48) {
        return _attested[nonce].readyAt;
    }

    /// @notice What the attesters sign.
    /// @param release The release.
    function digestOf(Release calldata release) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(RELEASE_TYPEHASH, release.nonce, release.token, release.recipient, release.amount))
        );
    }

    /// @notice How far a release has come.
    /// @param release The release.
    function stateOf(Release calldata release) public view returns (State) {
        if (_VAULT.isReleased(release.nonce)) return State.Released;
        bytes32 digest = digestOf(release);
        if (_vetoed[digest]) return State.Vetoed;
        Attested memory attested = _attested[release.nonce];
        if (attested.digest != digest || attested.attesterSet != _attesterSet) return State.Unknown;
        return Time.timestamp() < attested.readyAt ? State.Waiting : State.Ready;
    }

    function _authorizeSchedule() internal override onlyRole(GOVERNOR_ROLE) {}

    function _authorizeCancel() internal override onlyRole(PAUSER_ROLE) {}

    function _setAttesters(address[] memory newAttesters, uint256 newThreshold) private {
        uint256 count = newAttesters.length;
        if (count > MAX_ATTESTERS || newThreshold > count || newThreshold * 2 <= count) {
            revert ReleaserBadThreshold(count, newThreshold);
        }
        uint64 attesterSet = ++_attesterSet;
        address last = address(0);
        for (uint256 i = 0; i < count; ++i) {
            // So none is zero, either.
            if (newAttesters[i] <= last) revert ReleaserOutOfOrder(newAttesters[i]);
            last = newAttesters[i];
            _isAttester[attesterSet][last] = true;
        }
        _attesters = newAttesters;
        _threshold = newThreshold;
        emit AttestersChanged(attesterSet, newAttesters, newThreshold);
    }

    function _checkSignatures(bytes32 digest, bytes[] calldata signatures) private view {
        if (signatures.length < _threshold) revert ReleaserTooFewSignatures(signatures.length, _threshold);
        address last = address(0);
        for (uint256 i = 0; i < signatures.length; ++i) {
            address signer = ECDSA.recoverCalldata(digest, signatures[i]);
            if (!_isAttester[_attesterSet][signer]) revert ReleaserNotAttester(signer);
            if (signer <= last) revert ReleaserOutOfOrder(signer);
            last = signer;
        }
    }

    function _expectState(Release calldata release, State expected) private view {
        State actual = stateOf(release);
        if (actual != expected) revert ReleaserWrongState(release.nonce, actual, expected);
    }
}
