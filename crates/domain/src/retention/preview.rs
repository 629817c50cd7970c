//! What a run would remove now.

use crate::error::Error;
use crate::groups::{GroupName, SeqSpan};
use crate::ids::{GroupId, Seq};
use crate::retention::choose::choose;
use crate::retention::due::due;
use crate::retention::step::{KEPT_AT_ONCE, Look, exempt, look};
use crate::retention::terms::RetentionTerms;
use crate::storage::{Access, Caller, Mode, Storage, Tx};
use crate::time::Timestamp;

/// How many groups one command looks at.
const GROUPS_AT_ONCE: i64 = 50;

/// How many messages of a group itself one command looks at.
const MESSAGES_AT_ONCE: i64 = 1_000;

const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// What would be removed of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetentionPreview {
    /// The group.
    pub group: GroupId,
    /// Its name; `None` for a direct conversation.
    pub name: Option<GroupName>,
    /// How many messages and replies would be removed.
    pub messages: i64,
    /// When the first of them was sent.
    pub oldest: Option<Timestamp>,
    /// How many messages of the group itself would stay though they are old, because they are exempt.
    pub exempt: i64,
}

/// What a run would remove now of each group: those are left out of which it would remove nothing and exempt nothing.
///
/// # Errors
/// A fault.
pub async fn preview_retention(
    storage: &dyn Storage,
    terms: RetentionTerms,
) -> Result<Vec<RetentionPreview>, Error> {
    let (mut previews, mut after) = (Vec::new(), GroupId::new(0));
    loop {
        let (due, next) = storage.run(READ, move |tx| due(tx, after, GROUPS_AT_ONCE, &terms)).await?;
        for group in due {
            previews.extend(preview(storage, group, terms).await?);
        }
        match next {
            Some(next) => after = next,
            None => return Ok(previews),
        }
    }
}

/// What was counted of a group, and from which message on the rest is to be counted; `None` at the end.
struct Counted {
    messages: i64,
    oldest: Option<Timestamp>,
    exempt: i64,
    next: Option<Seq>,
}

async fn preview(
    storage: &dyn Storage,
    group: GroupId,
    terms: RetentionTerms,
) -> Result<Option<RetentionPreview>, Error> {
    let mut found = storage.run(READ, move |tx| count_kept(tx, group, &terms)).await?;
    let mut total = (found.messages, found.oldest, found.exempt);
    while let Some(first) = found.next {
        found = storage.run(READ, move |tx| count_above(tx, group, first, &terms)).await?;
        total = (total.0 + found.messages, total.1.or(found.oldest), total.2 + found.exempt);
    }
    let (messages, oldest, exempt) = total;
    if messages == 0 && exempt == 0 {
        return Ok(None);
    }
    let groups = storage.run(READ, move |tx| Ok(tx.groups().find_many(&[group])?)).await?;
    let name = groups.into_iter().next().and_then(|group| group.name);
    Ok(Some(RetentionPreview { group, name, messages, oldest, exempt }))
}

/// What is to be removed of what is below the edge.
fn count_kept(tx: &mut dyn Tx, group: GroupId, terms: &RetentionTerms) -> Result<Counted, Error> {
    let mut counted = Counted { messages: 0, oldest: None, exempt: 0, next: None };
    let Some(state) = tx.retention().find(group)? else { return Ok(counted) };
    if let Some(span) = state.trimmed.hidden {
        counted.messages += tx.retention().count(group, span)?;
    }
    let now = tx.now();
    let Some(limit) = terms.limit(state.days, now) else { return Ok(counted) };
    let exempt = exempt(tx, group, terms)?;
    let below = SeqSpan { first: Seq::new(1), last: state.trimmed.upto };
    counted.next = Some(state.trimmed.upto.next());
    if state.trimmed.upto == Seq::ZERO {
        return Ok(counted);
    }
    for message in tx.retention().aged(group, below, KEPT_AT_ONCE)? {
        if state.trimmed.hides(message.seq) {
            counted.oldest = counted.oldest.or(Some(message.at));
        } else if exempt.contains(&message.seq) {
            counted.exempt += 1;
        } else if limit.is_old(&message) {
            counted.messages += tx.retention().count(group, SeqSpan::of_one(message.seq))?;
            counted.oldest = counted.oldest.or(Some(message.at));
        }
    }
    Ok(counted)
}

/// What is to be removed of the first messages from this number on.
fn count_above(
    tx: &mut dyn Tx,
    group: GroupId,
    mut first: Seq,
    terms: &RetentionTerms,
) -> Result<Counted, Error> {
    let mut counted = Counted { messages: 0, oldest: None, exempt: 0, next: None };
    let Some(state) = tx.retention().find(group)? else { return Ok(counted) };
    let now = tx.now();
    let Some(limit) = terms.limit(state.days, now) else { return Ok(counted) };
    let exempt = exempt(tx, group, terms)?;
    let above = SeqSpan { first, last: Seq::new(i64::MAX) };
    let Look { first: messages, next } = look(tx, group, above, MESSAGES_AT_ONCE, limit)?;
    loop {
        let rest = messages.iter().position(|message| message.seq >= first).unwrap_or(messages.len());
        let choice = choose(&messages[rest..], &exempt, limit, next);
        if let Some((passed, count)) = choice.passed {
            (counted.exempt, first) = (counted.exempt + count, passed.next());
        }
        if let Some(span) = choice.span {
            counted.messages += tx.retention().count(group, span)?;
            let oldest = messages.iter().find(|message| message.seq == span.first);
            counted.oldest = counted.oldest.or(oldest.map(|message| message.at));
            first = span.last.next();
        }
        if !choice.goes_on {
            return Ok(counted);
        }
        if messages.last().is_none_or(|last| last.seq < first) {
            counted.next = Some(first);
            return Ok(counted);
        }
    }
}
