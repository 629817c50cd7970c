//! What limits the writes of users besides the rules: a rate limit, and disk space.

use std::time::Duration;

use crate::accounts::{Actor, Reach, rights_held};
use crate::error::Error;
use crate::permissions::ServerPermission;
use crate::storage::principal::{Asking, Credential, OpenSession, Principal};
use crate::storage::{Caller, Tx};

/// What a write counts as that tells others of a wish of the writer, in bytes.
const NOTICE: usize = 256 << 10;

/// What each write but the first counts as where one does what several would do, in bytes: about the rows and events of
/// one.
const ONE_OF_MANY: usize = 1 << 10;

/// What a write is for, which decides what may hold it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WritePurpose {
    /// Stores more than there was.
    Grow,
    /// Removes something, or changes it in its place. Goes on when the disk is nearly full.
    Tidy,
    /// Keeps an account safe: ends sessions, changes a password. Nothing holds it up, so that nobody can be kept from
    /// it by somebody who has come by one of their keys.
    Secure,
}

/// A write that somebody asks for.
#[derive(Debug, Clone, Copy)]
pub struct Writing {
    /// As whom.
    pub(super) who: Principal,
    /// Which sessions it is open to.
    pub(super) reach: Reach,
    /// What for.
    pub(super) purpose: WritePurpose,
    /// How many bytes of text it stores, as far as these matter: names and other short texts are left out.
    pub(super) bytes: usize,
}

impl Writing {
    /// A write with this purpose.
    pub fn new(who: impl Into<Principal>, purpose: WritePurpose) -> Self {
        Self { who: who.into(), reach: Reach::USUAL, purpose, bytes: 0 }
    }

    /// A write that tells others of a wish of the writer: an invitation, or a request to be let in. Whoever makes it again and
    /// again, each time in other words, floods them, so it counts as much as many messages.
    pub fn of_notice(who: impl Into<Principal>) -> Self {
        Self { bytes: NOTICE, ..Self::new(who, WritePurpose::Grow) }
    }

    /// A write that does what so many would do one by one. It counts as much as these.
    pub fn of_many(who: impl Into<Principal>, writes: usize) -> Self {
        let bytes = ONE_OF_MANY.saturating_mul(writes.saturating_sub(1));
        Self { bytes, ..Self::new(who, WritePurpose::Grow) }
    }

    /// A write that stores so many texts, which have so many bytes together. It counts as much as a write of each.
    pub fn of_texts(who: impl Into<Principal>, texts: usize, bytes: usize) -> Self {
        let many = Self::of_many(who, texts);
        Self { bytes: many.bytes.saturating_add(bytes), ..many }
    }

    /// A write that stores a copy of a text of at most so many bytes. It counts as if it had them.
    pub fn of_copy(who: impl Into<Principal>, at_most: usize) -> Self {
        Self { bytes: at_most, ..Self::new(who, WritePurpose::Grow) }
    }

    /// A write that stores a text.
    pub fn of_text(who: impl Into<Principal>, text: &str) -> Self {
        Self { bytes: text.len(), ..Self::new(who, WritePurpose::Grow) }
    }

    /// The same write, also for users who must choose another password first.
    #[must_use]
    pub const fn before_password_change(self) -> Self {
        Self { reach: self.reach.before_password_change(), ..self }
    }

    /// The same write, also for users who lack a second factor that is required of them.
    #[must_use]
    pub const fn before_factor(self) -> Self {
        Self { reach: self.reach.before_factor(), ..self }
    }

    /// The same write, also with tokens of the scope `read`.
    #[must_use]
    pub const fn for_readers(self) -> Self {
        Self { reach: self.reach.for_readers(), ..self }
    }

    /// The same write, also with tokens for some groups.
    #[must_use]
    pub const fn in_groups(self) -> Self {
        Self { reach: self.reach.in_groups(), ..self }
    }

    /// The same write where it may also do something for so many others, as a message does for those whom it mentions.
    #[must_use]
    pub const fn for_others(self, others: usize) -> Self {
        Self { bytes: self.bytes.saturating_add(ONE_OF_MANY.saturating_mul(others)), ..self }
    }
}

macro_rules! grows {
    ($($principal:ident)+) => {$(
        impl From<$principal> for Writing {
            /// Unless something else is said, a write stores more than there was.
            fn from(who: $principal) -> Self {
                Self::new(who, WritePurpose::Grow)
            }
        }
    )+};
}

grows! { Principal Credential OpenSession }

impl From<Asking> for Writing {
    /// A write that stores more than there was, open to the same sessions.
    fn from(Asking { who, reach }: Asking) -> Self {
        Self { reach, ..Self::new(who, WritePurpose::Grow) }
    }
}

/// Limits the rate of the writes of each user, on whichever transport they come.
pub trait WriteLimiter: Send + Sync {
    /// Takes a write that stores a text of so many bytes from the caller's allowance. MUST NOT block, and MUST be
    /// bounded in memory.
    ///
    /// # Errors
    /// How long until the write is allowed; then nothing is taken.
    fn take(&self, caller: Caller, bytes: usize) -> Result<(), Duration>;
}

/// Knows how full the disk is.
pub trait DiskSpace: Send + Sync {
    /// Whether less is free than is kept in reserve, as of a moment ago. MUST NOT block.
    fn is_nearly_full(&self) -> bool;
}

/// Lets those who manage the server go on while the disk is nearly full, and nobody else. Not under a lock: it decides
/// nothing that has to hold.
pub(super) fn require_manager_when_full(tx: &mut dyn Tx, actor: &Actor) -> Result<(), Error> {
    let rights = rights_held(tx, actor)?;
    if rights.allow(ServerPermission::ManageServer) { Ok(()) } else { Err(Error::StorageFull) }
}
