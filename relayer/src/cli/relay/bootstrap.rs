//! `gearway relay bootstrap`

use super::{super::CommandError, Common};
use crate::relay::{self, config::SignerConfig};
use gearway_ethereum::H256;

/// Arguments of `gearway relay bootstrap`.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub(in crate::cli) struct BootstrapArgs {
	#[command(flatten)]
	pub(super) common: Common,
	/// Root of the finalised beacon block to start at; by default the latest
	#[arg(long, value_name = "ROOT", value_parser = parse_root)]
	pub(super) at: Option<H256>,
	/// Environment variable with the secret URI of the chain's sudo account; without it, the call
	/// is printed for the chain's governance to make
	#[arg(long, value_name = "VARIABLE")]
	pub(super) sudo_key_env: Option<String>,
}

fn parse_root(text: &str) -> Result<H256, String> {
	let digits = text.strip_prefix("0x").unwrap_or(text);
	let bytes = hex::decode(digits).map_err(|error| error.to_string())?;
	let bytes: [u8; 32] = bytes.try_into().map_err(|_| "32 bytes are expected".to_string())?;
	Ok(H256(bytes))
}

/// Makes the call, or prints it.
pub(super) async fn execute(args: BootstrapArgs) -> Result<(), CommandError> {
	let config = args.common.load()?;
	let sudo = args.sudo_key_env.map(|name| SignerConfig { key_file: None, key_env: Some(name) });
	let started = relay::bootstrap(&config, args.at, sudo.as_ref()).await?;
	println!("beacon block  {:?} at slot {}", started.root, started.slot);
	match started.block {
		Some(block) => println!("started in    block {} {:?}", block.number, block.hash),
		None => println!("call of root  0x{}", hex::encode(started.call)),
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn roots_are_read_with_and_without_prefix() {
		let digits = "ab".repeat(32);
		assert_eq!(parse_root(&digits), Ok(H256::repeat_byte(0xab)));
		assert_eq!(parse_root(&format!("0x{digits}")), Ok(H256::repeat_byte(0xab)));
		assert!(parse_root("0xab").is_err());
		assert!(parse_root("latest").is_err());
	}
}
