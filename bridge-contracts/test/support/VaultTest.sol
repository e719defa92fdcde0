// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {Test} from "forge-std/Test.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

import {AttestedReleaser} from "../../src/AttestedReleaser.sol";
import {DelayedCalls} from "../../src/DelayedCalls.sol";
import {Gateway} from "../../src/Gateway.sol";
import {GatewayLogic} from "../../src/GatewayLogic.sol";
import {IReleaser} from "../../src/IReleaser.sol";
import {ITokenVault} from "../../src/ITokenVault.sol";
import {TokenVault} from "../../src/TokenVault.sol";
import {TokenVaultLogic} from "../../src/TokenVaultLogic.sol";
import {PlainToken} from "./Tokens.sol";

/// A gateway, a vault that knows ether and a plain token, and a releaser with three attesters of whom two decide.
abstract contract VaultTest is Test {
    uint256 internal constant FEE = 0.001 ether;
    bytes32 internal constant PROGRAM = keccak256("an issuing program");
    uint64 internal constant MESSAGE_GAS = 5_000_000_000;
    uint48 internal constant RELEASE_DELAY = 6 hours;
    address internal constant ETHER = address(0);

    uint208 internal constant CAP = 1_000 ether;
    uint208 internal constant CAPACITY = 100 ether;
    uint48 internal constant WINDOW = 1 days;

    address internal admin = makeAddr("admin");
    address internal alice = makeAddr("alice");
    address payable internal bob = payable(makeAddr("bob"));
    bytes internal destination = hex"050001010001";

    uint256[] internal keys;
    GatewayLogic internal gateway;
    TokenVaultLogic internal vault;
    AttestedReleaser internal releaser;
    PlainToken internal token;

    function setUp() public virtual {
        gateway = GatewayLogic(address(new Gateway(admin, FEE)));
        token = new PlainToken();
        ITokenVault.AssetLimits[] memory assets = new ITokenVault.AssetLimits[](2);
        assets[0] = ITokenVault.AssetLimits(ETHER, _limits());
        assets[1] = ITokenVault.AssetLimits(address(token), _limits());
        vault = TokenVaultLogic(address(new TokenVault(admin, gateway, PROGRAM, MESSAGE_GAS, assets)));
        keys = _sortedKeys("attester", 3);
        releaser = new AttestedReleaser(admin, vault, RELEASE_DELAY, _addresses(keys), 2);
        vm.prank(admin);
        vault.setReleaser(releaser);
        vm.deal(alice, 10_000 ether);
    }

    function _limits() internal pure returns (ITokenVault.Limits memory) {
        return ITokenVault.Limits(CAP, CAPACITY, WINDOW);
    }

    /// Private keys, in ascending order of their addresses.
    function _sortedKeys(string memory name, uint256 count) internal returns (uint256[] memory sorted) {
        sorted = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            (, uint256 key) = makeAddrAndKey(string.concat(name, vm.toString(i)));
            uint256 place = i;
            for (; place > 0 && vm.addr(sorted[place - 1]) > vm.addr(key); --place) {
                sorted[place] = sorted[place - 1];
            }
            sorted[place] = key;
        }
    }

    function _addresses(uint256[] memory of_) internal pure returns (address[] memory addresses) {
        addresses = new address[](of_.length);
        for (uint256 i = 0; i < of_.length; ++i) {
            addresses[i] = vm.addr(of_[i]);
        }
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// Signatures by the first `count` attesters.
    function _signatures(AttestedReleaser.Release memory release, uint256 count)
        internal
        view
        returns (bytes[] memory signatures)
    {
        signatures = new bytes[](count);
        bytes32 digest = releaser.digestOf(release);
        for (uint256 i = 0; i < count; ++i) {
            signatures[i] = _sign(keys[i], digest);
        }
    }

    function _release(uint64 nonce, address asset, uint256 amount)
        internal
        view
        returns (AttestedReleaser.Release memory)
    {
        return AttestedReleaser.Release(nonce, asset, bob, amount);
    }

    function _lockEther(uint256 amount) internal returns (uint64) {
        vm.prank(alice);
        return vault.lockEther{value: amount + FEE}(destination);
    }

    /// Approves and locks what `alice` has been given of any token.
    function _lockToken(address asset, uint256 amount) internal returns (uint64) {
        PlainToken(asset).mint(alice, amount);
        vm.startPrank(alice);
        IERC20(asset).approve(address(vault), amount);
        uint64 nonce = vault.lockToken{value: FEE}(asset, amount, destination);
        vm.stopPrank();
        return nonce;
    }

    /// Releases as the releaser does, without its ceremony.
    function _vaultRelease(uint64 nonce, address asset, uint256 amount) internal {
        vm.prank(address(releaser));
        vault.release(nonce, asset, bob, amount);
    }

    /// Announces a call as the admin, and waits until it can be made.
    function _announce(DelayedCalls target, bytes memory call) internal {
        vm.prank(admin);
        target.schedule(call);
        skip(target.DELAY());
    }

    /// Makes an asset known to the vault.
    function _letIn(address asset) internal {
        _announce(vault, abi.encodeCall(vault.setLimits, (asset, _limits())));
        vm.prank(admin);
        vault.setLimits(asset, _limits());
    }

    function _expectMissingRole(address account, bytes32 role) internal {
        vm.expectRevert(abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, account, role));
    }
}
