//! The ports of the domain other than the database: as simple as they can be, and the same on every backend.

use std::future::ready;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    ApiKeys, AttemptPool, ClientInfo, FailedLogin, HashCaller, IssuedKey, IssuedRefresh,
    KNOWN_DEVICE_RETENTION, KNOWN_NETWORK_RETENTION, KeyHash, LOGIN_LIFETIME, LoginJournal, LoginPorts,
    LoginRateLimiter, MailOrder, MailPorts, MailQueue, NextPair, NoMail, Origin, OwnPasswordPorts,
    PasskeyLoginPorts, Password, PasswordAttempt, PasswordCheck, PasswordHash, PasswordHasher, RefreshPorts,
    RefreshTerms, RefreshToken, ResetPorts, Salt, SecondFactorPorts, Secret, Username, Verification, Welcome,
};
use groupchat_domain::admissions::{LinkPorts, SignUpOpening, SignUpPorts};
use groupchat_domain::codes::{CodeHash, SecretCode, SecretCodes};
use groupchat_domain::events::{Delivery, EphemeralAudience, EphemeralEvent, Feed, LiveEvents};
use groupchat_domain::factors::{
    Asserted, Ceremonies, Ceremony, CeremonyError, CredentialId, CredentialRecord, FactorCodes, FactorPorts,
    Passcode, PasskeyOwner, PasskeyPorts, RecoveryCode, ShownCeremony, Step, Terms, TotpSecret,
};
use groupchat_domain::groups::{DefaultGroups, GroupJournal, Quotas, SkipReason};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::network::Network;
use groupchat_domain::secrets::{SealError, Sealed, Sealer, SecretKeyId};
use groupchat_domain::storage::{BoxFuture, Credential, Storage};
use groupchat_domain::time::Timestamp;

use crate::commands::argument::{AKey, ARefreshToken, Argument, key_hash, link_code, recovery_code};
use crate::commands::ids::Ids;

/// The quotas of all worlds: small, so that they are reached.
pub const QUOTAS: Quotas = Quotas { owned_groups: 3, memberships: 5, members: 4, direct_conversations: 3 };

/// How many sessions a user may have.
const SESSIONS_PER_USER: u32 = 3;

/// What a command needs to run.
pub struct Ports<'w> {
    /// The database.
    pub storage: &'w dyn Storage,
    /// Where what is in no log is told.
    pub live: &'w dyn LiveEvents,
    /// The backend's ids.
    pub ids: &'w Ids,
    /// As whom it is run.
    pub who: Credential,
    /// The ports that are not the same for every command.
    pub(crate) own: OwnPorts,
}

impl<'w> Ports<'w> {
    /// For the command with this number, which issues the key with the same number, if any.
    pub fn new(
        storage: &'w dyn Storage,
        live: &'w dyn LiveEvents,
        ids: &'w Ids,
        by: AKey,
        number: u32,
    ) -> Self {
        let who = Credential { key: by.on(ids), network: Network::UNKNOWN, origin: Origin::UNKNOWN };
        Self { storage, live, ids, who, own: OwnPorts { number, codes: Arc::default() } }
    }

    /// What comes with an account: a membership of this group.
    pub(crate) fn welcome(&self, default: Option<GroupId>) -> Arc<dyn Welcome> {
        let ids: Vec<_> = default.into_iter().collect();
        Arc::new(DefaultGroups::new(&ids, QUOTAS, Arc::new(NoJournal)))
    }

    /// What a login needs.
    pub(crate) fn login(&self) -> LoginPorts<'_> {
        LoginPorts {
            storage: self.storage,
            hasher: &self.own,
            keys: &self.own,
            attempts: &self.own,
            journal: &self.own,
            lifetime: LOGIN_LIFETIME,
            refresh: RefreshTerms::default(),
            sessions_per_user: SESSIONS_PER_USER,
            networks_known_for: KNOWN_NETWORK_RETENTION,
            devices_known_for: KNOWN_DEVICE_RETENTION,
        }
    }

    /// What the second half of a login needs.
    pub(crate) fn second_factor(&self) -> SecondFactorPorts<'_> {
        SecondFactorPorts {
            login: self.login(),
            codes: Arc::new(self.own.clone()),
            sealer: Arc::new(self.own.clone()),
        }
    }

    /// What managing second factors needs.
    pub(crate) fn factors(&self) -> FactorPorts<'_> {
        let password = OwnPasswordPorts { storage: self.storage, hasher: &self.own, attempts: &self.own };
        FactorPorts { password, codes: Arc::new(self.own.clone()), sealer: Arc::new(self.own.clone()) }
    }

    /// What a login with a passkey needs.
    pub(crate) fn passkey_login(&self) -> PasskeyLoginPorts<'_> {
        PasskeyLoginPorts { login: self.login(), ceremonies: Arc::new(self.own.clone()), site: Some(SITE) }
    }

    /// What registering passkeys needs.
    pub(crate) fn passkeys(&self) -> PasskeyPorts<'_> {
        PasskeyPorts { factors: self.factors(), ceremonies: Arc::new(self.own.clone()), site: Some(SITE) }
    }

    /// What a refresh needs.
    pub(crate) fn refresh(&self) -> RefreshPorts<'_> {
        RefreshPorts {
            storage: self.storage,
            keys: &self.own,
            journal: &self.own,
            mails: &NoMail,
            terms: RefreshTerms::default(),
        }
    }

    /// What a proof by the current password needs.
    pub(crate) fn proof(&self) -> OwnPasswordPorts<'_> {
        OwnPasswordPorts { storage: self.storage, hasher: &self.own, attempts: &self.own }
    }

    /// Where mails are ordered.
    #[allow(clippy::unused_self, reason = "the same for every command")]
    pub(crate) fn orders(&self) -> &'static dyn MailQueue {
        &SomeMail
    }

    /// What writing mails needs.
    pub(crate) fn mails(&self) -> MailPorts<'_> {
        MailPorts { storage: self.storage, keys: &self.own, codes: &self.own, site: None }
    }

    /// What a reset of a password needs.
    pub(crate) fn resets(&self) -> ResetPorts<'_> {
        ResetPorts { storage: self.storage, hasher: &self.own, keys: &self.own, codes: &self.own }
    }

    /// What signing up needs.
    pub(crate) fn sign_up(&self, default: Option<GroupId>, opening: SignUpOpening) -> SignUpPorts<'_> {
        SignUpPorts {
            login: self.login(),
            codes: &self.own,
            welcome: self.welcome(default),
            mails: self.orders(),
            opening,
            quotas: QUOTAS,
        }
    }

    /// What using an invite link needs.
    pub(crate) fn links(&self) -> LinkPorts<'_> {
        LinkPorts { storage: self.storage, codes: &self.own, attempts: &self.own }
    }
}

/// A client in one of the networks that there are.
pub(crate) fn client(network: u8) -> ClientInfo {
    let address = (network > 0).then_some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, network)));
    ClientInfo { user_agent: Some(format!("client {network}")), address }
}

/// The ports of one command: a hash shows its password, and keys are the number of the command.
#[derive(Clone)]
pub(crate) struct OwnPorts {
    number: u32,
    /// How many codes it has issued.
    codes: Arc<AtomicU32>,
}

/// The numbers of the codes that a command issues are so far apart: more than there are commands.
const MORE_CODES: u32 = 100_000_000;

impl OwnPorts {
    /// The key, or ticket, that the command issues.
    pub(crate) fn issued(&self) -> KeyHash {
        key_hash(self.number)
    }
}

fn hash_of(password: &str) -> PasswordHash {
    PasswordHash::from_stored(format!("$2b$04${password}"))
}

impl PasswordHasher for OwnPorts {
    fn hash(&self, _: HashCaller, password: Password) -> BoxFuture<'static, Result<PasswordHash, Error>> {
        Box::pin(ready(Ok(hash_of(password.reveal()))))
    }

    fn verify(&self, _: HashCaller, check: PasswordCheck) -> BoxFuture<'static, Result<Verification, Error>> {
        let is_right = check.hash == Some(hash_of(check.typed.reveal()));
        Box::pin(ready(Ok(if is_right { Verification::Right } else { Verification::Wrong })))
    }
}

impl ApiKeys for OwnPorts {
    fn issue(&self) -> IssuedKey {
        IssuedKey { secret: Secret::new(self.number.to_string()), hash: self.issued() }
    }

    fn issue_token(&self) -> IssuedKey {
        self.issue()
    }

    fn issue_login_ticket(&self) -> IssuedKey {
        self.issue()
    }

    /// Of what is no key, its checksum.
    fn digest(&self, key: &str) -> KeyHash {
        key_hash(key.parse().unwrap_or_else(|_| checksum(key)))
    }

    fn generate_password(&self) -> Password {
        Password::parse("correct horse").unwrap_or_else(|_| unreachable!("a good password"))
    }

    fn issue_device(&self) -> IssuedKey {
        self.issue()
    }

    fn read_device(&self, token: &str) -> Option<KeyHash> {
        Some(self.digest(token))
    }

    fn issue_refresh(&self) -> IssuedRefresh {
        ARefreshToken(self.number, self.number).issued()
    }

    fn read_refresh(&self, token: &str) -> Option<RefreshToken> {
        ARefreshToken::read(token).map(ARefreshToken::token)
    }

    fn salt(&self) -> Salt {
        Salt::new(*self.issued().as_bytes())
    }

    /// The key and the verifier are the number of the command that the salt is of.
    fn derive(&self, token: &RefreshToken, salt: &Salt) -> NextPair {
        let number = number_of(salt.as_bytes());
        let key = IssuedKey { secret: Secret::new(number.to_string()), hash: key_hash(number) };
        NextPair { key, refresh: ARefreshToken(number_of(&token.selector), number).issued() }
    }
}

/// A number that differs from one text to the other (FNV-1a).
fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811C_9DC5, |sum, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// The number in the first bytes.
fn number_of(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(u32::MAX, |first| u32::from_be_bytes(*first))
}

/// Half a minute, in microseconds.
const STEP: i64 = 30_000_000;

/// The one-time password 1 is that of now, whatever the secret; 0 and 2 are those beside it.
impl FactorCodes for OwnPorts {
    fn new_secret(&self) -> TotpSecret {
        let mut secret = [0; 20];
        secret[..4].copy_from_slice(&self.number.to_be_bytes());
        TotpSecret::new(secret)
    }

    fn matching_step(&self, _: &TotpSecret, code: &Passcode, now: Timestamp) -> Option<Step> {
        let number: i64 = code.reveal().parse().ok()?;
        (number < 3).then_some(Step(now.as_micros().div_euclid(STEP) + number - 1))
    }

    fn issue_recovery_codes(&self) -> Vec<RecoveryCode> {
        (0..10).map(|index| recovery_code(self.number, index)).collect()
    }

    fn digest_recovery_code(&self, code: &RecoveryCode) -> KeyHash {
        let mut hash = [0; 32];
        hash[..16].copy_from_slice(code.symbols().as_bytes());
        KeyHash::new(hash)
    }

    fn qr_code(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// The public address of the server.
const SITE: &str = "https://chat.example.org";

/// How many ceremonies there are; the last one goes wrong.
const MARKS: u8 = 8;

/// What an authenticator answers: the number of a passkey, and a mark of the ceremony.
pub(super) fn shown_passkey(number: u8) -> ShownCeremony {
    let (passkey, mark) = (number / MARKS, number % MARKS);
    ShownCeremony { token: Secret::new("ceremony".to_owned()), credential: format!("{passkey} {mark}") }
}

/// Which passkey was shown, and the mark; `None` if it is wrong.
fn read_passkey(shown: &ShownCeremony) -> Option<(u8, u8)> {
    let (passkey, mark) = shown.credential.split_once(' ')?;
    let mark = mark.parse().ok().filter(|mark| *mark < MARKS - 1)?;
    Some((passkey.parse().ok()?, mark))
}

fn ceremony(about: &[CredentialId]) -> Ceremony {
    Ceremony { token: Secret::new("ceremony".to_owned()), options: about.len().to_string() }
}

/// Takes numbers for passkeys.
impl Ceremonies for OwnPorts {
    fn begin_registration<'a>(
        &self,
        _: &Terms<'a>,
        _: &PasskeyOwner<'a>,
        known: &[CredentialId],
    ) -> Result<Ceremony, CeremonyError> {
        Ok(ceremony(known))
    }

    fn finish_registration<'a>(
        &self,
        _: &Terms<'a>,
        shown: &ShownCeremony,
    ) -> Result<(CredentialId, CredentialRecord), CeremonyError> {
        let (passkey, _) = read_passkey(shown).ok_or(CeremonyError::Wrong)?;
        let credential = self.identify(&shown.credential).ok_or(CeremonyError::Wrong)?;
        Ok((credential, CredentialRecord::from_stored(format!("{passkey} was not used"))))
    }

    fn begin_assertion<'a>(&self, _: &Terms<'a>, of: &[CredentialId]) -> Result<Ceremony, CeremonyError> {
        Ok(ceremony(of))
    }

    fn identify(&self, credential: &str) -> Option<CredentialId> {
        let (passkey, _) = credential.split_once(' ')?;
        CredentialId::new(passkey.as_bytes().to_vec())
    }

    fn finish_assertion<'a>(
        &self,
        _: &Terms<'a>,
        shown: &ShownCeremony,
        _: UserId,
        record: &CredentialRecord,
    ) -> Result<Asserted, CeremonyError> {
        let (passkey, mark) = read_passkey(shown).ok_or(CeremonyError::Wrong)?;
        if !record.as_str().starts_with(&passkey.to_string()) {
            return Err(CeremonyError::Wrong);
        }
        let record = CredentialRecord::from_stored(format!("{passkey} was used at {mark}"));
        Ok(Asserted { record, mark: Step(mark.into()) })
    }
}

/// Encrypts nothing, but tells contexts apart.
impl Sealer for OwnPorts {
    fn seal(&self, context: &str, secret: &[u8]) -> Result<Sealed, SealError> {
        Ok(Sealed { key: SecretKeyId::new(1), bytes: [context.as_bytes(), b"|", secret].concat() })
    }

    fn open(&self, context: &str, sealed: &Sealed) -> Result<Vec<u8>, SealError> {
        let secret = sealed.bytes.strip_prefix(context.as_bytes()).and_then(|rest| rest.strip_prefix(b"|"));
        secret.map(<[u8]>::to_vec).ok_or(SealError::Damaged)
    }
}

impl SecretCodes for OwnPorts {
    fn issue_code(&self) -> SecretCode {
        link_code(self.number + MORE_CODES * self.codes.fetch_add(1, Ordering::Relaxed))
    }

    fn digest_code(&self, code: &SecretCode) -> CodeHash {
        key_hash(code.symbols().parse().unwrap_or(u32::MAX))
    }
}

impl LoginRateLimiter for OwnPorts {
    fn take(&self, _: &PasswordAttempt) -> Result<AttemptPool, Duration> {
        Ok(AttemptPool::Usual)
    }

    fn refund(&self, _: &PasswordAttempt, _: AttemptPool) {}
}

impl LoginJournal for OwnPorts {
    fn failed<'a>(&self, _: FailedLogin<'a>) {}

    fn refresh_reused(&self, _: Option<IpAddr>, _: &Username) {}
}

/// Takes orders for mails, and forgets them.
struct SomeMail;

impl MailQueue for SomeMail {
    fn is_on(&self) -> bool {
        true
    }

    fn order(&self, _: MailOrder) -> Result<(), Duration> {
        Ok(())
    }
}

/// Tells nobody.
struct NoJournal;

impl GroupJournal for NoJournal {
    fn skipped(&self, _: GroupId, _: SkipReason) {}
}

/// Keeps what is told that is in no log. Nobody listens.
#[derive(Clone, Default)]
pub struct Notebook(Arc<Mutex<Vec<(EphemeralAudience, EphemeralEvent)>>>);

impl Notebook {
    /// What was told since this was asked the last time.
    pub fn take(&self) -> Vec<(EphemeralAudience, EphemeralEvent)> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl LiveEvents for Notebook {
    fn subscribe(&self) -> Box<dyn Feed> {
        Box::new(Nothing)
    }

    fn publish_ephemeral(&self, to: EphemeralAudience, event: EphemeralEvent) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((to, event));
    }

    fn online_in(&self, _: groupchat_domain::ids::GroupId) -> Vec<groupchat_domain::ids::UserId> {
        Vec::new()
    }

    fn presence_in(
        &self,
        _: &[groupchat_domain::ids::GroupId],
        _: groupchat_domain::ids::UserId,
    ) -> Vec<EphemeralEvent> {
        Vec::new()
    }

    fn stop(&self) {}
}

/// A subscription that has ended.
struct Nothing;

impl Feed for Nothing {
    fn since(&self) -> Option<&groupchat_domain::events::Cursor> {
        None
    }

    fn identify(&mut self, _: groupchat_domain::ids::UserId) {}

    fn authorize(&mut self, _: groupchat_domain::events::Viewer) {}

    fn join(&mut self) -> Vec<EphemeralEvent> {
        Vec::new()
    }

    fn act(&mut self, _: groupchat_domain::presence::Activity) -> Result<(), Error> {
        Ok(())
    }

    fn poll_next(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Option<Delivery>> {
        std::task::Poll::Ready(None)
    }
}
