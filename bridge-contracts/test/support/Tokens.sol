// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token as it should be.
contract PlainToken is ERC20 {
    constructor() ERC20("Plain", "PLN") {}

    function mint(address account, uint256 amount) external {
        _mint(account, amount);
    }
}

/// Keeps a share of every transfer.
contract FeeToken is PlainToken {
    uint256 public constant FEE_PERCENT = 3;

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, amount);
        uint256 fee = amount * FEE_PERCENT / 100;
        super._update(from, address(0), fee);
        super._update(from, to, amount - fee);
    }
}

/// Balances follow an index that moves without any transfer.
contract RebasingToken is PlainToken {
    uint256 public percent = 100;

    function rebase(uint256 newPercent) external {
        percent = newPercent;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * percent / 100;
    }
}

/// Says yes to every transfer and moves nothing.
contract LyingToken is PlainToken {
    function transfer(address, uint256) public pure override returns (bool) {
        return true;
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// Answers transfers with `false` instead of reverting.
contract FalseToken is PlainToken {
    function transfer(address, uint256) public pure override returns (bool) {
        return false;
    }

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// Takes more from a sender than it was told to.
contract GreedyToken is PlainToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        _burn(msg.sender, 1);
        return super.transfer(to, amount);
    }
}

/// Gives a sender more than it took.
contract GivingToken is PlainToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        _mint(msg.sender, amount);
        return true;
    }
}

/// Returns nothing from transfers, as tokens older than the standard do.
contract SilentToken {
    mapping(address account => uint256) public balanceOf;

    function mint(address account, uint256 amount) external {
        balanceOf[account] += amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// Makes one call of its choice in the middle of the next transfer.
contract ReenteringToken is PlainToken {
    address private _target;
    bytes private _call;
    bytes public outcome;
    bool public succeeded;

    function onTransfer(address target, bytes calldata call) external {
        _target = target;
        _call = call;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        address target = _target;
        if (target != address(0)) {
            _target = address(0);
            (succeeded, outcome) = target.call(_call);
        }
    }
}
