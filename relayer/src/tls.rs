//! The one TLS implementation that every client of this crate uses.

/// Makes `ring` the process's TLS provider. Idempotent; call it before opening any connection.
pub fn install() {
	// An error means that a provider stands already, which is all that is wanted.
	if rustls::crypto::ring::default_provider().install_default().is_err() {
		tracing::trace!("a TLS provider was installed before");
	}
}
