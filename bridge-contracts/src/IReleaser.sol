// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// @title Who says what a vault releases
/// @notice All that a vault asks of its releaser. The rest is the releaser's own: one may count signatures, another
/// verify proofs.
interface IReleaser {
    /// @notice The vault it releases from.
    function vault() external view returns (address);
}
