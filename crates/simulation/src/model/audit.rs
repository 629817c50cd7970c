//! The audit log. The model has no hashes: its chain is for the databases to keep.

use groupchat_domain::audit::{AuditEntry, AuditHash, AuditHead, AuditQuery, AuditRecord, AuditRepository};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::tx::ModelTx;

fn record(seq: i64, at: Timestamp, entry: &AuditEntry) -> AuditRecord {
    AuditRecord {
        seq,
        at,
        action: entry.action.as_str().to_owned(),
        outcome: entry.outcome.as_str().to_owned(),
        party: entry.party.as_str().to_owned(),
        actor: entry.actor,
        session: entry.session,
        target: entry.target,
        group: entry.group,
        object: entry.object,
        detail: entry.detail.clone(),
        address: entry.origin.address.map(|address| address.to_string()),
        user_agent: entry.origin.user_agent.map(|agent| agent.as_str().to_owned()),
        hash: AuditHash::ZERO,
    }
}

fn count(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

impl AuditRepository for ModelTx<'_> {
    fn list(&mut self, query: &AuditQuery) -> Result<Vec<AuditRecord>, StorageFault> {
        let mut listed: Vec<_> = self
            .read()?
            .audit
            .iter()
            .filter(|(_, (_, entry))| query.actor.is_none() || entry.actor == query.actor)
            .filter(|(_, (_, entry))| query.target.is_none() || entry.target == query.target)
            .filter(|(_, (_, entry))| query.group.is_none() || entry.group == query.group)
            .filter(|(_, (_, entry))| query.action.is_none_or(|action| entry.action == action))
            .filter(|(_, (at, _))| query.since.is_none_or(|since| *at >= since))
            .filter(|(_, (at, _))| query.until.is_none_or(|until| *at < until))
            .filter(|(seq, (at, _))| query.below.is_none_or(|below| (*at, **seq) < below))
            .map(|(seq, (at, entry))| record(*seq, *at, entry))
            .collect();
        listed.sort_unstable_by_key(|entry| std::cmp::Reverse((entry.at, entry.seq)));
        listed.truncate(count(query.limit.with_lookahead()));
        Ok(listed)
    }

    fn walk(&mut self, after: i64, limit: i64) -> Result<Vec<AuditRecord>, StorageFault> {
        let later = self.read()?.audit.range(after + 1..);
        Ok(later.take(count(limit)).map(|(seq, (at, entry))| record(*seq, *at, entry)).collect())
    }

    fn head(&mut self) -> Result<AuditHead, StorageFault> {
        let tables = self.read()?;
        let (count, pruned) = (tables.audit_seqs.last(), tables.audit_pruned.last());
        Ok(AuditHead { count, hash: AuditHash::ZERO, pruned, pruned_hash: AuditHash::ZERO })
    }

    fn prune(&mut self, before: Timestamp, limit: i64) -> Result<Option<i64>, StorageFault> {
        let tables = self.write()?;
        let oldest = tables.audit.iter().take(count(limit));
        let old: Vec<_> = oldest.take_while(|(_, (at, _))| *at < before).map(|(seq, _)| *seq).collect();
        let Some(last) = old.last().copied() else { return Ok(None) };
        tables.audit_pruned.skip(last - tables.audit_pruned.last());
        tables.audit.remove_all(old);
        Ok(Some(last))
    }
}
