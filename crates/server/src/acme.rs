//! Certificates from an authority that issues them by itself (ACME, RFC 8555), such as Let's Encrypt. The authority looks
//! on this server's own port whether the domain is ours (TLS-ALPN-01, RFC 8737).
//!
//! A certificate is a file in a folder: who orders writes it, [`crate::tls`] reads it as any other.

mod error;
mod folder;
mod order;
mod settings;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use groupchat_api::ServerTls;

use crate::certificate::Facts;
use crate::config::Config;

use self::error::AcmeError;
use self::folder::Folder;

pub(crate) use folder::certificate_in;
pub(crate) use settings::AcmeSettings;

/// How often to look whether the certificate is due, at least.
const LOOK: Duration = Duration::from_secs(6 * 3600);
/// How long an order may take.
const ATTEMPT: Duration = Duration::from_secs(300);
/// After an order, not sooner than this comes another, whatever the clock says.
const BETWEEN: Duration = Duration::from_secs(24 * 3600);

/// Keeps a certificate in its folder that is valid.
pub(crate) struct Acme {
    settings: AcmeSettings,
    folder: Folder,
    /// What answers the authority.
    tls: ServerTls,
}

impl Acme {
    /// As the settings say; `None` if they ask for none.
    pub(crate) fn of(config: &Config, tls: ServerTls) -> Option<Self> {
        let settings = AcmeSettings::of(config)?;
        let folder = Folder::at(&settings.folder);
        Some(Self { settings, folder, tls })
    }

    /// Works until it is dropped. Dropping it at any moment loses no more than an order.
    pub(crate) async fn run(self) {
        let mut failures = 0;
        loop {
            let wait = match self.work().await {
                Ok(wait) => {
                    failures = 0;
                    wait
                }
                Err(error) => {
                    failures += 1;
                    let wait = error.retry_after(failures);
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, retry_in = ?wait, "got no certificate for TLS");
                    wait
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Orders a certificate if one is due, and tells how long there is nothing to do.
    async fn work(&self) -> Result<Duration, AcmeError> {
        if let Some(held) = self.held() {
            let wait = self.due(&held).await.duration_since(SystemTime::now()).unwrap_or_default();
            if !wait.is_zero() {
                return Ok(wait.min(LOOK));
            }
        }
        let AcmeSettings { domains, directory, .. } = &self.settings;
        tracing::info!(domains = domains.join(","), directory, "ordering a certificate for TLS");
        let issued = tokio::time::timeout(ATTEMPT, self.order()).await.map_err(|_| AcmeError::Slow)??;
        let facts = Facts::of(issued.as_bytes()).ok_or(AcmeError::NoCertificate)?;
        self.folder.write_certificate(&issued)?;
        tracing::info!(domains = domains.join(","), valid_for = ?facts.lifetime(), "got a certificate for TLS");
        Ok((facts.lifetime() / 10).min(BETWEEN))
    }

    /// The certificate that there is, unless it is for other domains, or by another authority.
    fn held(&self) -> Option<Facts> {
        let facts = self.folder.certificate().and_then(|pem| Facts::of(&pem))?;
        let wanted: BTreeSet<_> = self.settings.domains.iter().cloned().collect();
        let account = self.folder.account()?;
        (facts.domains == wanted && account.directory == self.settings.directory).then_some(facts)
    }

    /// When to replace a certificate: as the authority suggests, or with a third of its time left.
    async fn due(&self, held: &Facts) -> SystemTime {
        let usual = held.from + held.lifetime() * 2 / 3;
        let latest = held.until - held.lifetime() / 10;
        self.suggested().await.unwrap_or(usual).min(latest)
    }
}
