use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{
    IssuedKey, KNOWN_DEVICE_RETENTION, KNOWN_NETWORK_RETENTION, KeyHash, MockApiKeys, MockLoginJournal,
    MockLoginRateLimiter, MockMailQueue, MockPasswordHasher, MockWelcome, NewUser, RefreshTerms,
    SESSIONS_PER_USER, Secret,
};
use crate::codes::MockSecretCodes;
use crate::error::Refusal;
use crate::events::Event;
use crate::ids::{GroupId, SessionId};
use crate::network::Network;
use crate::permissions::{BuiltInRole, ServerRights};
use crate::storage::Unique;
use crate::testing::{
    GROUP, ME, MockTx, NOW, OTHER, Ran, ScriptedStorage, accepts_passwords, assert_hands_faults_on, block_on,
    group, hash, member, pending_account, rights_with, server_invite, user,
};

const CODE: CodeHash = KeyHash::new([9; 32]);
const KEY: KeyHash = KeyHash::new([2; 32]);
const DEVICE: KeyHash = KeyHash::new([3; 32]);
const MAY_INVITE: ServerRights = rights_with(&[ServerPermission::InviteUsers]);
const GONE: AdmissionRefusal = AdmissionRefusal::InviteNotFound;

fn wanted(is_invited: bool) -> SignUp {
    let User { username, display_name, email, .. } = user(ME);
    let password = crate::accounts::Password::parse("password").unwrap();
    SignUp {
        draft: UserDraft { username, display_name, email, is_admin: false, password },
        invite: is_invited.then(|| SecretCode::parse("00000000000000000007").unwrap()),
        refresh: false,
        device_name: None,
        client: ClientInfo::default(),
    }
}

/// By somebody else, into one group.
fn invite() -> ServerInvite {
    server_invite(OTHER)
}

/// The invite is looked up, as far as there is one, and so is the name.
fn looks(found: Option<ServerInvite>, taken: bool) -> MockTx {
    let mut tx = finds(found);
    tx.accounts.expect_find_by_username().returning(move |_| Ok(taken.then(|| user(ME))));
    tx
}

fn finds(found: Option<ServerInvite>) -> MockTx {
    let mut tx = MockTx::new();
    tx.server_invites.expect_find().with(eq(CODE)).returning(move |_| Ok(found.clone()));
    tx.server_roles.expect_rights_of().returning(|_| Ok(vec![(OTHER, MAY_INVITE)]));
    tx
}

/// The account is stored, and a session of it.
fn stores(mut tx: MockTx) -> MockTx {
    let User { username, display_name, email, .. } = user(ME);
    let new = NewUser {
        username,
        display_name,
        email,
        is_admin: false,
        password: hash("password"),
        created_at: NOW,
    };
    tx.accounts.expect_insert().with(eq(new)).times(1).returning(|_| Ok(Unique::Stored(ME)));
    tx.sessions.expect_end_provisioned().returning(|_| Ok(false));
    tx.sessions.expect_end_idlest().returning(|_, _, _| Ok(false));
    tx.sessions.expect_insert().returning(|_| Ok(SessionId::new(3)));
    tx.known_networks.expect_remember().returning(|_, _, _, _| Ok(()));
    tx.known_devices
        .expect_remember()
        .withf(|_, device, _, _| *device == DEVICE)
        .returning(|_, _, _, _| Ok(()));
    tx
}

/// The invite is spent, and its group takes the user in, as its maker, who has this role in it, may let them.
fn admits(role: Option<BuiltInRole>) -> MockTx {
    let mut tx = stores(finds(Some(invite()))).bans_nobody();
    tx.accounts.expect_lock().withf(|users, _| users == [OTHER]).returning(|_, _| Ok(()));
    tx.server_invites.expect_spend().with(eq(invite().id)).times(1).returning(|_| Ok(true));
    tx.server_roles.expect_rights().with(eq(OTHER)).returning(|_| Ok(Some(MAY_INVITE)));
    tx.groups.expect_find_many().with(eq(vec![GROUP])).returning(|_| Ok(vec![group()]));
    tx.members
        .expect_find()
        .with(eq(GROUP), eq(OTHER))
        .returning(move |_, _| Ok(role.map(|role| member(OTHER, role))));
    tx.members.expect_count_owners().returning(|_| Ok(1));
    tx.members.expect_count_groups().returning(|_, _, _| Ok(0));
    tx.members.expect_insert().withf(|new| new.user == ME).returning(|_| Ok(Unique::Stored(())));
    tx.invitations.expect_remove_of().returning(|_, _| Ok(None));
    tx.join_requests.expect_remove().returning(|_, _| Ok(false));
    tx
}

/// The ports besides the database.
struct Surroundings {
    hasher: MockPasswordHasher,
    keys: MockApiKeys,
    codes: MockSecretCodes,
    attempts: MockLoginRateLimiter,
    journal: MockLoginJournal,
    prepares: &'static [GroupId],
    mails: MockMailQueue,
    opening: SignUpOpening,
}

impl Surroundings {
    /// One attempt is taken, and returned or not.
    fn new(gives_back: bool) -> Self {
        let attempt = PasswordAttempt::SignUp(Network::UNKNOWN);
        let mut attempts = MockLoginRateLimiter::new();
        attempts.expect_take().with(eq(attempt.clone())).times(1).returning(|_| Ok(AttemptPool::Usual));
        let returned = attempts.expect_refund().with(eq(attempt), eq(AttemptPool::Usual));
        returned.times(usize::from(gives_back)).returning(|_, _| ());
        Self::with(attempts)
    }

    fn with(attempts: MockLoginRateLimiter) -> Self {
        let mut all = Self {
            hasher: accepts_passwords(),
            keys: MockApiKeys::new(),
            codes: MockSecretCodes::new(),
            attempts,
            journal: MockLoginJournal::new(),
            prepares: &[],
            mails: MockMailQueue::new(),
            opening: SignUpOpening::Closed,
        };
        all.hasher.expect_hash().returning(|_, _| Box::pin(async { Ok(hash("password")) }));
        all.keys.expect_issue().returning(|| IssuedKey { secret: Secret::new("new key".into()), hash: KEY });
        let device = || IssuedKey { secret: Secret::new("device".into()), hash: DEVICE };
        all.keys.expect_issue_device().returning(device);
        all.codes.expect_digest_code().returning(|_| CODE);
        all
    }

    fn open(self) -> Self {
        Self { opening: SignUpOpening::Open, ..self }
    }

    /// Addresses are confirmed, and this is what comes of an order.
    fn confirming(mut self, ordered: Option<Result<(), Duration>>) -> Self {
        self.opening = SignUpOpening::Confirmed;
        self.mails.expect_is_on().returning(|| true);
        let account = Box::new(pending_account());
        let order = MailOrder::ConfirmAccount { account, client: ClientInfo::default() };
        let expected = self.mails.expect_order().with(eq(order)).times(usize::from(ordered.is_some()));
        expected.returning(move |_| ordered.unwrap_or(Ok(())));
        self
    }

    fn preparing(self, prepares: &'static [GroupId]) -> Self {
        Self { prepares, ..self }
    }

    fn ports<'a>(&'a self, storage: &'a ScriptedStorage) -> SignUpPorts<'a> {
        let mut welcome = MockWelcome::new();
        let prepares = self.prepares;
        welcome.expect_prepare().withf(move |_, groups| groups == prepares).returning(|_, _| Ok(()));
        welcome.expect_welcome().withf(|_, user| user.id == ME).returning(|_, _| Ok(()));
        SignUpPorts {
            login: LoginPorts {
                storage,
                hasher: &self.hasher,
                keys: &self.keys,
                attempts: &self.attempts,
                journal: &self.journal,
                lifetime: Duration::from_secs(3600),
                refresh: RefreshTerms::default(),
                sessions_per_user: SESSIONS_PER_USER,
                networks_known_for: KNOWN_NETWORK_RETENTION,
                devices_known_for: KNOWN_DEVICE_RETENTION,
            },
            codes: &self.codes,
            welcome: Arc::new(welcome),
            mails: &self.mails,
            opening: self.opening,
            quotas: Quotas::default(),
        }
    }

    fn run<const N: usize>(
        &self,
        script: [MockTx; N],
        wanted: SignUp,
    ) -> (Result<SignedUp, Error>, [Ran; N]) {
        let storage = ScriptedStorage::new(script);
        let outcome = block_on(sign_up(self.ports(&storage), wanted));
        (outcome, storage.finish_as())
    }
}

fn complete(signed_up: SignedUp) -> LoggedIn {
    match signed_up {
        SignedUp::Complete(begun) => *begun,
        SignedUp::Unconfirmed => panic!("there should be an account"),
    }
}

#[test]
fn where_addresses_are_confirmed_strangers_get_a_mail_and_no_account() {
    let surroundings = Surroundings::new(false).confirming(Some(Ok(())));
    let (outcome, _) = surroundings.run([looks(None, false)], wanted(false));
    assert!(matches!(outcome, Ok(SignedUp::Unconfirmed)), "{outcome:?}");
    let later = Duration::from_secs(7);
    let surroundings = Surroundings::new(true).confirming(Some(Err(later)));
    let (outcome, _) = surroundings.run([looks(None, false)], wanted(false));
    assert_eq!(outcome.err(), Some(Error::Busy { retry_after: later }));
}

#[test]
fn who_is_invited_confirms_no_address() {
    let surroundings = Surroundings::new(true).confirming(None).preparing(&[GROUP]);
    let script = [looks(Some(invite()), false), admits(Some(BuiltInRole::Admin))];
    let (outcome, _) = surroundings.run(script, wanted(true));
    assert_eq!(complete(outcome.unwrap()).user.id, ME);
}

#[test]
fn an_address_that_is_missing_or_can_t_get_mail_costs_nothing() {
    let nothing = || Surroundings::with(MockLoginRateLimiter::new());
    let without = SignUp { draft: UserDraft { email: None, ..wanted(false).draft }, ..wanted(false) };
    let (outcome, []) = nothing().confirming(None).run([], without);
    let Some(Error::Refused(Refusal::Invalid(errors))) = outcome.err() else { panic!("no address") };
    assert_eq!((errors[0].field.as_str(), errors[0].violation.code), ("email", ViolationCode::Required));
    let mut off = nothing();
    off.opening = SignUpOpening::Confirmed;
    off.mails.expect_is_on().returning(|| false);
    let (outcome, []) = off.run([], wanted(false));
    assert_eq!(outcome.err(), Some(AccountRefusal::MailOff.into()));
}

#[test]
fn who_is_invited_gets_an_account_a_key_and_the_groups_of_the_invite() {
    let surroundings = Surroundings::new(true).preparing(&[GROUP]);
    let script = [looks(Some(invite()), false), admits(Some(BuiltInRole::Admin))];
    let (outcome, [look, write]) = surroundings.run(script, wanted(true));
    let begun = complete(outcome.unwrap());
    assert_eq!((begun.user.id, begun.user.is_admin, begun.key), (ME, false, Secret::new("new key".into())));
    assert_eq!((look.access.mode, write.access.mode), (Mode::Read, Mode::Write));
    let joined = write.emitted.iter().filter(|(_, by, event)| {
        matches!(event, Event::MemberAdded(added) if added.member.user.id == ME) && *by == Some(OTHER)
    });
    assert_eq!(joined.count(), 1);
    let actions: Vec<_> = write.recorded.iter().map(|entry| (entry.action, entry.target)).collect();
    assert_eq!(actions, [(AuditAction::SignedUp, Some(ME)), (AuditAction::Login, Some(ME))]);
    assert_eq!(write.recorded[0].object, Some(invite().id.get()));
}

#[test]
fn a_group_that_its_maker_may_not_let_anybody_into_any_more_is_passed_over() {
    for role in [None, Some(BuiltInRole::Member)] {
        let surroundings = Surroundings::new(true).preparing(&[GROUP]);
        let (outcome, [_, write]) =
            surroundings.run([looks(Some(invite()), false), admits(role)], wanted(true));
        assert!(outcome.is_ok());
        assert!(!write.emitted.iter().any(|(_, _, event)| matches!(event, Event::MemberAdded(_))));
    }
}

#[test]
fn without_an_invite_everybody_signs_up_or_nobody_and_it_counts() {
    let (outcome, [_, write]) =
        Surroundings::new(false).open().run([looks(None, false), stores(MockTx::new())], wanted(false));
    assert_eq!(complete(outcome.unwrap()).user.id, ME);
    assert_eq!(write.recorded[0].object, None);
    let (outcome, []) = Surroundings::with(MockLoginRateLimiter::new()).run([], wanted(false));
    assert_eq!(outcome.err(), Some(AdmissionRefusal::SignUpClosed.into()));
}

#[test]
fn a_wrong_code_hashes_nothing_and_counts_whatever_is_wrong_with_it() {
    let ended = ServerInvite { expires_at: NOW, ..invite() };
    for found in [None, Some(ended)] {
        let mut surroundings = Surroundings::new(false).open();
        surroundings.hasher = MockPasswordHasher::new();
        let (outcome, _) = surroundings.run([looks(found, false)], wanted(true));
        assert_eq!(outcome.err(), Some(GONE.into()));
    }
}

#[test]
fn a_taken_name_hashes_nothing_and_counts_unless_one_is_invited() {
    for is_invited in [true, false] {
        let mut surroundings = Surroundings::new(is_invited).open();
        surroundings.hasher = MockPasswordHasher::new();
        let (outcome, _) = surroundings.run([looks(Some(invite()), true)], wanted(is_invited));
        assert_eq!(outcome.err(), Some(AccountRefusal::UsernameTaken.into()));
    }
}

#[test]
fn an_invite_is_looked_at_again_before_it_is_spent_and_may_be_used_up_meanwhile() {
    let spent = || {
        let mut tx = finds(Some(invite()));
        tx.accounts.expect_lock().returning(|_, _| Ok(()));
        tx.server_invites.expect_spend().returning(|_| Ok(false));
        tx
    };
    for write in [finds(None), spent()] {
        let surroundings = Surroundings::new(false).preparing(&[GROUP]);
        let (outcome, [_, write]) = surroundings.run([looks(Some(invite()), false), write], wanted(true));
        assert_eq!(outcome.err(), Some(GONE.into()));
        assert_eq!((write.emitted, write.recorded), (vec![], vec![]));
    }
}

#[test]
fn too_many_attempts_are_refused_before_anything_else() {
    let mut attempts = MockLoginRateLimiter::new();
    attempts.expect_take().returning(|_| Err(Duration::from_secs(9)));
    let (outcome, []) = Surroundings::with(attempts).open().run([], wanted(true));
    let refusal = AccountRefusal::TooManyAttempts { retry_after: Duration::from_secs(9) };
    assert_eq!(outcome.err(), Some(refusal.into()));
}

#[test]
fn faults_are_returned() {
    let signing_up = || {
        let mut welcome = MockWelcome::new();
        welcome.expect_prepare().returning(|_, _| Ok(()));
        welcome.expect_welcome().returning(|_, _| Ok(()));
        SigningUp {
            draft: wanted(true).draft,
            password: hash("password"),
            code: Some(CODE),
            session: SessionDraft {
                hashes: SessionSecrets::draw(&Surroundings::with(MockLoginRateLimiter::new()).keys, false)
                    .hashes(),
                client: ClientInfo::default(),
                device_name: None,
                shown_device: None,
                devices_known_for: KNOWN_DEVICE_RETENTION,
                entry: AuditEntry::by_stranger(ClientInfo::default().origin(), AuditAction::Login),
                lifetime: Duration::from_secs(3600),
                terms: RefreshTerms::default(),
                sessions_per_user: SESSIONS_PER_USER,
            },
            welcome: Arc::new(welcome),
            quotas: Quotas::default(),
        }
    };
    assert_hands_faults_on(|| admits(Some(BuiltInRole::Admin)), |tx| signing_up().store(tx));
}
