//! The numbers of an author's messages. Several of them are one row, and the newest are in the author's membership, so that
//! a send writes no index of authors.

use diesel::dsl::{auto_type, max};
use diesel::prelude::*;
use groupchat_domain::storage::StorageFault;

use crate::connection::on_backend;
use crate::schema::{author_runs, memberships};
use crate::tx::DbTx;

/// Whose messages to look for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Authored {
    pub(super) group: i64,
    pub(super) author: i64,
    /// That of the thread, or 0 for the group itself.
    pub(super) root_seq: i64,
}

#[auto_type]
fn runs_of(of: Authored) -> _ {
    let (group, author, root_seq): (i64, i64, i64) = (of.group, of.author, of.root_seq);
    author_runs::table
        .filter(author_runs::group_id.eq(group))
        .filter(author_runs::author_id.eq(author))
        .filter(author_runs::root_seq.eq(root_seq))
}

/// The numbers that a run has.
fn parse(run: &str) -> impl DoubleEndedIterator<Item = i64> {
    run.split(' ').filter_map(|seq| seq.parse().ok())
}

impl DbTx<'_> {
    /// Up to `limit` of the numbers from `low` on and below `high`: the lowest in ascending order, or the highest in
    /// descending order.
    pub(super) fn authored_seqs(
        &mut self,
        of: Authored,
        (low, high): (i64, i64),
        is_ascending: bool,
        limit: i64,
    ) -> Result<Vec<i64>, StorageFault> {
        let recent = self.recent_seqs(of)?.unwrap_or_default();
        let is_between = |seq: &i64| (low..high).contains(seq);
        let count = usize::try_from(limit).unwrap_or(usize::MAX);
        if is_ascending {
            let runs = self.runs_upwards(of, (low, high), limit)?;
            let seqs = runs.iter().flat_map(|run| parse(run)).chain(parse(&recent));
            return Ok(seqs.filter(is_between).take(count).collect());
        }
        let mut seqs: Vec<i64> = parse(&recent).rev().filter(is_between).take(count).collect();
        if seqs.len() < count {
            let runs = self.runs_downwards(of, high, limit)?;
            let further = runs.iter().flat_map(|run| parse(run).rev()).filter(is_between);
            seqs.extend(further.take(count - seqs.len()));
        }
        Ok(seqs)
    }

    /// The newest, which are no row yet.
    fn recent_seqs(&mut self, of: Authored) -> Result<Option<String>, StorageFault> {
        if of.root_seq > 0 {
            return Ok(None);
        }
        let membership = memberships::table.find((of.group, of.author)).select(memberships::recent_seqs);
        let recent = on_backend!(self, |connection| membership.first(connection).optional())?;
        Ok(recent.flatten())
    }

    /// The runs from the one that may have `low` on, each of one number or more.
    fn runs_upwards(
        &mut self,
        of: Authored,
        (low, high): (i64, i64),
        limit: i64,
    ) -> Result<Vec<String>, StorageFault> {
        let before = runs_of(of).filter(author_runs::first_seq.le(low)).select(max(author_runs::first_seq));
        let first: Option<i64> = on_backend!(self, |connection| before.first(connection))?;
        let runs = runs_of(of)
            .filter(author_runs::first_seq.ge(first.unwrap_or(low)))
            .filter(author_runs::first_seq.lt(high))
            .order(author_runs::first_seq.asc())
            .select(author_runs::seqs)
            // One more, because the first may have nothing from `low` on.
            .limit(limit.saturating_add(1));
        on_backend!(self, |connection| runs.load(connection))
    }

    /// The runs that begin below `high`.
    fn runs_downwards(&mut self, of: Authored, high: i64, limit: i64) -> Result<Vec<String>, StorageFault> {
        let runs = runs_of(of)
            .filter(author_runs::first_seq.lt(high))
            .order(author_runs::first_seq.desc())
            .select(author_runs::seqs)
            .limit(limit);
        on_backend!(self, |connection| runs.load(connection))
    }
}
