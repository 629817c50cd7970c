//! Whom users have blocked.

use diesel::dsl::auto_type;
use diesel::prelude::*;
use groupchat_domain::accounts::{Block, BlockQuery, BlockRepository};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::schema::{blocks, users};
use crate::sql::keys::among_pairs;
use crate::sql::row_count;
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to remove.
diesel::alias!(const PICKED: Alias<PickedBlocks> = blocks as picked_blocks);

#[derive(Queryable, Selectable)]
#[diesel(table_name = blocks)]
struct BlockRow {
    #[diesel(embed)]
    user: UserRefRow,
    created_at: i64,
}

impl From<BlockRow> for Block {
    fn from(row: BlockRow) -> Self {
        Self { user: row.user.into(), created_at: Timestamp::from_micros(row.created_at) }
    }
}

/// The blocks that a user has made, of users whose accounts are not deleted.
#[auto_type]
fn blocked_by(user: i64) -> _ {
    blocks::table
        .inner_join(users::table.on(users::id.eq(blocks::blocked_id)))
        .filter(blocks::user_id.eq(user))
        .filter(users::deleted_at.is_null())
}

impl BlockRepository for DbTx<'_> {
    fn find(&mut self, user: UserId, blocked: UserId) -> Result<Option<Block>, StorageFault> {
        let found = blocked_by(user.get()).filter(blocks::blocked_id.eq(blocked.get()));
        Ok(on_backend!(self, |connection| found.select(BlockRow::as_select()).first(connection).optional())?
            .map(Block::from))
    }

    fn list(&mut self, query: &BlockQuery) -> Result<Vec<Block>, StorageFault> {
        let listed = blocked_by(query.user.get())
            .filter(blocks::blocked_id.gt(query.after.map_or(0, UserId::get)))
            .order(blocks::blocked_id)
            .limit(query.limit.with_lookahead());
        let rows = on_backend!(self, |connection| listed.select(BlockRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(Block::from).collect())
    }

    fn count(&mut self, user: UserId, most: u32) -> Result<u32, StorageFault> {
        let made = blocked_by(user.get()).select(blocks::blocked_id).limit(most.into());
        let made: Vec<i64> = on_backend!(self, |connection| made.load(connection))?;
        Ok(u32::try_from(made.len()).unwrap_or(most))
    }

    fn any_between(&mut self, user: UserId, others: &[UserId]) -> Result<bool, StorageFault> {
        let (user, others): (i64, Vec<i64>) = (user.get(), others.iter().map(|other| other.get()).collect());
        let made = blocks::user_id.eq(user).and(blocks::blocked_id.eq_any(others.clone()));
        let met = blocks::blocked_id.eq(user).and(blocks::user_id.eq_any(others));
        let found = blocks::table.filter(made.or(met)).select(blocks::user_id).limit(1);
        let found: Option<i64> = on_backend!(self, |connection| found.first(connection).optional())?;
        Ok(found.is_some())
    }

    fn find_many(&mut self, pairs: &[(UserId, UserId)]) -> Result<Vec<(UserId, UserId)>, StorageFault> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let pairs = pairs.iter().map(|(user, other)| (user.get(), other.get())).collect();
        let found = blocks::table
            .filter(among_pairs((blocks::user_id, blocks::blocked_id), pairs))
            .select((blocks::user_id, blocks::blocked_id));
        let rows: Vec<(i64, i64)> = on_backend!(self, |connection| found.load(connection))?;
        Ok(rows.into_iter().map(|(user, other)| (UserId::new(user), UserId::new(other))).collect())
    }

    fn insert(&mut self, user: UserId, blocked: UserId, at: Timestamp) -> Result<(), StorageFault> {
        let row = diesel::insert_into(blocks::table).values((
            blocks::user_id.eq(user.get()),
            blocks::blocked_id.eq(blocked.get()),
            blocks::created_at.eq(at.as_micros()),
        ));
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, user: UserId, blocked: UserId) -> Result<bool, StorageFault> {
        let block = blocks::table.find((user.get(), blocked.get()));
        on_backend!(self, |connection| diesel::delete(block).execute(connection)).map(|rows| rows > 0)
    }

    fn purge(&mut self, user: UserId, limit: i64) -> Result<bool, StorageFault> {
        let user = user.get();
        let made = PICKED
            .select(PICKED.field(blocks::blocked_id))
            .filter(PICKED.field(blocks::user_id).eq(user))
            .order(PICKED.field(blocks::blocked_id))
            .limit(limit);
        let made = blocks::table.filter(blocks::user_id.eq(user)).filter(blocks::blocked_id.eq_any(made));
        let removed = on_backend!(self, |connection| diesel::delete(made).execute(connection))?;
        let left = limit - row_count(removed);
        if left == 0 {
            return Ok(false);
        }
        let makers = PICKED
            .select(PICKED.field(blocks::user_id))
            .filter(PICKED.field(blocks::blocked_id).eq(user))
            .order(PICKED.field(blocks::user_id))
            .limit(left);
        let of_others =
            blocks::table.filter(blocks::blocked_id.eq(user)).filter(blocks::user_id.eq_any(makers));
        let removed = on_backend!(self, |connection| diesel::delete(of_others).execute(connection))?;
        Ok(row_count(removed) < left)
    }
}
