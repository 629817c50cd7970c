//! Messages and the reactions to them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use groupchat_domain::messages::{Emoji, ReactionCount, Reactions};

use super::{Salvage, Salvaged, rejected};
use crate::checksum::Checksummed;
use crate::messages::reactions::{from_column, to_column};
use crate::rows::messages::Row as MessageRow;
use crate::schema::{groups, messages, reactions, users};

/// The numbers of a group while its messages come in.
struct Numbers {
    /// The last number in the restored database.
    last: i64,
    /// The last number in the damaged database that is accounted for.
    met: i64,
}

/// A message that was pinned in the damaged database.
struct Pinned {
    message: i64,
    pin: (Option<i64>, Option<i64>, Option<i64>),
}

/// A message whose reactions may be others now, with the order of those that it had.
pub(super) struct Touched {
    pub(super) message: i64,
    order: Reactions,
    /// Which kinds of rows belonged to it.
    pub(super) attachments: i64,
}

impl Touched {
    fn new(row: &MessageRow) -> Self {
        let order = from_column(row.reactions.as_deref(), row.likes);
        Self { message: row.id, order, attachments: row.attachments }
    }
}

/// Takes messages of the damaged database, one after the other.
struct Incoming<'a> {
    target: &'a mut SqliteConnection,
    report: &'a mut Salvaged,
    /// The greatest id of a message that the backup knows.
    head: i64,
    groups: BTreeMap<i64, Numbers>,
    /// Groups that were deleted since the backup.
    deleted: BTreeSet<i64>,
    users: BTreeSet<i64>,
    pinned: Vec<Pinned>,
    /// New and changed messages, whose reactions may be others now: as they are in the damaged database.
    touched: Vec<Touched>,
}

impl Salvage<'_> {
    /// Brings new messages in the order of their ids, which within a group is the order of their numbers, and changes
    /// those that have changed since the backup.
    pub(super) fn bring_messages(&mut self) -> QueryResult<()> {
        let living =
            groups::table.filter(groups::deleted_at.is_null()).select((groups::id, groups::last_seq));
        let living: Vec<(i64, i64)> = living.load(self.target)?;
        // What was removed for its age is not lost.
        let mut trimmed = BTreeMap::new();
        self.source.walk::<crate::rows::groups::Row>(|group| {
            trimmed.insert(group.id, group.trimmed_seq);
        });
        let met = |group: i64, last: i64| trimmed.get(&group).copied().unwrap_or(0).max(last);
        let known: Vec<i64> = users::table.select(users::id).load(self.target)?;
        let mut incoming = Incoming {
            head: self.head("messages"),
            groups: living
                .into_iter()
                .map(|(group, last)| (group, Numbers { last, met: met(group, last) }))
                .collect(),
            deleted: self.recorded.deleted_groups.keys().copied().collect(),
            users: known.into_iter().collect(),
            pinned: Vec::new(),
            touched: Vec::new(),
            target: self.target,
            report: &mut self.report,
        };
        let mut outcome = Ok(());
        let damaged = self.source.walk_intact::<MessageRow>(|row| {
            if outcome.is_ok() {
                outcome = incoming.take(row);
            }
        });
        outcome?;
        let Incoming { groups, pinned, touched, .. } = incoming;
        self.report.damaged += damaged;
        self.note_lost_ends(&groups);
        self.restore_pins(&pinned)?;
        self.bring_reactions(&touched)?;
        self.bring_edits(&touched.iter().map(|touched| touched.message).collect::<Vec<_>>())?;
        self.bring_mentions(&touched)
    }

    /// The numbers after the last message of a group that was met, if the group says that there were any.
    fn note_lost_ends(&mut self, groups: &BTreeMap<i64, Numbers>) {
        let Self { source, report, .. } = self;
        source.walk::<crate::rows::groups::Row>(|group| {
            if let Some(numbers) = groups.get(&group.id) {
                lose(report, group.id, numbers.met + 1, group.last_seq);
            }
        });
    }

    /// Pins the messages again that were pinned, now that all others are not.
    fn restore_pins(&mut self, pinned: &[Pinned]) -> QueryResult<()> {
        for Pinned { message, pin: (seq, at, by) } in pinned {
            let Some(mut row) = messages::table.find(message).first::<MessageRow>(self.target).optional()?
            else {
                continue;
            };
            (row.pin_seq, row.pinned_at, row.pinned_by) = (*seq, *at, *by);
            // Its number may be that of a pin in the backup, if the change of that message is lost.
            rejected(store(self.target, &row))?;
        }
        Ok(())
    }

    /// Replaces the reactions to these messages by those of the damaged database, and counts them.
    fn bring_reactions(&mut self, touched: &[Touched]) -> QueryResult<()> {
        for Touched { message, order, .. } in touched {
            if let Some(found) = self.source.reactions(*message) {
                let old = reactions::table.filter(reactions::message_id.eq(message));
                diesel::delete(old).execute(self.target)?;
                for reaction in found {
                    if !is_whole(&reaction.emoji) {
                        self.report.damaged += 1;
                        continue;
                    }
                    rejected(diesel::insert_into(reactions::table).values(reaction).execute(self.target))?;
                }
            } else {
                self.report.damaged += 1;
            }
            self.count_reactions(*message, order)?;
        }
        Ok(())
    }

    /// Stores how many reactions a message has, in the order that it had.
    fn count_reactions(&mut self, message: i64, order: &Reactions) -> QueryResult<()> {
        let counted: Vec<(String, i64)> = reactions::table
            .filter(reactions::message_id.eq(message))
            .group_by(reactions::emoji)
            .select((reactions::emoji, count_star()))
            .load(self.target)?;
        let counted = counted.into_iter();
        let counted = counted
            .filter_map(|(emoji, count)| Some(ReactionCount { emoji: Emoji::from_stored(&emoji)?, count }));
        let mut counted: Vec<_> = counted.collect();
        counted.sort_by_key(|found| {
            order.iter().position(|before| before.emoji == found.emoji).unwrap_or(usize::MAX)
        });
        let counted = Reactions::from_stored(counted);
        let row = messages::table.find(message).filter(messages::deleted_at.is_null());
        let Some(mut row) = row.first::<MessageRow>(self.target).optional()? else { return Ok(()) };
        (row.likes, row.reactions) = (counted.likes(), to_column(&counted));
        store(self.target, &row).map(drop)
    }
}

impl Incoming<'_> {
    fn take(&mut self, row: MessageRow) -> QueryResult<()> {
        if row.id <= self.head { self.change(row) } else { self.add(row) }
    }

    /// Changes a message that the backup has, if it is an older version there.
    fn change(&mut self, row: MessageRow) -> QueryResult<()> {
        let found = messages::table.find(row.id).first::<MessageRow>(self.target).optional()?;
        let Some(old) =
            found.filter(|old| old.version < row.version && self.groups.contains_key(&old.group_id))
        else {
            return Ok(());
        };
        self.note_pin(&row);
        let touched = Touched::new(&row);
        let MessageRow { version, edited_at, deleted_at, text, .. } = row;
        let unpinned = (None, None, None);
        // They are counted later; those of a deleted message must be none.
        let mut new = MessageRow { version, edited_at, deleted_at, text, likes: 0, reactions: None, ..old };
        (new.pin_seq, new.pinned_at, new.pinned_by) = unpinned;
        if rejected(store(self.target, &new))? {
            self.report.orphaned += 1;
        } else {
            self.report.changed_messages += 1;
            self.touched.push(touched);
        }
        Ok(())
    }

    /// Adds a new reply with the next number of its thread. One whose root is lost is lost, too.
    fn add_reply(&mut self, row: MessageRow, root: i64) -> QueryResult<()> {
        if !self.groups.contains_key(&row.group_id) {
            self.report.orphaned += u64::from(!self.deleted.contains(&row.group_id));
            return Ok(());
        }
        let root = messages::table
            .find(root)
            .filter(messages::group_id.eq(row.group_id))
            .filter(messages::thread_id.is_null());
        let root_seq: Option<i64> = root.select(messages::seq).first(self.target).optional()?;
        let last: Option<i64> = messages::table
            .filter(messages::group_id.eq(row.group_id))
            .filter(messages::root_seq.eq(root_seq.unwrap_or(0)))
            .select(max(messages::seq))
            .first(self.target)?;
        let mut new = MessageRow {
            seq: last.unwrap_or(0) + 1,
            root_seq: root_seq.unwrap_or(0),
            likes: 0,
            reactions: None,
            ordered_at: None,
            ..row.clone()
        };
        (new.pin_seq, new.pinned_at, new.pinned_by) = (None, None, None);
        new.checksum = Some(new.computed());
        let is_whole = root_seq.is_some() && self.users.contains(&new.author_id);
        if !is_whole || rejected(diesel::insert_into(messages::table).values(new).execute(self.target))? {
            self.report.orphaned += 1;
            return Ok(());
        }
        self.note_pin(&row);
        self.report.messages += 1;
        self.touched.push(Touched::new(&row));
        Ok(())
    }

    /// Adds a new message with the next number of its group.
    fn add(&mut self, row: MessageRow) -> QueryResult<()> {
        if let Some(root) = row.thread_id {
            return self.add_reply(row, root);
        }
        let Some(numbers) = self.groups.get_mut(&row.group_id) else {
            self.report.orphaned += u64::from(!self.deleted.contains(&row.group_id));
            return Ok(());
        };
        lose(self.report, row.group_id, numbers.met + 1, row.seq - 1);
        numbers.met = numbers.met.max(row.seq);
        let (was, next) = (row.seq, numbers.last + 1);
        let mut new = MessageRow { seq: next, likes: 0, reactions: None, ordered_at: None, ..row.clone() };
        (new.pin_seq, new.pinned_at, new.pinned_by) = (None, None, None);
        new.checksum = Some(new.computed());
        let has_author = self.users.contains(&new.author_id);
        let insert = diesel::insert_into(messages::table).values(new);
        if !has_author || rejected(insert.execute(self.target))? {
            lose(self.report, row.group_id, was, was);
            self.report.orphaned += 1;
            return Ok(());
        }
        numbers.last = next;
        self.note_pin(&row);
        self.report.messages += 1;
        self.touched.push(Touched::new(&row));
        Ok(())
    }

    fn note_pin(&mut self, row: &MessageRow) {
        if row.pin_seq.is_some() {
            let pin = (row.pin_seq, row.pinned_at, row.pinned_by);
            self.pinned.push(Pinned { message: row.id, pin });
        }
    }
}

/// Whether this is an emoji as it is stored. Reactions have no checksum that would tell.
fn is_whole(emoji: &str) -> bool {
    Emoji::from_stored(emoji).is_some_and(|known| known.as_str() == emoji)
}

/// Notes that the messages with these numbers are lost, if there are any.
fn lose(report: &mut Salvaged, group: i64, first: i64, last: i64) {
    if first <= last {
        report.lost.entry(group).or_default().push(first..=last);
    }
}

/// Stores a message as it is now, with its checksum.
fn store(target: &mut SqliteConnection, row: &MessageRow) -> QueryResult<usize> {
    diesel::update(messages::table.find(row.id))
        .set((
            messages::version.eq(row.version),
            messages::edited_at.eq(row.edited_at),
            messages::deleted_at.eq(row.deleted_at),
            messages::likes.eq(row.likes),
            messages::reactions.eq(&row.reactions),
            messages::text.eq(&row.text),
            messages::pin_seq.eq(row.pin_seq),
            messages::pinned_at.eq(row.pinned_at),
            messages::pinned_by.eq(row.pinned_by),
            messages::checksum.eq(row.computed()),
        ))
        .execute(target)
}
