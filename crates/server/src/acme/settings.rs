//! What is asked for.

use std::path::PathBuf;

use crate::config::Config;

/// The folder in the data folder, unless another is set.
const FOLDER: &str = "acme";

/// Where to get a certificate, and for what.
#[derive(Debug, Clone)]
pub(crate) struct AcmeSettings {
    /// The domains of the certificate. At least one.
    pub domains: Vec<String>,
    /// The mail address that the authority may write to.
    pub contact: Option<String>,
    /// The authority (RFC 8555, section 7.1.1).
    pub directory: String,
    /// Who has issued the authority's own certificate; the system's authorities, if `None`.
    pub ca_file: Option<PathBuf>,
    /// The folder of account and certificate.
    pub folder: PathBuf,
}

impl AcmeSettings {
    /// What the settings ask for, if they do.
    pub(crate) fn of(config: &Config) -> Option<Self> {
        let own = || config.data_dir.join(FOLDER);
        (!config.tls_acme_domains.is_empty()).then(|| Self {
            domains: config.tls_acme_domains.clone(),
            contact: config.tls_acme_contact.clone(),
            directory: config.tls_acme_directory.clone(),
            ca_file: config.tls_acme_ca_file.clone(),
            folder: config.tls_acme_folder.clone().unwrap_or_else(own),
        })
    }
}
