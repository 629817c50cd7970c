//! Drafts.

use diesel::prelude::*;
use groupchat_domain::ids::{GroupId, MessageId, UserId, Version};
use groupchat_domain::messages::Excerpt;
use groupchat_domain::saved::{Draft, DraftOutline, DraftPlace, DraftRepository, DraftText};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::messages::quotes::READ;
use crate::schema::drafts;
use crate::sql::functions::substr;
use crate::sql::keys::among_triples;
use crate::tx::DbTx;

/// Stands for no thread; no message has this id.
const NO_ROOT: i64 = 0;

/// The columns of a draft that are its key.
type Key = (i64, i64, i64);

#[derive(Queryable, Selectable)]
#[diesel(table_name = drafts)]
struct DraftRow {
    user_id: i64,
    group_id: i64,
    root_id: i64,
    text: String,
    version: i64,
    updated_at: i64,
}

impl From<DraftRow> for Draft {
    fn from(row: DraftRow) -> Self {
        Self {
            place: place(row.user_id, row.group_id, row.root_id),
            text: DraftText::from_stored(row.text),
            version: Version::new(row.version),
            updated_at: Timestamp::from_micros(row.updated_at),
        }
    }
}

fn place(user: i64, group: i64, root: i64) -> DraftPlace {
    let thread = Some(root).filter(|root| *root != NO_ROOT).map(MessageId::new);
    DraftPlace { user: UserId::new(user), group: GroupId::new(group), thread }
}

fn key(place: &DraftPlace) -> Key {
    (place.user.get(), place.group.get(), place.thread.map_or(NO_ROOT, MessageId::get))
}

impl DraftRepository for DbTx<'_> {
    fn find(&mut self, place: &DraftPlace) -> Result<Option<Draft>, StorageFault> {
        let found = drafts::table.find(key(place));
        let row: Option<DraftRow> =
            on_backend!(self, |connection| found.select(DraftRow::as_select()).first(connection).optional())?;
        Ok(row.map(Draft::from))
    }

    fn find_many(&mut self, places: &[DraftPlace]) -> Result<Vec<Draft>, StorageFault> {
        if places.is_empty() {
            return Ok(Vec::new());
        }
        let keys = places.iter().map(key).collect();
        let columns = (drafts::user_id, drafts::group_id, drafts::root_id);
        let found = drafts::table.filter(among_triples(columns, keys));
        let rows: Vec<DraftRow> =
            on_backend!(self, |connection| found.select(DraftRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(Draft::from).collect())
    }

    fn outlines(&mut self, user: UserId) -> Result<Vec<DraftOutline>, StorageFault> {
        let all = drafts::table
            .filter(drafts::user_id.eq(user.get()))
            .select((
                drafts::group_id,
                drafts::root_id,
                substr(drafts::text.nullable(), 1, READ),
                drafts::version,
                drafts::updated_at,
            ))
            .order((drafts::group_id, drafts::root_id));
        let rows: Vec<(i64, i64, Option<String>, i64, i64)> =
            on_backend!(self, |connection| all.load(connection))?;
        let outline =
            |(group, root, beginning, version, updated_at): (i64, i64, Option<String>, i64, i64)| {
                DraftOutline {
                    place: place(user.get(), group, root),
                    beginning: Excerpt::of(&beginning.unwrap_or_default()),
                    version: Version::new(version),
                    updated_at: Timestamp::from_micros(updated_at),
                }
            };
        Ok(rows.into_iter().map(outline).collect())
    }

    fn count(&mut self, user: UserId) -> Result<i64, StorageFault> {
        let all = drafts::table.filter(drafts::user_id.eq(user.get())).count();
        on_backend!(self, |connection| all.get_result(connection))
    }

    fn put(&mut self, draft: &Draft) -> Result<(), StorageFault> {
        let (user, group, root) = key(&draft.place);
        let content = (
            drafts::text.eq(draft.text.as_str()),
            drafts::version.eq(draft.version.get()),
            drafts::updated_at.eq(draft.updated_at.as_micros()),
        );
        let key = (drafts::user_id.eq(user), drafts::group_id.eq(group), drafts::root_id.eq(root));
        let row = diesel::insert_into(drafts::table)
            .values((key, content))
            .on_conflict((drafts::user_id, drafts::group_id, drafts::root_id))
            .do_update()
            .set(content);
        on_backend!(self, |connection| row.execute(connection)).map(drop)
    }

    fn remove(&mut self, place: &DraftPlace) -> Result<bool, StorageFault> {
        let row = drafts::table.find(key(place));
        on_backend!(self, |connection| diesel::delete(row).execute(connection)).map(|rows| rows > 0)
    }
}

/// Removes the drafts of a user in a group, of which there are at most as many as a user may have.
pub(crate) fn remove_drafts(tx: &mut DbTx<'_>, group: i64, user: i64) -> Result<(), StorageFault> {
    let theirs = drafts::table.filter(drafts::user_id.eq(user)).filter(drafts::group_id.eq(group));
    on_backend!(tx, |connection| diesel::delete(theirs).execute(connection)).map(drop)
}
