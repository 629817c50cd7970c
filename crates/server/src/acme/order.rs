//! An order at the authority, from the account to the certificate.

use std::time::{Duration, SystemTime};

use groupchat_api::ServerTls;
use instant_acme::{
    Account, AccountBuilder, AuthorizationStatus, CertificateIdentifier, ChallengeHandle, ChallengeType,
    Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::Acme;
use super::error::AcmeError;
use super::folder::StoredAccount;

/// How long the authority may take to look, and then to issue.
const PATIENCE: RetryPolicy =
    RetryPolicy::new().initial_delay(Duration::from_millis(500)).timeout(Duration::from_secs(120));

impl Acme {
    /// Gets a certificate for all domains. Returns its private key and the certificate with its chain, in PEM.
    pub(super) async fn order(&self) -> Result<String, AcmeError> {
        let account = self.account().await?;
        let domains: Vec<_> = self.settings.domains.iter().cloned().map(Identifier::Dns).collect();
        let ordered = account.new_order(&NewOrder::new(&domains)).await.map_err(AcmeError::from);
        if ordered.as_ref().is_err_and(AcmeError::is_unknown_account) {
            self.folder.forget_account();
        }
        let mut order = ordered?;
        // Whatever comes of it, nothing is answered afterwards.
        let answers = Answers(&self.tls);
        answers.give(&mut order).await?;
        // A refusal of the order says less than what each domain was refused for.
        let ready = order.poll_ready(&PATIENCE).await;
        if !matches!(ready, Ok(OrderStatus::Ready)) {
            refusal(&mut order).await?;
            ready?;
        }
        let key = order.finalize().await?;
        let chain = order.poll_certificate(&PATIENCE).await?;
        Ok(key + &chain)
    }

    /// When the authority suggests to replace the certificate, if it does (RFC 9773). At random in its window, as section
    /// 4.2 wants it.
    pub(super) async fn suggested(&self) -> Option<SystemTime> {
        let pem = self.folder.certificate()?;
        let certificate = CertificateDer::from_pem_slice(&pem).ok()?;
        let id = CertificateIdentifier::try_from(&certificate).ok()?;
        let asked = async {
            let (info, _) = self.account().await?.renewal_info(&id).await?;
            Ok::<_, AcmeError>(info.suggested_window)
        };
        let window = tokio::time::timeout(super::ATTEMPT, asked).await.ok()?.ok()?;
        let (start, end) = (SystemTime::from(window.start), SystemTime::from(window.end));
        let length = end.duration_since(start).unwrap_or_default();
        let random = f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX);
        Some(start + length.mul_f64(random))
    }

    /// The account of before, or a new one.
    async fn account(&self) -> Result<Account, AcmeError> {
        let directory = &self.settings.directory;
        if let Some(stored) = self.folder.account().filter(|stored| stored.directory == *directory) {
            return Ok(self.client()?.from_credentials(stored.credentials).await?);
        }
        let contact = self.settings.contact.as_ref().map(|address| format!("mailto:{address}"));
        let contact = contact.as_deref();
        let new = NewAccount {
            contact: contact.as_slice(),
            // Who sets the domains agrees; the documentation of the setting says so.
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = self.client()?.create(&new, directory.clone(), None).await?;
        self.folder.write_account(&StoredAccount { directory: directory.clone(), credentials })?;
        Ok(account)
    }

    fn client(&self) -> Result<AccountBuilder, AcmeError> {
        Ok(match &self.settings.ca_file {
            Some(file) => Account::builder_with_root(file)?,
            None => Account::builder()?,
        })
    }
}

/// What the server shows to the authority. When this is dropped, it shows nothing any more.
struct Answers<'a>(&'a ServerTls);

impl Answers<'_> {
    /// Shows for each domain what the authority wants to see, and asks it to look.
    async fn give(&self, order: &mut Order) -> Result<(), AcmeError> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            // Seen at an earlier order.
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let domain = authorization.identifier().to_string();
            let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
                return Err(AcmeError::NotOffered(domain));
            };
            self.show(&domain, &challenge)?;
            challenge.set_ready().await?;
        }
        Ok(())
    }

    /// Section 3 of RFC 8737: a certificate for the domain, and in it the digest of what only we and the authority know.
    fn show(&self, domain: &str, challenge: &ChallengeHandle<'_>) -> Result<(), AcmeError> {
        let mut params = CertificateParams::new([domain.to_owned()])?;
        let digest = challenge.key_authorization().digest();
        params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest.as_ref())];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let key = key.serialize_pem();
        Ok(self.0.answer_challenge(domain, certificate.pem().as_bytes(), key.as_bytes())?)
    }
}

impl Drop for Answers<'_> {
    fn drop(&mut self) {
        self.0.forget_challenges();
    }
}

/// Fails with what the authority says of a domain that it could not validate, if it says something.
async fn refusal(order: &mut Order) -> Result<(), AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        authorization.refresh().await?;
        let domain = authorization.identifier().to_string();
        if let Some(problem) = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref())
        {
            return Err(AcmeError::NotValidated { domain, reason: problem.to_string() });
        }
    }
    Ok(())
}
