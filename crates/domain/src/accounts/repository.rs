//! The ports for users and sessions.

use crate::accounts::block::Block;
use crate::accounts::family::{Family, Rotation};
use crate::accounts::model::{Email, HashCost, NewBot, NewUser, PasswordHash, User, UsernameKey};
use crate::accounts::session::{Actor, KeyHash, NewSession, Session};
use crate::ids::{SessionId, UserId};
use crate::network::Network;
use crate::paging::{Limit, NameCursor, NamePosition};
use crate::search::SearchText;
use crate::storage::repositories::repository;
use crate::storage::{StorageFault, Unique};
use crate::time::{Span, Timestamp};

/// How strongly a user is locked until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockStrength {
    /// To give the user a session, a membership or a group. Many transactions can hold this lock at once.
    Shared,
    /// To change credentials, demote or delete the user. Only one transaction can hold this lock.
    Exclusive,
}

/// Which users to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserQuery {
    /// Text that the username or the display name must contain.
    pub search: Option<SearchText>,
    /// The position to continue from.
    pub after: Option<NameCursor>,
    /// The number of rows. The repository reads one more to find out whether there is a next page.
    pub limit: Limit,
}

repository! {
    /// Users. No method finds a deleted user.
    #[cfg_attr(test, mockall::automock)]
    pub trait AccountRepository {
        /// Locks users until the transaction ends, in the order of their ids whatever the order given, each
        /// once. Does nothing in a command that only reads, and where writes run one after the other anyway.
        fn lock(&mut self, users: &[UserId], strength: LockStrength) -> Result<(), StorageFault>;

        /// Locks the set of server admins, so that it can be counted before it shrinks.
        fn lock_admins(&mut self) -> Result<(), StorageFault>;

        /// The user with this id.
        fn find(&mut self, id: UserId) -> Result<Option<User>, StorageFault>;

        /// The users with these ids, in no particular order.
        fn find_many(&mut self, ids: &[UserId]) -> Result<Vec<User>, StorageFault>;

        /// The user with this name, compared without regard to case.
        fn find_by_username(&mut self, name: &UsernameKey) -> Result<Option<User>, StorageFault>;

        /// The users with this address, by id, at most so many. ASCII letters are compared without regard to case, others may
        /// be.
        fn find_by_email(&mut self, email: &Email, most: u32) -> Result<Vec<User>, StorageFault>;

        /// Users by folded username, then id; one more than the limit if there is a next page. A user that exists
        /// throughout MUST appear exactly once in the pages of one list, however often names change meanwhile; see
        /// [`NameCursor`].
        fn list(&mut self, query: &UserQuery) -> Result<Vec<NamePosition<User>>, StorageFault>;

        /// Stores a new user. MUST return [`Unique::Taken`] if the folded username exists.
        fn insert(&mut self, user: &NewUser) -> Result<Unique<UserId>, StorageFault>;

        /// Stores a new bot. MUST return [`Unique::Taken`] if the folded username exists.
        fn insert_bot(&mut self, bot: &NewBot) -> Result<Unique<UserId>, StorageFault>;

        /// The bots of an owner, who may be deleted, with a higher id than `after`; by id, at most so many.
        fn bots(&mut self, owner: UserId, after: Option<UserId>, most: i64) -> Result<Vec<User>, StorageFault>;

        /// Stores all fields of a user that can change, with the given version. MUST return [`Unique::Taken`] if the
        /// folded username belongs to another user.
        fn update(&mut self, user: &User) -> Result<Unique<()>, StorageFault>;

        /// The hash of the user's password. Bots have none.
        fn password(&mut self, id: UserId) -> Result<Option<PasswordHash>, StorageFault>;

        /// The highest cost of all stored hashes; `None` if there are none.
        fn highest_hash_cost(&mut self) -> Result<Option<HashCost>, StorageFault>;

        /// Replaces the hash of the user's password. The user need not change it.
        fn set_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault>;

        /// Replaces the hash of the user's password by that of one that the user must change first.
        fn set_temporary_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault>;

        /// Replaces the hash of the user's password by another one of the same password.
        fn renew_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault>;

        /// Marks the user as deleted and erases names, e-mail address, password and who owns it, so that the username
        /// becomes available.
        fn mark_deleted(&mut self, id: UserId, at: Timestamp) -> Result<(), StorageFault>;

        /// The number of server admins who are not suspended.
        fn count_admins(&mut self) -> Result<u64, StorageFault>;

        /// Whether there has ever been a user.
        fn any_ever(&mut self) -> Result<bool, StorageFault>;
    }
}

/// Which sessions of a user to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionQuery {
    /// The user whose sessions are listed.
    pub user: UserId,
    /// Sessions that have ended by this time are left out.
    pub now: Timestamp,
    /// The list continues below this id.
    pub below: Option<SessionId>,
    /// The number of rows. The repository reads one more.
    pub limit: Limit,
}

/// A ticket that is about to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTicket {
    /// The session that it stands for.
    pub session: SessionId,
    /// Its hash.
    pub hash: KeyHash,
    /// When it expires.
    pub expires_at: Timestamp,
}

repository! {
    /// Tickets. These methods don't check whether the session has ended.
    #[cfg_attr(test, mockall::automock)]
    pub trait TicketRepository {
        /// Stores a ticket.
        fn insert(&mut self, ticket: &NewTicket) -> Result<(), StorageFault>;

        /// Removes the oldest tickets of a session, so that at most `keep` are left.
        fn remove_oldest(&mut self, session: SessionId, keep: u32) -> Result<(), StorageFault>;

        /// Whether this ticket exists and expires within this span.
        fn is_valid(&mut self, hash: &KeyHash, expires: Span) -> Result<bool, StorageFault>;

        /// Removes a ticket that expires within this span and returns its session. Returns `None` if there is none. If
        /// several callers redeem the same ticket, only one of them MUST get the session.
        fn redeem(&mut self, hash: &KeyHash, expires: Span) -> Result<Option<SessionId>, StorageFault>;

        /// Removes up to `limit` tickets that don't expire within this span; returns the number.
        fn remove_others(&mut self, expires: Span, limit: i64) -> Result<usize, StorageFault>;
    }
}

repository! {
    /// The networks from which users signed in recently. These methods don't check whether the user is deleted.
    #[cfg_attr(test, mockall::automock)]
    pub trait KnownNetworkRepository {
        /// Whether this user has signed in from the network since `since`.
        fn is_known_to(&mut self, user: UserId, network: Network, since: Timestamp)
        -> Result<bool, StorageFault>;

        /// Whether any user has signed in from the network since `since`.
        fn is_known(&mut self, network: Network, since: Timestamp) -> Result<bool, StorageFault>;

        /// Records that the user signed in from the network, and keeps only the `keep` latest networks of the user.
        fn remember(
            &mut self,
            user: UserId,
            network: Network,
            at: Timestamp,
            keep: u32,
        ) -> Result<(), StorageFault>;

        /// Removes all networks of the user.
        fn forget(&mut self, user: UserId) -> Result<(), StorageFault>;

        /// Removes up to `limit` networks whose last login was before `before`; returns the number.
        fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault>;
    }
}

repository! {
    /// The devices on which users signed in recently, by the hashes of their tokens. These methods don't check whether the
    /// user is deleted.
    #[cfg_attr(test, mockall::automock)]
    pub trait KnownDeviceRepository {
        /// The user who has signed in on this device since `since`.
        fn owner(&mut self, device: &KeyHash, since: Timestamp) -> Result<Option<UserId>, StorageFault>;

        /// Records that the user signed in on the device, and keeps only the `keep` latest devices of the user. The device
        /// MUST be the user's, or new.
        fn remember(
            &mut self,
            user: UserId,
            device: &KeyHash,
            at: Timestamp,
            keep: u32,
        ) -> Result<(), StorageFault>;

        /// Removes all devices of the user except `except`.
        fn forget(&mut self, user: UserId, except: Option<KeyHash>) -> Result<(), StorageFault>;

        /// Removes up to `limit` devices whose last login was before `before`; returns the number.
        fn remove_old(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault>;
    }
}

repository! {
    /// Sessions. Tokens are sessions, too, which [`TokenRepository`](crate::tokens::TokenRepository) lists and ends: methods
    /// that list or end several sessions of a user leave them out.
    #[cfg_attr(test, mockall::automock)]
    pub trait SessionRepository {
        /// The holder of this key; `None` if the key is unknown or expired, or if its user is deleted or suspended, or the
        /// owner of the bot that it is. A bot has the second factor that its owner has. Which times of
        /// a key are good, [`KeySpans`](crate::accounts::KeySpans) says, also for a key that a refresh has replaced.
        fn authenticate(&mut self, key: &KeyHash, now: Timestamp) -> Result<Option<Actor>, StorageFault>;

        /// The holder of this session; `None` if it has ended or expired, or if its user is deleted or suspended, or the
        /// owner of the bot that it is. A bot has the second factor that its owner has.
        fn holder(&mut self, session: SessionId, now: Timestamp) -> Result<Option<Actor>, StorageFault>;

        /// A user as somebody who acts without a session, as if signed in; `None` if the user is deleted or suspended, or the owner
        /// of the bot that it is. The session that it names is none.
        fn acting(&mut self, user: UserId) -> Result<Option<Actor>, StorageFault>;

        /// Stores a new session.
        fn insert(&mut self, session: &NewSession) -> Result<SessionId, StorageFault>;

        /// The session whose refresh tokens have this selector; `None` if it has ended or expired, or if its user is
        /// deleted or suspended.
        fn find_family(&mut self, selector: &KeyHash, now: Timestamp) -> Result<Option<Family>, StorageFault>;

        /// Gives a session its next key and refresh token, and keeps what the present ones are as those of before;
        /// `false` if the session is not there.
        fn rotate(&mut self, rotation: &Rotation) -> Result<bool, StorageFault>;

        /// Removes up to `limit` salts of refreshes before `before`; returns the number.
        fn remove_salts(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault>;

        /// The user's sessions, newest first; one row more than the limit if there is a next page.
        fn list(&mut self, query: &SessionQuery) -> Result<Vec<Session>, StorageFault>;

        /// Ends one session of this user; `false` if there is no such session.
        fn end(&mut self, user: UserId, session: SessionId) -> Result<bool, StorageFault>;

        /// Ends all sessions of the user except `except`, and logins of theirs that lack a second factor; `false` if there
        /// are no such sessions.
        fn end_all(&mut self, user: UserId, except: Option<SessionId>) -> Result<bool, StorageFault>;

        /// Ends the user's sessions that are valid at `now` and have been unused for longest, so that at most `keep`
        /// are left. Ends at most 500 at a time. Returns `false` if there are no more than `keep`. A session that was
        /// never used counts from its start.
        fn end_idlest(&mut self, user: UserId, now: Timestamp, keep: u32) -> Result<bool, StorageFault>;

        /// Ends the user's provisioned sessions; `false` if there are none.
        fn end_provisioned(&mut self, user: UserId) -> Result<bool, StorageFault>;

        /// Removes up to `limit` sessions that expired before `now`; returns the number.
        fn remove_expired(&mut self, now: Timestamp, limit: i64) -> Result<usize, StorageFault>;
    }
}

/// Which blocks to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockQuery {
    /// Who has blocked the others.
    pub user: UserId,
    /// Only others with a higher id.
    pub after: Option<UserId>,
    /// The number of rows. The repository reads one more to find out whether there is a next page.
    pub limit: Limit,
}

repository! {
    /// Whom users have blocked. Blocked users whose account is deleted are left out, though their blocks are removed a
    /// little later.
    #[cfg_attr(test, mockall::automock)]
    pub trait BlockRepository {
        /// The block of one user by another.
        fn find(&mut self, user: UserId, blocked: UserId) -> Result<Option<Block>, StorageFault>;

        /// Blocks by the id of the blocked user; one more than the limit if there is a next page.
        fn list(&mut self, query: &BlockQuery) -> Result<Vec<Block>, StorageFault>;

        /// How many others the user has blocked, counted up to `most`.
        fn count(&mut self, user: UserId, most: u32) -> Result<u32, StorageFault>;

        /// Whether the user has blocked one of the others, or one of them the user.
        fn any_between(&mut self, user: UserId, others: &[UserId]) -> Result<bool, StorageFault>;

        /// Those of these pairs of a user and another of which the user has blocked the other; in no particular order.
        fn find_many(&mut self, pairs: &[(UserId, UserId)]) -> Result<Vec<(UserId, UserId)>, StorageFault>;

        /// Stores a block, which MUST NOT exist.
        fn insert(&mut self, user: UserId, blocked: UserId, at: Timestamp) -> Result<(), StorageFault>;

        /// Removes a block; `false` if there was none.
        fn remove(&mut self, user: UserId, blocked: UserId) -> Result<bool, StorageFault>;

        /// Removes up to `limit` blocks that a deleted user has made or is in; `true` once none is left.
        fn purge(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault>;
    }
}
