//! Reading and pruning the audit log.

use diesel::prelude::*;
use groupchat_domain::audit::{AuditHead, AuditQuery, AuditRecord, AuditRepository};
use groupchat_domain::ids::{GroupId, SessionId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use super::chain::Chain;
use crate::connection::on_backend;
use crate::rows::audit_log::Row;
use crate::schema::{audit_log, audit_state};
use crate::tx::DbTx;

impl From<Row> for AuditRecord {
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            at: Timestamp::from_micros(row.at),
            hash: Chain::stored(row.seq, &row.hash).hash,
            action: row.action,
            outcome: row.outcome,
            party: row.party,
            actor: row.actor_id.map(UserId::new),
            session: row.session_id.map(SessionId::new),
            target: row.target_id.map(UserId::new),
            group: row.group_id.map(GroupId::new),
            object: row.object_id,
            detail: row.detail,
            address: row.address,
            user_agent: row.user_agent,
        }
    }
}

impl DbTx<'_> {
    /// Entries with greater numbers, oldest first, as they are stored.
    pub(super) fn audit_rows(&mut self, after: i64, limit: i64) -> Result<Vec<Row>, StorageFault> {
        let rows = audit_log::table.filter(audit_log::seq.gt(after)).order(audit_log::seq).limit(limit);
        on_backend!(self, |connection| rows.load(connection))
    }
}

impl AuditRepository for DbTx<'_> {
    fn list(&mut self, query: &AuditQuery) -> Result<Vec<AuditRecord>, StorageFault> {
        let AuditQuery { actor, target, group, action, since, until, below, limit } = *query;
        // With bounds, the list follows an index whatever else is asked for.
        let from = since.map_or(i64::MIN, Timestamp::as_micros);
        let last = until.map_or(i64::MAX, |until| until.as_micros().saturating_sub(1));
        let to = below.map_or(last, |(at, _)| last.min(at.as_micros()));
        let rows: Vec<Row> = on_backend!(self, |connection| {
            let mut rows = audit_log::table.into_boxed();
            if let Some(actor) = actor {
                rows = rows.filter(audit_log::actor_id.eq(actor.get()));
            }
            if let Some(target) = target {
                rows = rows.filter(audit_log::target_id.eq(target.get()));
            }
            if let Some(group) = group {
                rows = rows.filter(audit_log::group_id.eq(group.get()));
            }
            if let Some(action) = action {
                rows = rows.filter(audit_log::action.eq(action.as_str()));
            }
            if let Some((at, seq)) = below {
                let at = at.as_micros();
                rows = rows.filter(audit_log::at.lt(at).or(audit_log::at.eq(at).and(audit_log::seq.lt(seq))));
            }
            let rows = rows.filter(audit_log::at.ge(from)).filter(audit_log::at.le(to));
            let order = (audit_log::at.desc(), audit_log::seq.desc());
            rows.order(order).limit(limit.with_lookahead()).load(connection)
        })?;
        Ok(rows.into_iter().map(AuditRecord::from).collect())
    }

    fn walk(&mut self, after: i64, limit: i64) -> Result<Vec<AuditRecord>, StorageFault> {
        Ok(self.audit_rows(after, limit)?.into_iter().map(AuditRecord::from).collect())
    }

    fn head(&mut self) -> Result<AuditHead, StorageFault> {
        let columns =
            (audit_state::newest, audit_state::newest_hash, audit_state::pruned, audit_state::pruned_hash);
        let state = audit_state::table.select(columns);
        let (count, hash, pruned, pruned_hash): (i64, Vec<u8>, i64, Vec<u8>) =
            on_backend!(self, |connection| state.first(connection))?;
        let (hash, pruned_hash) =
            (Chain::stored(count, &hash).hash, Chain::stored(pruned, &pruned_hash).hash);
        Ok(AuditHead { count, hash, pruned, pruned_hash })
    }

    fn prune(&mut self, before: Timestamp, limit: i64) -> Result<Option<i64>, StorageFault> {
        let pruned = self.head()?.pruned;
        let old = self.audit_rows(pruned, limit)?;
        let Some(last) = old.iter().take_while(|row| row.at < before.as_micros()).last() else {
            return Ok(None);
        };
        let start = (audit_state::pruned.eq(last.seq), audit_state::pruned_hash.eq(last.hash.as_slice()));
        let begin = diesel::update(audit_state::table).set(start);
        on_backend!(self, |connection| begin.execute(connection))?;
        let removed = diesel::delete(audit_log::table.filter(audit_log::seq.le(last.seq)));
        on_backend!(self, |connection| removed.execute(connection))?;
        Ok(Some(last.seq))
    }
}
