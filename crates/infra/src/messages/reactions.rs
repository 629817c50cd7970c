//! Reactions as they are stored: each as a row, and their counts in a column of the message.

use std::collections::{HashMap, HashSet};

use diesel::backend::Backend;
use diesel::expression::{AppearsOnTable, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;
use groupchat_domain::ids::UserId;
use groupchat_domain::messages::{Emoji, MessageView, ReactionCount, ReactionQuery, Reactions, Reactor};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::{on_backend, read_page};
use crate::schema::{reactions, users};
use crate::sql::among;
use crate::tx::DbTx;

/// The counts in the order in which the reactions first came: `🎉:3 👍 ❤️:1`. The number of likes is in a column of its
/// own, and in no other place. `None` if there are no others than likes.
pub(crate) fn to_column(reactions: &Reactions) -> Option<String> {
    if !reactions.has_others_than_likes() {
        return None;
    }
    let entries = reactions.iter().map(|ReactionCount { emoji, count }| match emoji {
        Emoji::LIKE => emoji.as_str().to_owned(),
        emoji => format!("{}:{count}", emoji.as_str()),
    });
    Some(entries.collect::<Vec<_>>().join(" "))
}

/// What [`to_column`] has written. An entry that can't be read is left out: it is damage, and the others are not.
pub(crate) fn from_column(column: Option<&str>, likes: i64) -> Reactions {
    let entries = column.unwrap_or_default().split(' ').filter_map(|entry| match entry.split_once(':') {
        Some((emoji, count)) => {
            let (emoji, count) = (Emoji::from_stored(emoji)?, count.parse().ok()?);
            (emoji != Emoji::LIKE).then_some(ReactionCount { emoji, count })
        }
        None => (entry == Emoji::LIKE.as_str()).then_some(ReactionCount { emoji: Emoji::LIKE, count: likes }),
    });
    Reactions::from_stored(entries.chain([ReactionCount { emoji: Emoji::LIKE, count: likes }]))
}

/// That a reaction is no like. Written out, so that both databases see that the index of these reactions serves.
#[derive(Debug, Clone, Copy, QueryId)]
struct IsNoLike;

impl Expression for IsNoLike {
    type SqlType = Bool;
}

impl ValidGrouping<()> for IsNoLike {
    type IsAggregate = is_aggregate::No;
}

impl AppearsOnTable<reactions::table> for IsNoLike {}
impl SelectableExpression<reactions::table> for IsNoLike {}

impl<DB: Backend> QueryFragment<DB> for IsNoLike {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        pass.push_sql("reactions.emoji <> '👍'");
        Ok(())
    }
}

/// A user who has given a reaction, and when.
type ReactorRow = (UserRefRow, i64);

struct ReadReactor(Reactor);

impl From<ReactorRow> for ReadReactor {
    fn from((user, at): ReactorRow) -> Self {
        Self(Reactor { user: user.into(), at: Timestamp::from_micros(at) })
    }
}

impl groupchat_domain::text::TextBytes for ReadReactor {
    fn text_bytes(&self) -> usize {
        self.0.text_bytes()
    }
}

impl DbTx<'_> {
    /// Adds what a viewer has given besides likes to messages that were read. One statement, and none unless there is such a
    /// reaction to one of them.
    pub(crate) fn add_own_reactions<'v>(
        &mut self,
        viewer: UserId,
        views: impl IntoIterator<Item = &'v mut MessageView>,
    ) -> Result<(), StorageFault> {
        let views = views.into_iter().filter(|view| view.message.reactions.has_others_than_likes());
        let views: Vec<_> = views.collect();
        if views.is_empty() {
            return Ok(());
        }
        let own = reactions::table
            .filter(among(reactions::message_id, views.iter().map(|view| view.message.id.get())))
            .filter(reactions::user_id.eq(viewer.get()))
            .filter(IsNoLike)
            .select((reactions::message_id, reactions::emoji));
        let rows: Vec<(i64, String)> = on_backend!(self, |connection| own.load(connection))?;
        let mut given: HashMap<i64, HashSet<Emoji>> = HashMap::new();
        for (message, emoji) in rows {
            given.entry(message).or_default().extend(Emoji::from_stored(&emoji));
        }
        for view in views {
            if let Some(given) = given.get(&view.message.id.get()) {
                let all = view.message.reactions.iter().map(|found| found.emoji);
                view.reacted = all.filter(|emoji| given.contains(emoji)).collect();
            }
        }
        Ok(())
    }

    pub(super) fn reactors(&mut self, query: &ReactionQuery) -> Result<Vec<Reactor>, StorageFault> {
        let after = query.after.map_or(i64::MIN, UserId::get);
        let listed = reactions::table
            .inner_join(users::table.on(users::id.eq(reactions::user_id)))
            .filter(reactions::message_id.eq(query.message.get()))
            .filter(reactions::emoji.eq(query.emoji.as_str()))
            .filter(reactions::user_id.gt(after))
            .order(reactions::user_id)
            .limit(query.limit.with_lookahead());
        let read: Vec<ReadReactor> = on_backend!(self, |connection| {
            let listed = listed.select((UserRefRow::as_select(), reactions::created_at));
            read_page::<_, _, ReactorRow, _>(connection, listed, query.limit)
        })?;
        Ok(read.into_iter().map(|ReadReactor(reactor)| reactor).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(column: Option<&str>, likes: i64) -> Vec<(&'static str, i64)> {
        from_column(column, likes).iter().map(|found| (found.emoji.as_str(), found.count)).collect()
    }

    #[test]
    fn likes_alone_need_no_column_and_are_a_reaction_all_the_same() {
        assert_eq!(shown(None, 3), [("👍", 3)]);
        assert_eq!(shown(None, 0), []);
        assert_eq!(to_column(&from_column(None, 3)), None);
    }

    #[test]
    fn the_column_keeps_the_order_and_the_number_of_likes_is_elsewhere() {
        let column = Some("🎉:3 👍 ❤️:1");
        assert_eq!(shown(column, 2), [("🎉", 3), ("👍", 2), ("❤️", 1)]);
        assert_eq!(to_column(&from_column(column, 2)).as_deref(), column);
        assert_eq!(shown(column, 0), [("🎉", 3), ("❤️", 1)]);
        assert_eq!(shown(Some("🎉:3"), 1), [("🎉", 3), ("👍", 1)]);
    }

    #[test]
    fn damage_takes_no_more_than_what_it_has_hit() {
        assert_eq!(shown(Some("🎉:x 😀:2 ?:1 🎉 :4 👍:9 🎉:-1 "), 1), [("😀", 2), ("👍", 1)]);
    }
}
