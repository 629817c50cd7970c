//! What keeps others out: of what the backup and the damaged database say, the stricter counts.

use std::collections::BTreeMap;

use diesel::prelude::*;
use groupchat_domain::groups::{History, Visibility};

use super::Salvage;
use crate::rows::groups::Row as GroupRow;
use crate::schema::{blocks, groups, users};

/// The one of two stored settings that comes later in a list, whose strictest is the last.
fn stricter(all: &[&'static str], one: String, other: &str) -> String {
    let place = |setting: &str| all.iter().position(|known| *known == setting);
    if place(other) > place(&one) { other.to_owned() } else { one }
}

/// The stricter one of two settings of whether members see how far others have read: that they do in a group of any size,
/// that its size decides, that they don't.
fn stricter_receipts(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    let place = |setting: Option<bool>| match setting {
        Some(true) => 0,
        None => 1,
        Some(false) => 2,
    };
    if place(other) > place(one) { other } else { one }
}

impl Salvage<'_> {
    /// Groups that were closed to others since the backup, or whose members read less, or see less of what others have read. A row has no checksum, but the log
    /// records that a group became private: if the row says otherwise, the log counts.
    pub(super) fn tighten_groups(&mut self) -> QueryResult<()> {
        let (head, mut found) = (self.head("groups"), BTreeMap::new());
        // What can't be read is counted when new groups are looked for.
        self.source.walk::<GroupRow>(|group| {
            if group.id <= head {
                found.insert(group.id, (group.visibility, group.history, group.receipts));
            }
        });
        let living = groups::table.filter(groups::deleted_at.is_null()).select((
            groups::id,
            groups::visibility,
            groups::history,
            groups::receipts,
        ));
        let living: Vec<(i64, String, String, Option<bool>)> = living.load(self.target)?;
        for (group, visibility, history, shown) in living {
            let before = (visibility.clone(), history.clone(), shown);
            let (mut seen_by, mut read, receipts) = found.remove(&group).unwrap_or_else(|| before.clone());
            if self.recorded.hidden_groups.contains(&group) {
                Visibility::Private.as_str().clone_into(&mut seen_by);
            }
            seen_by = stricter(&Visibility::ALL.map(Visibility::as_str), visibility, &seen_by);
            read = stricter(&History::ALL.map(History::as_str), history, &read);
            let receipts = stricter_receipts(shown, receipts);
            if (&seen_by, &read, receipts) != (&before.0, &before.1, before.2) {
                let limits =
                    (groups::visibility.eq(seen_by), groups::history.eq(read), groups::receipts.eq(receipts));
                let change = diesel::update(groups::table.find(group))
                    .set((limits, groups::version.eq(groups::version + 1)));
                change.execute(self.target)?;
                self.report.recorded_changes += 1;
            }
        }
        Ok(())
    }

    /// Blocks that the backup doesn't have, between users who are there. Those that have ended since come back.
    pub(super) fn bring_blocks(&mut self) -> QueryResult<()> {
        let people = users::table.filter(users::deleted_at.is_null()).select(users::id).order(users::id);
        let people: Vec<i64> = people.load(self.target)?;
        for block in self.source.blocks(&people) {
            let are_there =
                [block.user_id, block.blocked_id].iter().all(|user| people.binary_search(user).is_ok());
            if are_there {
                self.attempt(|target| {
                    diesel::insert_into(blocks::table).values(block).on_conflict_do_nothing().execute(target)
                })?;
            }
        }
        Ok(())
    }
}
