//! `gearway load`

use super::CommandError;
use crate::load::LoadArgs;

/// Hands the command to its own module.
pub(super) async fn execute(args: LoadArgs) -> Result<(), CommandError> {
	crate::load::execute(args).await.map_err(Into::into)
}
