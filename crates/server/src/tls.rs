//! The certificate that the server speaks TLS with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use groupchat_api::{ServerTls, TlsError};

use crate::config::Config;

/// How often to look whether the files have changed.
const INTERVAL: Duration = Duration::from_secs(5);

/// Why the certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    /// One of the two settings is missing.
    #[error("the settings tls.certificate and tls.key can only be used together")]
    Alone,
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
}

impl CertificateFiles {
    /// Those that the settings name, if they do.
    ///
    /// # Errors
    /// They name one without the other.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, CertificateError> {
        match (&config.tls_certificate, &config.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                Ok(Some(Self { certificate: certificate.clone(), key: key.clone() }))
            }
            _ => Err(CertificateError::Alone),
        }
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

impl Tls {
    /// TLS as the settings say, if they do.
    ///
    /// # Errors
    /// The files can't be used.
    pub(crate) fn of(config: &Config) -> Result<Option<Self>, CertificateError> {
        let Some(files) = CertificateFiles::of(config)? else { return Ok(None) };
        let found = files.contents()?;
        let server =
            ServerTls::new(&found.certificate, &found.key).map_err(|source| files.unusable(source))?;
        Ok(Some(Self { server, files, seen: Some(found) }))
    }

    /// What connections use.
    pub(crate) fn server(&self) -> ServerTls {
        self.server.clone()
    }

    /// Uses other files as they come, until it is dropped. Files that can't be used change nothing, and are logged once:
    /// whoever renews a certificate writes one file after the other.
    pub(crate) async fn watch(mut self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            self.look();
        }
    }

    fn look(&mut self) {
        let found = self.files.contents();
        if found.as_ref().ok() == self.seen.as_ref() {
            return;
        }
        self.seen = found.as_ref().ok().cloned();
        let used = found.and_then(|found| {
            let replaced = self.server.replace(&found.certificate, &found.key);
            replaced.map_err(|source| self.files.unusable(source))
        });
        match used {
            Ok(()) => tracing::info!("the certificate for TLS has changed; new connections use the new one"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "the certificate for TLS stays the old one");
            }
        }
    }
}
