//! The users of a seeded database: `bench-001`, `bench-002`, …, all with one password.

use std::sync::Arc;

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    Actor, ApiKeys, ClientInfo, DisplayName, FactorStanding, HashCaller, LOGIN_LIFETIME, NewSession,
    NoWelcome, Origin, Password, PasswordCheck, PasswordHash, PasswordHasher, Secret, SessionKind, User,
    UserDraft, UserQuery, Username, Verification, create_by_operator,
};
use groupchat_domain::ids::SessionId;
use groupchat_domain::paging::{Limit, Page};
use groupchat_domain::search::SearchText;
use groupchat_domain::storage::{BoxFuture, Storage, Tx};
use groupchat_infra::accounts::hasher::{BcryptHasher, DEFAULT_COST};
use groupchat_infra::accounts::keys::RandomKeys;

use super::commands::{READ, STEPS_PER_COMMAND, WRITE};
use crate::error::BenchError;

/// The password of all seeded users.
pub(crate) const PASSWORD: &str = "bench-password";
/// What all seeded users' names begin with.
pub(crate) const PREFIX: &str = "bench-";

/// The name of a seeded user; numbers begin at 1.
pub(super) fn username(number: usize) -> String {
    format!("{PREFIX}{number:03}")
}

/// A user with a key.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    /// Who it is.
    pub actor: Actor,
    /// The name to sign in with.
    pub username: String,
    /// The key of the session.
    pub key: Secret,
}

/// The seeded users, at least `count` of them: those there are, and the missing ones made now.
///
/// # Errors
/// The storage failed, or a name is taken by somebody else.
pub(crate) async fn ensure(storage: &dyn Storage, count: usize) -> Result<Vec<User>, BenchError> {
    let mut users = all(storage).await?;
    if users.len() < count {
        let hasher = OneHash::new().await?;
        for number in users.len() + 1..=count {
            users.push(create_by_operator(storage, &hasher, Arc::new(NoWelcome), draft(number)).await?);
        }
    }
    Ok(users)
}

fn draft(number: usize) -> UserDraft {
    UserDraft {
        username: Username::from_stored(username(number)),
        display_name: Some(DisplayName::from_stored(format!("Bench User {number:03}"))),
        email: None,
        is_admin: false,
        password: password(),
    }
}

fn password() -> Password {
    Password::parse(PASSWORD).expect("14 ASCII characters make a password")
}

/// The seeded users there are, by number.
///
/// # Errors
/// The storage failed.
pub(crate) async fn all(storage: &dyn Storage) -> Result<Vec<User>, BenchError> {
    let seeded = SearchText::parse(PREFIX).expect("the prefix is short and plain");
    let mut users = Vec::new();
    let mut after = None;
    loop {
        let query = UserQuery { search: Some(seeded.clone()), after, limit: Limit::DEFAULT };
        let page = storage
            .run(READ, move |tx| Ok(Page::from_lookahead(tx.accounts().list(&query)?, query.limit)))
            .await?;
        after = page.items.last().map(|last| last.position.clone());
        let found = page.items.into_iter().map(|placed| placed.entry);
        users.extend(found.filter(|user| user.username.as_str().starts_with(PREFIX)));
        if !page.more {
            return Ok(users);
        }
    }
}

/// Gives each user a session, as a login does, without the cost of a password each.
///
/// # Errors
/// The storage failed.
pub(crate) async fn sign_in(storage: &dyn Storage, users: &[User]) -> Result<Vec<SignedIn>, BenchError> {
    let mut signed_in = Vec::with_capacity(users.len());
    for some in users.chunks(STEPS_PER_COMMAND) {
        let some = some.to_vec();
        let begin_all = move |tx: &mut dyn Tx| some.iter().map(|user| begin(tx, user)).collect();
        signed_in.extend(storage.run::<Vec<SignedIn>>(WRITE, begin_all).await?);
    }
    Ok(signed_in)
}

fn begin(tx: &mut dyn Tx, user: &User) -> Result<SignedIn, Error> {
    let key = RandomKeys.issue();
    let now = tx.now();
    let session = tx.sessions().insert(&NewSession {
        user: user.id,
        kind: SessionKind::Login,
        key: key.hash,
        created_at: now,
        expires_at: now.plus(LOGIN_LIFETIME),
        client: ClientInfo::default(),
        name: None,
        refresh: None,
    })?;
    Ok(SignedIn { actor: actor(user, session), username: user.username.as_str().to_owned(), key: key.secret })
}

fn actor(user: &User, session: SessionId) -> Actor {
    Actor {
        user: user.as_ref(),
        session,
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    }
}

/// A hasher that has the hash of the one password ready, so that a thousand users cost one hash.
#[derive(Debug)]
struct OneHash {
    bcrypt: BcryptHasher,
    hash: PasswordHash,
}

impl OneHash {
    async fn new() -> Result<Self, BenchError> {
        let bcrypt = BcryptHasher::start(DEFAULT_COST)
            .map_err(|source| BenchError::io("starting the password hasher", source))?;
        let hash = bcrypt.hash(HashCaller::System, password()).await?;
        Ok(Self { bcrypt, hash })
    }
}

impl PasswordHasher for OneHash {
    fn hash(
        &self,
        caller: HashCaller,
        password: Password,
    ) -> BoxFuture<'static, Result<PasswordHash, Error>> {
        if password.reveal() == PASSWORD {
            let hash = self.hash.clone();
            Box::pin(async move { Ok(hash) })
        } else {
            self.bcrypt.hash(caller, password)
        }
    }

    fn verify(
        &self,
        caller: HashCaller,
        check: PasswordCheck,
    ) -> BoxFuture<'static, Result<Verification, Error>> {
        self.bcrypt.verify(caller, check)
    }
}
