//! The key that signs extrinsics.

use crate::relay::config::SignerConfig;
use std::{path::PathBuf, str::FromStr};
use subxt_signer::{SecretUri, sr25519::Keypair};

/// A key that cannot be used. Never shows the key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
	/// The file could not be read.
	#[error("[signer] key_file: {}: {source}", file.display())]
	Unreadable {
		/// The file.
		file: PathBuf,
		/// Why not.
		source: std::io::Error,
	},
	/// The environment variable is not there or not text.
	#[error("[signer] key_env: the environment variable {0} is not set, or is not text")]
	NotSet(String),
	/// What was found is no secret URI.
	#[error(
		"{0}: not a secret URI; a mnemonic phrase, or a hexadecimal seed of 32 bytes, either with \
		 or without derivations such as //relayer, is expected"
	)]
	NotAKey(&'static str),
	/// The key is one that everyone has.
	#[error(
		"{key}: a development key, which everyone has, on a chain of type {chain_type} at \
		 {endpoint}; use a key of your own"
	)]
	Development {
		/// Which configuration key it came by.
		key: &'static str,
		/// The chain's type.
		chain_type: String,
		/// Where the chain's node is.
		endpoint: String,
	},
}

/// Reads the key that the configuration names.
///
/// Secret URIs are what Substrate's tools use: a phrase or seed, then derivations. One that
/// consists of derivations only, such as `//Alice`, derives from the development phrase.
pub fn read_key(config: &SignerConfig) -> Result<(Keypair, Origin), KeyError> {
	let (text, place) = match (&config.key_file, &config.key_env) {
		(Some(file), _) => {
			let text = std::fs::read_to_string(file)
				.map_err(|source| KeyError::Unreadable { file: file.clone(), source })?;
			(text, "[signer] key_file")
		}
		(None, Some(name)) => {
			let text = std::env::var(name).map_err(|_| KeyError::NotSet(name.clone()))?;
			(text, "[signer] key_env")
		}
		(None, None) => return Err(KeyError::NotAKey("[signer]")),
	};
	let text = text.lines().next().unwrap_or_default().trim();
	if text.is_empty() {
		return Err(KeyError::NotAKey(place));
	}
	let uri = SecretUri::from_str(text).map_err(|_| KeyError::NotAKey(place))?;
	let key = Keypair::from_uri(&uri).map_err(|_| KeyError::NotAKey(place))?;
	Ok((key, Origin { place, development: is_development_key(text) }))
}

/// Where a key came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
	/// The configuration key that named it.
	pub place: &'static str,
	/// Whether it derives from the phrase that all development tools share.
	pub development: bool,
}

/// Whether a secret URI derives from the phrase that all development tools share.
pub fn is_development_key(uri: &str) -> bool {
	uri.starts_with('/') || uri.starts_with(subxt_signer::DEV_PHRASE)
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::io::Write;

	fn read(text: &str) -> Result<(Keypair, Origin), KeyError> {
		let mut file = tempfile::NamedTempFile::new().unwrap();
		file.write_all(text.as_bytes()).unwrap();
		let key_file = Some(file.path().to_path_buf());
		read_key(&SignerConfig { key_file, key_env: None })
	}

	#[test]
	fn development_keys_are_told_from_others() {
		let (key, origin) = read("//Alice\n").unwrap();
		assert!(origin.development);
		let alice = subxt_signer::sr25519::dev::alice();
		assert_eq!(key.public_key().as_ref(), alice.public_key().as_ref());
		let dev_phrase = format!("{}//Relayer", subxt_signer::DEV_PHRASE);
		assert!(read(&dev_phrase).unwrap().1.development);
		let seed = format!("0x{}", "42".repeat(32));
		assert!(!read(&seed).unwrap().1.development);
	}

	#[test]
	fn what_is_no_key_is_refused_without_being_shown() {
		for text in ["", "\n", "hunter2 hunter2", "0x1234", "0xzz"] {
			let error = read(text).expect_err(text).to_string();
			assert!(error.contains("[signer] key_file"), "{error}");
			assert!(text.trim().is_empty() || !error.contains(text.trim()), "{error}");
		}
	}

	#[test]
	fn a_missing_file_or_variable_is_named() {
		let key_file = Some(PathBuf::from("/nowhere/relayer.key"));
		let error = read_key(&SignerConfig { key_file, key_env: None }).unwrap_err();
		assert!(error.to_string().contains("/nowhere/relayer.key"));
		let key_env = Some("GEARWAY_TEST_NO_SUCH_VARIABLE".to_string());
		let error = read_key(&SignerConfig { key_file: None, key_env }).unwrap_err();
		assert!(error.to_string().contains("GEARWAY_TEST_NO_SUCH_VARIABLE"));
	}
}
