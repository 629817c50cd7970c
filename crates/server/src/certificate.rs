//! What a certificate says of itself (RFC 5280).

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Whose a certificate is, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The domains that it is for, in lower case.
    pub domains: BTreeSet<String>,
    /// Since when it is valid.
    pub from: SystemTime,
    /// How long it is valid.
    pub until: SystemTime,
}

impl Facts {
    /// Those of the first certificate in this PEM. `None` if there is none that can be read.
    pub(crate) fn of(pem: &[u8]) -> Option<Self> {
        let der = CertificateDer::from_pem_slice(pem).ok()?;
        let (_, certificate) = X509Certificate::from_der(&der).ok()?;
        let names = certificate.subject_alternative_name().ok()?.map(|names| &names.value.general_names);
        let domain = |name: &GeneralName| match name {
            GeneralName::DNSName(domain) => Some(domain.to_ascii_lowercase()),
            _ => None,
        };
        let validity = certificate.validity();
        Some(Self {
            domains: names.into_iter().flatten().filter_map(domain).collect(),
            from: time(validity.not_before.timestamp()),
            until: time(validity.not_after.timestamp()),
        })
    }

    /// For how long it is valid in all.
    pub(crate) fn lifetime(&self) -> Duration {
        self.until.duration_since(self.from).unwrap_or_default()
    }

    /// How long it is still valid. Zero once it isn't.
    pub(crate) fn remaining(&self, now: SystemTime) -> Duration {
        self.until.duration_since(now).unwrap_or_default()
    }
}

/// A time in seconds since 1970; one before is taken for 1970.
fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn domains_and_times_are_read() {
        let names = ["chat.example.org", "Chat.Example.com"].map(str::to_owned);
        let mut params = CertificateParams::new(names).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2026, 4, 1));
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let facts = Facts::of(certificate.pem().as_bytes()).unwrap();
        assert_eq!(facts.domains, ["chat.example.com", "chat.example.org"].map(str::to_owned).into());
        assert_eq!(facts.lifetime(), 90 * DAY);
        assert_eq!(facts.from, SystemTime::UNIX_EPOCH + 20_454 * DAY);
        assert_eq!(facts.remaining(facts.until - DAY), DAY);
        assert_eq!(facts.remaining(facts.until + DAY), Duration::ZERO);
    }

    #[test]
    fn what_is_no_certificate_says_nothing() {
        let key = KeyPair::generate().unwrap().serialize_pem();
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for text in ["", "certificate", &key, garbage] {
            assert_eq!(Facts::of(text.as_bytes()), None, "{text}");
        }
    }
}
