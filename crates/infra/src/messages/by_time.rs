//! Messages in the order by time.

use diesel::prelude::*;
use groupchat_domain::ids::UserId;
use groupchat_domain::messages::{MessageView, TimePlace, TimeQuery};
use groupchat_domain::storage::StorageFault;

use crate::connection::{on_backend, read_page};
use crate::messages::repository::{MessageViewRow, stored_root_seq, viewed};
use crate::schema::messages;
use crate::tx::DbTx;

/// Adds the order to messages, and reads a page of them. A macro, because each order and each selection is another type.
macro_rules! in_order {
    ($tx:expr, $query:expr, $listed:expr) => {
        if $query.ascending {
            let listed = $listed.order((messages::created_at.asc(), messages::seq.asc()));
            read!($tx, $query, listed)
        } else {
            let listed = $listed.order((messages::created_at.desc(), messages::seq.desc()));
            read!($tx, $query, listed)
        }
    };
}

macro_rules! read {
    ($tx:expr, $query:expr, $listed:expr) => {
        on_backend!($tx, |connection| {
            let listed = $listed.select(MessageViewRow::as_select());
            read_page::<_, _, MessageViewRow, _>(connection, listed, $query.limit)
        })
    };
}

impl DbTx<'_> {
    /// The messages between two places in the order by time. The index finds the times; where these are equal, the numbers
    /// decide.
    pub(super) fn messages_by_time(&mut self, query: &TimeQuery) -> Result<Vec<MessageView>, StorageFault> {
        let TimePlace { at: after, seq: after_seq } = query.after;
        let TimePlace { at: before, seq: before_seq } = query.before;
        let (after, before) = (after.as_micros(), before.as_micros());
        let listed = viewed(query.group.get(), query.viewer.get())
            .filter(messages::root_seq.eq(stored_root_seq(query.thread)))
            .filter(messages::created_at.ge(after))
            .filter(messages::created_at.gt(after).or(messages::seq.gt(after_seq.get())))
            .filter(messages::created_at.le(before))
            .filter(messages::created_at.lt(before).or(messages::seq.lt(before_seq.get())))
            .filter(messages::seq.gt(query.above.get()))
            .limit(query.limit.with_lookahead());
        let mut views: Vec<MessageView> = match query.author.map(UserId::get) {
            Some(author) => in_order!(self, query, listed.filter(messages::author_id.eq(author))),
            None => in_order!(self, query, listed),
        }?;
        self.add_own_reactions(query.viewer, &mut views)?;
        Ok(views)
    }
}
