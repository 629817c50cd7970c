//! The audit log: each entry is verified by the one before it.

use diesel::prelude::*;

use super::Salvage;
use super::audited::Audited;
use crate::audit::{Chain, follows};
use crate::schema::{audit_log, audit_state};

impl Salvage<'_> {
    /// New entries, up to the first that doesn't follow the one before it. Notes what they prove.
    pub(super) fn bring_audit(&mut self) -> QueryResult<()> {
        let (seq, hash) = audit_state::table
            .select((audit_state::newest, audit_state::newest_hash))
            .first::<(i64, Vec<u8>)>(self.target)?;
        let (mut chain, mut audited) = (Chain::stored(seq, &hash), Audited::default());
        while let Some(entry) = self.source.audit_entry(chain.seq + 1).filter(|row| follows(&chain, row)) {
            chain = Chain::stored(entry.seq, &entry.hash);
            audited.add(&entry);
            diesel::insert_into(audit_log::table).values(entry).execute(self.target)?;
        }
        audited.is_whole = self.source.audit_head() == Some((chain.seq, chain.hash.0.to_vec()));
        self.audited = audited;
        let head = (audit_state::newest.eq(chain.seq), audit_state::newest_hash.eq(chain.hash.0.as_slice()));
        diesel::update(audit_state::table).set(head).execute(self.target).map(drop)
    }
}
