//! Why there is no certificate, and when to try again.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use groupchat_api::TlsError;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum AcmeError {
    /// The authority can't be reached, or it refuses.
    #[error(transparent)]
    Authority(#[from] instant_acme::Error),
    /// The authority doesn't look at the port of TLS.
    #[error("the certificate authority doesn't offer TLS-ALPN-01 for {0}")]
    NotOffered(String),
    /// The authority could not see that a domain is ours.
    #[error("the certificate authority could not validate {domain}: {reason}")]
    NotValidated {
        /// The domain.
        domain: String,
        /// What it says.
        reason: String,
    },
    /// The authority didn't come to an end.
    #[error("the certificate authority took too long")]
    Slow,
    /// What the authority has issued can't be read.
    #[error("the certificate authority issued something that is no certificate")]
    NoCertificate,
    /// The answer to the authority can't be made.
    #[error("can't make the certificate that the authority asks for")]
    Answer(#[from] rcgen::Error),
    /// The answer to the authority can't be shown.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The folder can't be used.
    #[error("can't write {}", path.display())]
    Folder {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

impl AcmeError {
    /// How long to wait after so many failures in a row. An authority that has refused counts failures, and Let's Encrypt
    /// allows five an hour (its documentation, "Authorization Failures per Identifier per Account").
    pub(super) fn retry_after(&self, failures: u32) -> Duration {
        let (first, most) = if self.is_refusal() { (900, 6 * 3600) } else { (10, 3600) };
        let doubled = 1_u64 << failures.saturating_sub(1).min(16);
        // So that not all servers come back at once after the authority was down.
        let spread = getrandom::u32().map_or(0.0, |random| f64::from(random) / f64::from(u32::MAX) / 4.0);
        Duration::from_secs((first * doubled).min(most)).mul_f64(1.0 + spread)
    }

    /// Whether the authority has no account of ours any more.
    pub(super) fn is_unknown_account(&self) -> bool {
        self.kind() == Some("accountDoesNotExist")
    }

    /// Whether the authority won't issue, rather than can't at the moment.
    fn is_refusal(&self) -> bool {
        let passing = ["accountDoesNotExist", "badNonce", "serverInternal"];
        self.kind().is_some_and(|kind| !passing.contains(&kind))
            || matches!(self, Self::NotOffered(_) | Self::NotValidated { .. })
    }

    /// What the authority calls its error (RFC 8555, section 6.7).
    fn kind(&self) -> Option<&str> {
        let Self::Authority(instant_acme::Error::Api(problem)) = self else { return None };
        problem.r#type.as_deref()?.strip_prefix("urn:ietf:params:acme:error:")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_two_tries_grows_to_a_limit() {
        let refused = || AcmeError::NotOffered("chat.example.org".into());
        let seconds = |error: AcmeError, failures| error.retry_after(failures).as_secs();
        assert!((900..=1125).contains(&seconds(refused(), 1)));
        assert!((1800..=2250).contains(&seconds(refused(), 2)));
        assert!((6 * 3600..=27_000).contains(&seconds(refused(), u32::MAX)));
        assert!((10..=12).contains(&seconds(AcmeError::Slow, 1)));
        assert!((3600..=4500).contains(&seconds(AcmeError::Slow, 50)));
    }
}
