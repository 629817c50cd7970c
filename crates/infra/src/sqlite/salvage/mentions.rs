//! Mentions in new and changed messages.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use groupchat_domain::messages::MAX_GROUP_MENTIONS;

use super::messages::Touched;
use super::{Salvage, rejected};
use crate::rows::messages::Row as MessageRow;
use crate::schema::{group_mentions, mentions, messages};

/// What `messages.attachments` has of mentions: of users by name, of all members, and of all who were online.
const NAMES: i64 = 16;
const ALL: i64 = 32;
const HERE: i64 = 64;

/// A group keeps only its newest mentions of all members. Of those in the backup, newer ones may have displaced some.
const FORGET_OLD_OF_ALL: &str = "DELETE FROM group_mentions WHERE message_id IN ( \
    SELECT message_id FROM ( \
        SELECT message_id, row_number() OVER (PARTITION BY group_id ORDER BY message_id DESC) AS place \
        FROM group_mentions) \
    WHERE place > ?)";

impl Salvage<'_> {
    /// Replaces the mentions in these messages by those of the damaged database, in the places where the messages are now.
    /// Whose user is lost is lost, too.
    pub(super) fn bring_mentions(&mut self, touched: &[Touched]) -> QueryResult<()> {
        for Touched { message, attachments, .. } in touched {
            let found = messages::table.find(message).first::<MessageRow>(self.target).optional()?;
            let Some(place) = found else { continue };
            diesel::delete(mentions::table.filter(mentions::message_id.eq(message))).execute(self.target)?;
            diesel::delete(group_mentions::table.find(message)).execute(self.target)?;
            let mut kinds = place.attachments & !(NAMES | ALL | HERE);
            if place.deleted_at.is_none() {
                kinds |= attachments & (ALL | HERE);
                if self.bring_mentions_in(&place, *attachments)? {
                    kinds |= NAMES;
                }
            }
            if kinds != place.attachments {
                let row = diesel::update(messages::table.find(message));
                row.set(messages::attachments.eq(kinds)).execute(self.target)?;
            }
        }
        diesel::sql_query(FORGET_OLD_OF_ALL)
            .bind::<BigInt, _>(MAX_GROUP_MENTIONS)
            .execute(self.target)
            .map(drop)
    }

    /// The same for one message that is not deleted; whether it names somebody. A user whom it doesn't name was online: if it
    /// isn't to those, the row is damaged.
    fn bring_mentions_in(&mut self, place: &MessageRow, attachments: i64) -> QueryResult<bool> {
        let mut names = false;
        let found = self.source.mentions(place.id);
        self.report.damaged += u64::from(found.is_none());
        for mut mention in found.unwrap_or_default() {
            if !mention.is_named && attachments & HERE == 0 {
                self.report.damaged += 1;
                continue;
            }
            (mention.group_id, mention.thread_id) = (place.group_id, place.thread_id);
            (mention.root_seq, mention.seq, mention.author_id) = (place.root_seq, place.seq, place.author_id);
            let is_named = mention.is_named;
            let insert = diesel::insert_into(mentions::table).values(mention);
            let is_lost = rejected(insert.execute(self.target))?;
            names |= is_named && !is_lost;
        }
        if attachments & ALL != 0
            && let Some(mut to_all) = self.source.mention_of_all(place.id)
        {
            (to_all.group_id, to_all.thread_id) = (place.group_id, place.thread_id);
            (to_all.root_seq, to_all.seq, to_all.author_id) = (place.root_seq, place.seq, place.author_id);
            rejected(diesel::insert_into(group_mentions::table).values(to_all).execute(self.target))?;
        }
        Ok(names)
    }
}
