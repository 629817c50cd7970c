//! The certificate that the server speaks TLS with.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use groupchat_api::{ServerTls, TlsError};

use crate::acme::{AcmeSettings, certificate_in};
use crate::certificate::Facts;
use crate::config::Config;

/// How often to look whether the files have changed.
const INTERVAL: Duration = Duration::from_secs(5);
/// How often to complain about a certificate that ends soon.
const COMPLAINTS: Duration = Duration::from_secs(24 * 3600);

/// Why the certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// One of the two settings is missing.
    #[error("the settings tls.certificate and tls.key can only be used together")]
    Alone,
    /// A certificate is named, and another one is to be ordered.
    #[error("the settings tls.certificate and tls.acme.domains can't be used together")]
    Both,
    /// There is no data folder to keep what is ordered.
    #[error("with a database on a PostgreSQL server, tls.acme.domains needs tls.acme.folder")]
    NoFolder,
    /// A file can't be read.
    #[error("can't read the file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// They can't be used.
    #[error("can't use the certificate in {} with the key in {}", certificate.display(), key.display())]
    Unusable {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// Why.
        source: TlsError,
    },
}

/// The files with a certificate and its key.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
}

/// What is in the files.
#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// TLS, and the files that its certificate comes from.
pub(crate) struct Tls {
    server: ServerTls,
    files: CertificateFiles,
    /// What was in the files at the last look; `None` if they could not be read.
    seen: Option<Contents>,
    /// When the log was last told that the certificate ends soon.
    complained: Option<Instant>,
}

impl CertificateFiles {
    /// Those that the settings name, if they do.
    ///
    /// # Errors
    /// They name one without the other.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, CertificateError> {
        if let Some(acme) = AcmeSettings::of(config) {
            return Self::ordered(config, &acme).map(Some);
        }
        match (&config.tls_certificate, &config.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                Ok(Some(Self { certificate: certificate.clone(), key: key.clone() }))
            }
            _ => Err(CertificateError::Alone),
        }
    }

    /// The one file with key and certificate that is ordered.
    fn ordered(config: &Config, acme: &AcmeSettings) -> Result<Self, CertificateError> {
        if config.tls_certificate.is_some() || config.tls_key.is_some() {
            return Err(CertificateError::Both);
        }
        if config.database_url.is_some() && config.tls_acme_folder.is_none() {
            return Err(CertificateError::NoFolder);
        }
        let file = certificate_in(&acme.folder);
        Ok(Self { certificate: file.clone(), key: file })
    }

    /// The file with the certificate.
    pub(crate) fn certificate(&self) -> Result<Vec<u8>, CertificateError> {
        read(&self.certificate)
    }

    fn contents(&self) -> Result<Contents, CertificateError> {
        Ok(Contents { certificate: self.certificate()?, key: read(&self.key)? })
    }

    fn unusable(&self, source: TlsError) -> CertificateError {
        CertificateError::Unusable { certificate: self.certificate.clone(), key: self.key.clone(), source }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(path).map_err(|source| CertificateError::Unreadable { path: path.to_owned(), source })
}

/// Whether the server speaks TLS.
pub(crate) const fn is_spoken(config: &Config) -> bool {
    config.tls_certificate.is_some() || !config.tls_acme_domains.is_empty()
}

impl Tls {
    /// TLS as the settings say, if they do. A certificate that is ordered may be missing.
    ///
    /// # Errors
    /// The files can't be used.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, CertificateError> {
        let Some(files) = CertificateFiles::of(config)? else { return Ok(None) };
        let server = ServerTls::without_certificate().map_err(|source| files.unusable(source))?;
        let mut tls = Self { server, files, seen: None, complained: None };
        match tls.take_over() {
            Err(error) if AcmeSettings::of(config).is_none() => Err(error),
            _ => Ok(Some(tls)),
        }
    }

    /// What connections use.
    pub(crate) fn server(&self) -> ServerTls {
        self.server.clone()
    }

    /// Uses other files as they come, until it is dropped. Files that can't be used change nothing, and are logged once:
    /// whoever renews a certificate writes one file after the other.
    pub(crate) async fn watch(mut self) {
        loop {
            self.complain(SystemTime::now());
            tokio::time::sleep(INTERVAL).await;
            self.look();
        }
    }

    fn look(&mut self) {
        let found = self.files.contents();
        if found.as_ref().ok() == self.seen.as_ref() {
            return;
        }
        match self.take_over() {
            Ok(()) => {
                self.complained = None;
                tracing::info!("the certificate for TLS has changed; new connections use the new one");
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "the certificate for TLS stays the old one");
            }
        }
    }

    /// Uses what is in the files.
    fn take_over(&mut self) -> Result<(), CertificateError> {
        let found = self.files.contents();
        self.seen = found.as_ref().ok().cloned();
        let found = found?;
        self.server.replace(&found.certificate, &found.key).map_err(|source| self.files.unusable(source))
    }

    /// Says once a day that the certificate ends, or has ended.
    fn complain(&mut self, now: SystemTime) {
        let Some(facts) = self.seen.as_ref().and_then(|seen| Facts::of(&seen.certificate)) else { return };
        if !ends_soon(&facts, now) || self.complained.is_some_and(|then| then.elapsed() < COMPLAINTS) {
            return;
        }
        self.complained = Some(Instant::now());
        let hours = facts.remaining(now).as_secs() / 3600;
        tracing::warn!(hours, "the certificate for TLS ends soon, and nobody has renewed it");
    }
}

/// Whether less than a fifth of a certificate's time is left: whoever renews certificates has done so by then.
fn ends_soon(facts: &Facts, now: SystemTime) -> bool {
    facts.remaining(now) < facts.lifetime() / 5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_ends_soon_with_a_fifth_of_its_time_left() {
        let (from, day) = (SystemTime::UNIX_EPOCH, Duration::from_secs(24 * 3600));
        let facts = Facts { domains: ["chat.example.org".to_owned()].into(), from, until: from + 90 * day };
        assert!(!ends_soon(&facts, from + 72 * day));
        assert!(ends_soon(&facts, from + 73 * day));
        assert!(ends_soon(&facts, from + 100 * day));
    }
}
