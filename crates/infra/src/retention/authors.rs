//! Takes the numbers of removed messages from those of their authors.

use std::collections::{BTreeSet, HashSet};

use diesel::prelude::*;
use groupchat_domain::storage::StorageFault;

use crate::connection::on_backend;
use crate::schema::{author_runs, memberships};
use crate::sql::among;
use crate::tx::DbTx;

/// A message that is removed.
#[derive(Debug, Clone, Copy, Queryable)]
pub(super) struct RemovedMessage {
    pub(super) id: i64,
    /// That of the thread, or 0.
    pub(super) root_seq: i64,
    pub(super) seq: i64,
    pub(super) author: i64,
}

/// A run without the numbers that are removed; `None` if it has none of them.
fn without(seqs: &str, is_removed: impl Fn(i64) -> bool) -> Option<String> {
    let is_left = |seq: &&str| !seq.parse().is_ok_and(&is_removed);
    let left: Vec<&str> = seqs.split(' ').filter(is_left).collect();
    let left = left.join(" ");
    (left != seqs).then_some(left)
}

/// The first number of a run.
fn first(seqs: &str) -> Option<i64> {
    seqs.split(' ').next()?.parse().ok()
}

/// A run as it is stored: its author, its thread, and what it begins with.
type Run = (i64, i64, i64, String);

/// Takes these messages of one group, in the order of their threads and numbers, from the numbers of their authors. Of all
/// threads but the last, they MUST be all replies.
pub(super) fn forget_authors(
    tx: &mut DbTx<'_>,
    group: i64,
    removed: &[RemovedMessage],
) -> Result<(), StorageFault> {
    let (Some(start), Some(end)) = (removed.first(), removed.last()) else { return Ok(()) };
    let gone: HashSet<(i64, i64)> = removed.iter().map(|message| (message.root_seq, message.seq)).collect();
    let authors: BTreeSet<i64> = removed.iter().map(|message| message.author).collect();
    let of_authors = || {
        author_runs::table
            .filter(author_runs::group_id.eq(group))
            .filter(among(author_runs::author_id, authors.iter().copied()))
    };
    let columns = (author_runs::author_id, author_runs::root_seq, author_runs::first_seq, author_runs::seqs);
    let of_last = of_authors()
        .filter(author_runs::root_seq.eq(end.root_seq))
        .filter(author_runs::first_seq.le(end.seq))
        .select(columns);
    let mut runs: Vec<Run> = on_backend!(tx, |connection| of_last.load(connection))?;
    if start.root_seq < end.root_seq {
        let before = of_authors()
            .filter(author_runs::root_seq.ge(start.root_seq))
            .filter(author_runs::root_seq.lt(end.root_seq))
            .select(columns);
        runs.extend::<Vec<Run>>(on_backend!(tx, |connection| before.load(connection))?);
    }
    let (mut whole, mut of_last, mut rest) = (BTreeSet::new(), Vec::new(), Vec::new());
    for (author, root_seq, first_seq, seqs) in runs {
        let Some(left) = without(&seqs, |seq| gone.contains(&(root_seq, seq))) else { continue };
        if root_seq == end.root_seq {
            of_last.push(first_seq);
        } else {
            whole.insert(root_seq);
        }
        if let Some(first_seq) = first(&left) {
            rest.push((
                author_runs::group_id.eq(group),
                author_runs::author_id.eq(author),
                author_runs::root_seq.eq(root_seq),
                author_runs::first_seq.eq(first_seq),
                author_runs::seqs.eq(left),
            ));
        }
    }
    if !whole.is_empty() {
        let runs = of_authors().filter(among(author_runs::root_seq, whole));
        on_backend!(tx, |connection| diesel::delete(runs).execute(connection))?;
    }
    if !of_last.is_empty() {
        let runs = of_authors()
            .filter(author_runs::root_seq.eq(end.root_seq))
            .filter(among(author_runs::first_seq, of_last));
        on_backend!(tx, |connection| diesel::delete(runs).execute(connection))?;
    }
    if !rest.is_empty() {
        on_backend!(tx, |connection| diesel::insert_into(author_runs::table)
            .values(&rest)
            .execute(connection))?;
    }
    if end.root_seq == 0 {
        forget_recent(tx, group, &authors, |seq| gone.contains(&(0, seq)))?;
    }
    Ok(())
}

/// The same for the newest numbers, which are in the memberships of the authors.
fn forget_recent(
    tx: &mut DbTx<'_>,
    group: i64,
    authors: &BTreeSet<i64>,
    is_removed: impl Fn(i64) -> bool,
) -> Result<(), StorageFault> {
    let recent = memberships::table
        .filter(memberships::group_id.eq(group))
        .filter(among(memberships::user_id, authors.iter().copied()))
        .filter(memberships::recent_seqs.is_not_null())
        .select((memberships::user_id, memberships::recent_seqs.assume_not_null()));
    let recent: Vec<(i64, String)> = on_backend!(tx, |connection| recent.load(connection))?;
    for (user, seqs) in recent {
        let Some(left) = without(&seqs, &is_removed) else { continue };
        let left = Some(left).filter(|left| !left.is_empty());
        let change =
            diesel::update(memberships::table.find((group, user))).set(memberships::recent_seqs.eq(left));
        on_backend!(tx, |connection| change.execute(connection))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_loses_the_numbers_that_are_removed() {
        let upto = |last: i64| move |seq| seq <= last;
        assert_eq!(without("3 5 12", upto(2)), None);
        assert_eq!(without("3 5 12", upto(5)), Some("12".to_owned()));
        assert_eq!(without("3 5 12", |seq| seq == 5), Some("3 12".to_owned()));
        assert_eq!(without("3 5 12", upto(12)), Some(String::new()));
        assert_eq!((first("12 13"), first("")), (Some(12), None));
    }
}
