//! The port to the stored audit log.

use std::fmt;

use crate::audit::entry::AuditAction;
use crate::ids::{GroupId, SessionId, UserId};
use crate::paging::Limit;
use crate::storage::StorageFault;
use crate::storage::repositories::repository;
use crate::text::TextBytes;
use crate::time::Timestamp;

/// The hash of an entry: SHA-256 of the hash of the entry before it and of what this one says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AuditHash(pub [u8; 32]);

impl AuditHash {
    /// What comes before the first entry.
    pub const ZERO: Self = Self([0; 32]);
}

impl fmt::Display for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AuditHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A stored entry, in the words in which it is stored: its hash covers them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number: 1, 2, 3, … without gaps.
    pub seq: i64,
    /// When it was recorded.
    pub at: Timestamp,
    /// What was done.
    pub action: String,
    /// Whether it worked.
    pub outcome: String,
    /// As what.
    pub party: String,
    /// By whom.
    pub actor: Option<UserId>,
    /// The session of the key that was used.
    pub session: Option<SessionId>,
    /// To whom.
    pub target: Option<UserId>,
    /// In which group.
    pub group: Option<GroupId>,
    /// What else it is about.
    pub object: Option<i64>,
    /// The names of fields that were changed.
    pub detail: Option<String>,
    /// The network address of the request.
    pub address: Option<String>,
    /// The program that sent it.
    pub user_agent: Option<String>,
    /// Its hash.
    pub hash: AuditHash,
}

impl AuditRecord {
    /// Leaves out from where somebody acted, and the hash, from which that could be guessed.
    pub(super) fn hide_origin(&mut self) {
        (self.session, self.address, self.user_agent) = (None, None, None);
        self.hash = AuditHash::ZERO;
    }
}

impl TextBytes for AuditRecord {
    fn text_bytes(&self) -> usize {
        self.action.len()
            + self.detail.text_bytes()
            + self.address.text_bytes()
            + self.user_agent.text_bytes()
    }
}

/// What is stored a second time about the log, beside its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// The number of the newest entry, also of one that was removed; zero if there never was one.
    pub count: i64,
    /// The hash of that entry.
    pub hash: AuditHash,
    /// Entries up to this number were removed because they were old.
    pub pruned: i64,
    /// The hash of the last one of these.
    pub pruned_hash: AuditHash,
}

/// Which entries to list, newest first: in the order of their times and, of the same time, of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only those by this user.
    pub actor: Option<UserId>,
    /// Only those about this user.
    pub target: Option<UserId>,
    /// Only those in this group.
    pub group: Option<GroupId>,
    /// Only those that tell this.
    pub action: Option<AuditAction>,
    /// Only those of this time or later.
    pub since: Option<Timestamp>,
    /// Only those from before this time.
    pub until: Option<Timestamp>,
    /// Only those before the one with this time and this number.
    pub below: Option<(Timestamp, i64)>,
    /// How many.
    pub limit: Limit,
}

impl AuditQuery {
    /// The newest entries of all.
    pub const fn newest(limit: Limit) -> Self {
        Self {
            actor: None,
            target: None,
            group: None,
            action: None,
            since: None,
            until: None,
            below: None,
            limit,
        }
    }
}

/// A setting of the server, as the database knows it: never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSetting {
    /// Its name.
    pub name: String,
    /// A digest of its value, of at most 100 characters.
    pub digest: String,
}

/// A setting of the server that is not known as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DifferentSetting {
    /// As it is now.
    pub now: KnownSetting,
    /// The digest that was known when it was compared; `None` if there was none.
    pub known: Option<String>,
    /// Whether that is a change. It is none where a setting only wasn't known.
    pub is_changed: bool,
}

repository! {
    /// Reads the audit log. Entries are stored by [`Tx::record`](crate::storage::Tx::record) alone.
    #[cfg_attr(test, mockall::automock)]
    pub trait AuditRepository {
        /// Entries, newest first; one row more than the limit if there is a next page.
        fn list(&mut self, query: &AuditQuery) -> Result<Vec<AuditRecord>, StorageFault>;

        /// At most so many entries with greater numbers, oldest first.
        fn walk(&mut self, after: i64, limit: i64) -> Result<Vec<AuditRecord>, StorageFault>;

        /// What is stored a second time. Without what this command records.
        fn head(&mut self) -> Result<AuditHead, StorageFault>;

        /// Removes the oldest entries that are older than this, at most so many, up to the first that is not. Returns the
        /// number of the last one that was removed.
        fn prune(&mut self, before: Timestamp, limit: i64) -> Result<Option<i64>, StorageFault>;
    }
}

repository! {
    /// Which settings the server had.
    #[cfg_attr(test, mockall::automock)]
    pub trait SettingRepository {
        /// All that are known, by name.
        fn known(&mut self) -> Result<Vec<KnownSetting>, StorageFault>;

        /// Notes a setting as it is now, if it is still known as it was when it was compared. Returns whether it did.
        fn note(&mut self, setting: &DifferentSetting) -> Result<bool, StorageFault>;
    }
}
