//! `gearway net`

use super::CommandError;
use crate::net::NetCommand;

/// Hands the command to the networks' own module.
pub(super) async fn execute(command: NetCommand) -> Result<(), CommandError> {
	crate::net::execute(command).await.map_err(Into::into)
}
