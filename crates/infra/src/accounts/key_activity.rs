//! When keys were last used, in memory.

use std::collections::HashMap;
use std::time::Duration;

use groupchat_domain::accounts::{Actor, KeyHash};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::time::Timestamp;

use crate::executor::sync::{Mutex, locked};

/// How many keys are remembered, at about 100 bytes each.
const CAPACITY: usize = 65_536;

/// How long a key counts as recently used.
const IDLE_AFTER: Duration = Duration::from_secs(10 * 60);

/// By how much two concurrent uses may be recorded in the wrong order.
const OUT_OF_ORDER: Duration = Duration::from_secs(60);

/// The last use of a session's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyUse {
    pub(crate) key: KeyHash,
    pub(crate) session: SessionId,
    pub(crate) at: Timestamp,
    /// What this server has written as the last use before, if anything. It counts for nothing any more, also if it is later: the
    /// clock was set back.
    pub(crate) replaces: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    session: SessionId,
    user: UserId,
    last_use: Timestamp,
    /// The last use that the database knows.
    stored: Option<Timestamp>,
    /// The last use that was written, perhaps by a command that was rolled back.
    written: Option<Timestamp>,
    /// Whether it is still valid. What is not stays until its last use is stored: its session may go on with another key.
    is_valid: bool,
}

/// The keys that were recently found valid, and when.
pub(crate) struct KeyActivity {
    entries: Mutex<HashMap<KeyHash, Entry>>,
    capacity: usize,
}

impl KeyActivity {
    pub(crate) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(capacity: usize) -> Self {
        Self { entries: Mutex::new(HashMap::new()), capacity }
    }

    /// Records a use. If there is no room, the key is not remembered, which is safe: it is then checked on a reader
    /// first.
    pub(crate) fn note(&self, key: KeyHash, actor: &Actor, at: Timestamp) {
        let mut entries = locked(&self.entries);
        if let Some(entry) = entries.get_mut(&key) {
            entry.is_valid = true;
            // Of uses at about the same time, the latest counts. After the clock was set back, the new time counts.
            if at > entry.last_use || entry.last_use > at.plus(OUT_OF_ORDER) {
                entry.last_use = at;
            }
        } else if entries.len() < self.capacity {
            let (session, user) = (actor.session, actor.id());
            entries.insert(
                key,
                Entry { session, user, last_use: at, stored: None, written: None, is_valid: true },
            );
        }
    }

    /// Whether the key was found valid recently.
    pub(crate) fn knows(&self, key: &KeyHash) -> bool {
        locked(&self.entries).get(key).is_some_and(|entry| entry.is_valid)
    }

    /// The user of the key, if it was recently found valid.
    pub(crate) fn holder(&self, key: &KeyHash) -> Option<UserId> {
        locked(&self.entries).get(key).filter(|entry| entry.is_valid).map(|entry| entry.user)
    }

    /// The uses that the database doesn't know yet, by session.
    pub(crate) fn unstored(&self) -> Vec<KeyUse> {
        self.unstored_where(|_| true)
    }

    /// The uses of one user that the database doesn't know yet.
    pub(crate) fn unstored_of(&self, user: UserId) -> Vec<KeyUse> {
        self.unstored_where(|entry| entry.user == user)
    }

    fn unstored_where(&self, is_meant: impl Fn(&Entry) -> bool) -> Vec<KeyUse> {
        let mut uses: Vec<_> = locked(&self.entries)
            .iter()
            .filter(|(_, entry)| entry.stored != Some(entry.last_use) && is_meant(entry))
            .map(|(key, entry)| KeyUse {
                key: *key,
                session: entry.session,
                at: entry.last_use,
                replaces: entry.written,
            })
            .collect();
        // A session that was refreshed has several keys: its latest use is stored last.
        uses.sort_unstable_by_key(|key_use| (key_use.session, key_use.at));
        uses
    }

    /// Records that these uses are being written, by a command that may still be rolled back.
    pub(crate) fn written(&self, uses: &[KeyUse]) {
        let mut entries = locked(&self.entries);
        for key_use in uses {
            if let Some(entry) = entries.get_mut(&key_use.key) {
                entry.written = Some(key_use.at);
            }
        }
    }

    /// Records that the database knows these uses now.
    pub(crate) fn stored(&self, uses: &[KeyUse]) {
        let mut entries = locked(&self.entries);
        for key_use in uses {
            if let Some(entry) = entries.get_mut(&key_use.key) {
                (entry.written, entry.stored) = (Some(key_use.at), Some(key_use.at));
            }
        }
        entries.retain(|_, entry| entry.is_valid || entry.stored != Some(entry.last_use));
    }

    /// Forgets the keys of a user's ended sessions, so that no caller counts as the user because of them. If a session
    /// has not ended after all, its key is remembered again at the next use.
    pub(crate) fn forget_ended(&self, user: UserId, ends: impl Fn(SessionId) -> bool) {
        locked(&self.entries).retain(|_, entry| entry.user != user || !ends(entry.session));
    }

    /// Forgets a key that is no longer valid, once its last use is stored.
    pub(crate) fn forget(&self, key: &KeyHash) {
        let mut entries = locked(&self.entries);
        match entries.get_mut(key) {
            Some(entry) if entry.stored != Some(entry.last_use) => entry.is_valid = false,
            _ => drop(entries.remove(key)),
        }
    }

    /// Forgets keys that were not used recently. Uses that could not be stored until now are lost with them.
    pub(crate) fn forget_idle(&self, now: Timestamp) {
        // A use in the future happened before the clock was set back, and nobody knows how long ago.
        let lately = now.minus(IDLE_AFTER)..=now.plus(OUT_OF_ORDER);
        locked(&self.entries).retain(|_, entry| lately.contains(&entry.last_use));
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::accounts::{FactorStanding, Origin, SessionKind, UserRef};

    use super::*;

    const SESSION: SessionId = SessionId::new(1);

    fn actor() -> Actor {
        let user = UserRef { id: UserId::new(7), username: None, display_name: None };
        Actor {
            user,
            session: SESSION,
            session_kind: SessionKind::Login,
            must_change_password: false,
            factor: FactorStanding::default(),
            origin: Origin::UNKNOWN,
        }
    }

    fn key(number: u8) -> KeyHash {
        KeyHash::new([number; 32])
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn key_use(used: i64, replaces: Option<i64>) -> KeyUse {
        KeyUse { key: key(1), session: SESSION, at: at(used), replaces: replaces.map(at) }
    }

    #[test]
    fn of_the_keys_of_a_session_the_one_that_was_used_last_comes_last() {
        // Their order in the map is another each time.
        for _ in 0..20 {
            let activity = KeyActivity::new();
            for (number, used) in [(1, 5), (2, 900), (3, 7)] {
                activity.note(key(number), &actor(), at(used));
            }
            let uses: Vec<_> = activity.unstored().into_iter().map(|key_use| key_use.at).collect();
            assert_eq!(uses, [at(5), at(7), at(900)]);
        }
    }

    #[test]
    fn a_use_is_unstored_until_it_is_stored_and_again_after_the_next() {
        let activity = KeyActivity::new();
        activity.note(key(1), &actor(), at(5));
        activity.note(key(1), &actor(), at(4));
        let uses = activity.unstored();
        assert_eq!(uses, [key_use(5, None)]);
        assert_eq!(activity.unstored_of(UserId::new(7)), uses);
        assert_eq!(activity.unstored_of(UserId::new(8)), []);
        activity.note(key(1), &actor(), at(6));
        activity.stored(&uses);
        assert_eq!(activity.unstored(), [key_use(6, Some(5))]);
        activity.stored(&activity.unstored());
        assert_eq!(activity.unstored(), []);
    }

    #[test]
    fn the_last_use_of_a_key_that_is_no_longer_valid_is_stored_all_the_same() {
        let activity = KeyActivity::new();
        activity.note(key(1), &actor(), at(5));
        activity.forget(&key(1));
        assert_eq!((activity.knows(&key(1)), activity.holder(&key(1))), (false, None));
        let uses = activity.unstored_of(UserId::new(7));
        assert_eq!(uses, [key_use(5, None)]);
        activity.stored(&uses);
        assert_eq!(locked(&activity.entries).len(), 0);
        activity.note(key(1), &actor(), at(6));
        activity.forget(&key(1));
        activity.note(key(1), &actor(), at(7));
        assert!(activity.knows(&key(1)), "valid after all");
    }

    #[test]
    fn an_idle_key_is_forgotten() {
        let activity = KeyActivity::new();
        activity.note(key(1), &actor(), at(0));
        activity.note(key(2), &actor(), at(1));
        activity.forget_idle(at(601));
        assert!(!activity.knows(&key(1)));
        assert!(activity.knows(&key(2)));
        assert_eq!([1, 2].map(|number| activity.holder(&key(number))), [None, Some(UserId::new(7))]);
    }

    #[test]
    fn the_key_of_a_session_that_ends_is_nobodys() {
        let activity = KeyActivity::new();
        activity.note(key(1), &actor(), at(0));
        activity.note(key(2), &Actor { session: SessionId::new(2), ..actor() }, at(0));
        activity.forget_ended(UserId::new(8), |_| true);
        assert!(activity.knows(&key(1)) && activity.knows(&key(2)));
        activity.forget_ended(UserId::new(7), |session| session == SESSION);
        assert_eq!([1, 2].map(|number| activity.holder(&key(number))), [None, Some(UserId::new(7))]);
        activity.forget(&key(2));
        assert_eq!(activity.holder(&key(2)), None);
    }

    #[test]
    fn a_clock_that_is_set_back_counts_as_it_is() {
        let activity = KeyActivity::new();
        let at_last = |activity: &KeyActivity| activity.unstored()[0].at;
        for (used, last) in [(1_000, 1_000), (941, 1_000), (939, 939), (940, 940)] {
            activity.note(key(1), &actor(), at(used));
            assert_eq!(at_last(&activity), at(last), "{used}");
        }
        activity.forget_idle(at(880));
        assert!(activity.knows(&key(1)));
        activity.forget_idle(at(879));
        assert!(!activity.knows(&key(1)));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let activity = KeyActivity::with_capacity(1);
        activity.note(key(1), &actor(), at(0));
        activity.note(key(2), &actor(), at(0));
        assert!(activity.knows(&key(1)));
        assert!(!activity.knows(&key(2)));
    }
}
