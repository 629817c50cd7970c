//! The hashes that chain entries.
//!
//! Hashes are stored: what an entry's hash covers must never change. Columns are named, and a NULL adds nothing, so a
//! column that is added later, and is NULL in the entries from before, changes no stored hash.

use groupchat_domain::audit::AuditHash;
use sha2::{Digest, Sha256};

use crate::encoding::Encode;
use crate::rows::audit_log::Row;

/// The number and the hash of an entry, or of what is before the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The number.
    pub(crate) seq: i64,
    /// The hash.
    pub(crate) hash: AuditHash,
}

impl Chain {
    /// An entry's, as they are stored. The schema makes a hash as long as it must be.
    pub(crate) fn stored(seq: i64, hash: &[u8]) -> Self {
        Self { seq, hash: hash.try_into().map_or(AuditHash::ZERO, AuditHash) }
    }

    /// Gives a row, which becomes the next entry, its number and its hash, and goes on to it.
    pub(crate) fn extend(&mut self, row: &mut Row) {
        self.seq += 1;
        row.seq = self.seq;
        self.hash = hash(&self.hash, row);
        row.hash = self.hash.0.to_vec();
    }
}

/// Whether an entry is the one after `before`, as it was stored.
pub(crate) fn follows(before: &Chain, row: &Row) -> bool {
    row.seq == before.seq + 1 && row.hash == hash(&before.hash, row).0
}

/// The hash of an entry.
fn hash(before: &AuditHash, row: &Row) -> AuditHash {
    let columns: [(&str, &dyn Encode); 13] = [
        ("seq", &row.seq),
        ("at", &row.at),
        ("action", &row.action),
        ("outcome", &row.outcome),
        ("party", &row.party),
        ("actor_id", &row.actor_id),
        ("session_id", &row.session_id),
        ("target_id", &row.target_id),
        ("group_id", &row.group_id),
        ("object_id", &row.object_id),
        ("detail", &row.detail),
        ("address", &row.address),
        ("user_agent", &row.user_agent),
    ];
    let mut input = before.0.to_vec();
    for (name, value) in columns.iter().filter(|(_, value)| !value.is_null()) {
        name.encode(&mut input);
        value.encode(&mut input);
    }
    AuditHash(Sha256::digest(&input).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Chain = Chain { seq: 0, hash: AuditHash::ZERO };

    fn row() -> Row {
        Row {
            seq: 1,
            at: 5,
            action: "login".into(),
            outcome: "ok".into(),
            party: "stranger".into(),
            actor_id: None,
            session_id: None,
            target_id: Some(7),
            group_id: None,
            object_id: None,
            detail: None,
            address: Some("192.0.2.1".into()),
            user_agent: None,
            hash: Vec::new(),
        }
    }

    /// They are stored: a program that computes others takes every log for forged.
    #[test]
    fn hashes_never_change() {
        assert_eq!(
            hash(&AuditHash::ZERO, &row()).to_string(),
            "887a010ddb2fce92ca3222fd862502489687773f6c99fe92ad4ab0c935953f85"
        );
    }

    #[test]
    fn whatever_is_changed_the_entry_no_longer_follows() {
        let mut chain = START;
        let mut stored = row();
        chain.extend(&mut stored);
        assert!(follows(&START, &stored));
        let changes: [fn(&mut Row); 14] = [
            |row| row.seq = 2,
            |row| row.at = 6,
            |row| row.action = "logout".into(),
            |row| row.outcome = "failed".into(),
            |row| row.party = "user".into(),
            |row| row.actor_id = Some(7),
            |row| row.session_id = Some(7),
            |row| row.target_id = None,
            |row| row.group_id = Some(7),
            |row| row.object_id = Some(7),
            |row| row.detail = Some("email".into()),
            |row| row.address = Some("192.0.2.2".into()),
            |row| row.user_agent = Some("192.0.2.1".into()),
            |row| row.hash[31] ^= 1,
        ];
        for (nth, change) in changes.iter().enumerate() {
            let mut changed = stored.clone();
            change(&mut changed);
            assert!(!follows(&START, &changed), "change {nth}");
        }
    }
}
