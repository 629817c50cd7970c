//! Ports for unit tests of the edge, which never reach a database.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::web::Data;
use groupchat_domain::Error;
use groupchat_domain::accounts::{
    ApiKeys, AttemptPool, FailedLogin, HashCaller, IssuedKey, IssuedRefresh, KeyHash, LoginJournal,
    LoginRateLimiter, NextPair, NoMail, NoWelcome, Password, PasswordAttempt, PasswordCheck, PasswordHash,
    PasswordHasher, RefreshHashes, RefreshToken, Salt, Secret, Username, Verification,
};
use groupchat_domain::codes::{CodeHash, SecretCode, SecretCodes};
use groupchat_domain::events::{
    Cursor, Delivery, EphemeralAudience, EphemeralEvent, Feed, LiveEvents, Viewer,
};
use groupchat_domain::factors::{
    Asserted, Ceremonies, Ceremony, CeremonyError, CredentialId, CredentialRecord, PasskeyOwner,
    ShownCeremony, Terms,
};
use groupchat_domain::factors::{FactorCodes, Passcode, RecoveryCode, Step, TotpSecret};
use groupchat_domain::ids::UserId;
use groupchat_domain::presence::Activity;
use groupchat_domain::rates::{Allowance, RateExceeded, RequestClass, RequestLimiter};
use groupchat_domain::secrets::{SealError, Sealed, Sealer};
use groupchat_domain::storage::{Access, BoxFuture, Caller, Done, Storage, StorageFault, Work};
use groupchat_domain::time::Timestamp;
use serde_json::Value;

use crate::options::ServerOptions;
use crate::state::{AppState, Ports, State};

/// A header's text.
pub(crate) fn header(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(&name).expect("the header is there").to_str().expect("it is text")
}

/// Panics unless a document has what each of its references names, of which there are more than so many.
#[track_caller]
pub(crate) fn assert_references_lead_somewhere(document: &Value, more_than: usize) {
    let text = document.to_string();
    let references = text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next());
    let mut seen = 0;
    for reference in references {
        assert!(document.pointer(reference).is_some(), "{reference}");
        seen += 1;
    }
    assert!(seen > more_than, "{seen}");
}

/// State whose storage is never there.
pub(crate) fn state() -> State {
    state_with(ServerOptions::default())
}

/// The same with other options.
pub(crate) fn state_with(options: ServerOptions) -> State {
    let ports = Ports {
        storage: Arc::new(Gone),
        keys: Arc::new(Plain),
        codes: Arc::new(Plain),
        factors: Arc::new(Plain),
        ceremonies: Arc::new(Plain),
        sealer: Arc::new(Plain),
        hasher: Arc::new(Plain),
        attempts: Arc::new(Plain),
        rates: Arc::new(Plain),
        journal: Arc::new(Plain),
        mails: Arc::new(NoMail),
        welcome: Arc::new(NoWelcome),
        live: Arc::new(Silent),
    };
    Data::new(AppState::new(ports, "0.0.0").with_options(options))
}

/// The key of which the storage of [`state`] knows whose it is.
pub(crate) const KNOWN_KEY: &str = "gc_known";

/// The digest of a key by the ports of [`state`]: its first bytes.
pub(crate) fn digest(key: &str) -> KeyHash {
    let mut digest = [0; 32];
    for (place, byte) in digest.iter_mut().zip(key.bytes()) {
        *place = byte;
    }
    KeyHash::new(digest)
}

struct Gone;

impl Storage for Gone {
    fn submit(&self, _: Access, _: Work) -> Done {
        Box::pin(async { Err(StorageFault::Unavailable { reason: "gone".to_owned() }) })
    }

    fn knows_key(&self, _: &KeyHash) -> bool {
        false
    }

    fn holder(&self, key: &KeyHash) -> Option<UserId> {
        (*key == digest(KNOWN_KEY)).then_some(UserId::new(1))
    }
}

struct Plain;

impl ApiKeys for Plain {
    fn issue(&self) -> IssuedKey {
        IssuedKey { secret: Secret::new("gc_1".to_owned()), hash: digest("gc_1") }
    }

    fn issue_token(&self) -> IssuedKey {
        self.issue()
    }

    fn issue_login_ticket(&self) -> IssuedKey {
        self.issue()
    }

    fn digest(&self, key: &str) -> KeyHash {
        digest(key)
    }

    fn generate_password(&self) -> Password {
        Password::parse("correct horse").expect("long enough")
    }

    fn issue_device(&self) -> IssuedKey {
        IssuedKey { secret: Secret::new("gcd_1".to_owned()), hash: digest("gcd_1") }
    }

    fn read_device(&self, token: &str) -> Option<KeyHash> {
        Some(digest(token))
    }

    fn issue_refresh(&self) -> IssuedRefresh {
        let hashes = RefreshHashes { selector: digest("gcr_1"), verifier: digest("gcr_1") };
        IssuedRefresh { secret: Secret::new("gcr_1".to_owned()), hashes }
    }

    fn read_refresh(&self, token: &str) -> Option<RefreshToken> {
        let hashes = RefreshHashes { selector: digest(token), verifier: digest(token) };
        Some(RefreshToken { selector: Default::default(), verifier: Default::default(), hashes })
    }

    fn salt(&self) -> Salt {
        Salt::new([0; 32])
    }

    fn derive(&self, _: &RefreshToken, _: &Salt) -> NextPair {
        NextPair { key: self.issue(), refresh: self.issue_refresh() }
    }
}

impl PasswordHasher for Plain {
    fn hash(&self, _: HashCaller, password: Password) -> BoxFuture<'static, Result<PasswordHash, Error>> {
        Box::pin(async move { Ok(PasswordHash::from_stored(password.reveal().to_owned())) })
    }

    fn verify(&self, _: HashCaller, check: PasswordCheck) -> BoxFuture<'static, Result<Verification, Error>> {
        let is_right = check.hash.is_some_and(|hash| hash.as_str() == check.typed.reveal());
        Box::pin(async move { Ok(if is_right { Verification::Right } else { Verification::Wrong }) })
    }
}

impl LoginJournal for Plain {
    fn failed<'a>(&self, _: FailedLogin<'a>) {}

    fn refresh_reused(&self, _: Option<std::net::IpAddr>, _: &Username) {}
}

impl SecretCodes for Plain {
    fn issue_code(&self) -> SecretCode {
        SecretCode::from_bits([0; 20])
    }

    fn digest_code(&self, _: &SecretCode) -> CodeHash {
        KeyHash::new([0; 32])
    }
}

impl FactorCodes for Plain {
    fn new_secret(&self) -> TotpSecret {
        TotpSecret::new([0; 20])
    }

    fn matching_step(&self, _: &TotpSecret, _: &Passcode, _: Timestamp) -> Option<Step> {
        None
    }

    fn issue_recovery_codes(&self) -> Vec<RecoveryCode> {
        Vec::new()
    }

    fn digest_recovery_code(&self, code: &RecoveryCode) -> KeyHash {
        digest(code.symbols())
    }

    fn qr_code(&self, text: &str) -> String {
        text.to_owned()
    }
}

impl Sealer for Plain {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Sealed, SealError> {
        Err(SealError::NoKey)
    }

    fn open(&self, _: &str, _: &Sealed) -> Result<Vec<u8>, SealError> {
        Err(SealError::NoKey)
    }
}

impl LoginRateLimiter for Plain {
    fn take(&self, _: &PasswordAttempt) -> Result<AttemptPool, Duration> {
        Ok(AttemptPool::Usual)
    }

    fn refund(&self, _: &PasswordAttempt, _: AttemptPool) {}
}

impl RequestLimiter for Plain {
    fn take(&self, _: RequestClass, _: Caller) -> Result<Option<Allowance>, RateExceeded> {
        Ok(None)
    }
}

/// Live events of which there are none.
struct Silent;

impl LiveEvents for Silent {
    fn subscribe(&self) -> Box<dyn Feed> {
        Box::new(Self)
    }

    fn publish_ephemeral(&self, _: EphemeralAudience, _: EphemeralEvent) {}

    fn online_in(&self, _: groupchat_domain::ids::GroupId) -> Vec<UserId> {
        Vec::new()
    }

    fn presence_in(&self, _: &[groupchat_domain::ids::GroupId], _: UserId) -> Vec<EphemeralEvent> {
        Vec::new()
    }

    fn stop(&self) {}
}

impl Feed for Silent {
    fn since(&self) -> Option<&Cursor> {
        None
    }

    fn identify(&mut self, _: UserId) {}

    fn authorize(&mut self, _: Viewer) {}

    fn join(&mut self) -> Vec<EphemeralEvent> {
        Vec::new()
    }

    fn act(&mut self, _: Activity) -> Result<(), Error> {
        Ok(())
    }

    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Delivery>> {
        Poll::Pending
    }
}

impl Ceremonies for Plain {
    fn begin_registration<'a>(
        &self,
        _: &Terms<'a>,
        _: &PasskeyOwner<'a>,
        _: &[CredentialId],
    ) -> Result<Ceremony, CeremonyError> {
        Err(CeremonyError::NoSite)
    }

    fn finish_registration<'a>(
        &self,
        _: &Terms<'a>,
        _: &ShownCeremony,
    ) -> Result<(CredentialId, CredentialRecord), CeremonyError> {
        Err(CeremonyError::NoSite)
    }

    fn begin_assertion<'a>(&self, _: &Terms<'a>, _: &[CredentialId]) -> Result<Ceremony, CeremonyError> {
        Err(CeremonyError::NoSite)
    }

    fn identify(&self, _: &str) -> Option<CredentialId> {
        None
    }

    fn finish_assertion<'a>(
        &self,
        _: &Terms<'a>,
        _: &ShownCeremony,
        _: UserId,
        _: &CredentialRecord,
    ) -> Result<Asserted, CeremonyError> {
        Err(CeremonyError::NoSite)
    }
}
