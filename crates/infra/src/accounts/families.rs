//! Sessions with a refresh token.

use diesel::prelude::*;
use groupchat_domain::accounts::{Family, KeyHash, KeySpans, LastRefresh, Rotation, Salt};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use super::sessions::ActorRow;
use crate::check::number;
use crate::connection::{Connection, on_backend};
use crate::schema::{sessions, users};
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to change.
diesel::alias!(const PICKED: Alias<PickedFamily> = sessions as picked_family);

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct FamilyRow {
    id: i64,
    user_id: i64,
    expires_at: i64,
    #[diesel(select_expression = sessions::key_expires_at.assume_not_null())]
    key_expires_at: i64,
    #[diesel(select_expression = sessions::refresh_ends_at.assume_not_null())]
    refresh_ends_at: i64,
    #[diesel(select_expression = sessions::refresh_hash.assume_not_null())]
    refresh_hash: Vec<u8>,
    refresh_previous: Option<Vec<u8>>,
    refresh_salt: Option<Vec<u8>>,
    rotated_at: Option<i64>,
}

impl From<FamilyRow> for Family {
    fn from(row: FamilyRow) -> Self {
        let last = row.refresh_previous.zip(row.rotated_at).map(|(verifier, at)| LastRefresh {
            verifier: KeyHash::new(digest(&verifier)),
            salt: row.refresh_salt.map(|salt| Salt::new(digest(&salt))),
            at: Timestamp::from_micros(at),
        });
        Self {
            session: SessionId::new(row.id),
            user: UserId::new(row.user_id),
            key_expires_at: Timestamp::from_micros(row.key_expires_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            ends_at: Timestamp::from_micros(row.refresh_ends_at),
            verifier: KeyHash::new(digest(&row.refresh_hash)),
            last,
        }
    }
}

/// Whether the table has refresh tokens: a backup may be older.
const HAS_TOKENS_ON_SQLITE: &str =
    "SELECT count(*) AS number FROM pragma_table_info('sessions') WHERE name = 'refresh_selector'";
#[cfg(feature = "postgres")]
const HAS_TOKENS_ON_POSTGRES: &str = "SELECT count(*) AS number FROM pg_attribute \
    WHERE attrelid = 'sessions'::regclass AND attname = 'refresh_selector'";

/// Forgets all refresh tokens after a restore: clients have got others since the backup, which would seem to be stolen.
/// The keys of now go on until they expire.
///
/// # Errors
/// The failure of a statement.
pub(crate) fn forget_tokens(connection: &mut Connection<'_>) -> QueryResult<()> {
    let has_tokens = match connection {
        Connection::Sqlite(_) => HAS_TOKENS_ON_SQLITE,
        #[cfg(feature = "postgres")]
        Connection::Postgres(_) => HAS_TOKENS_ON_POSTGRES,
    };
    if number(connection, has_tokens)? == 0 {
        return Ok(());
    }
    let nothing = None::<Vec<u8>>;
    let never = None::<i64>;
    let change = diesel::update(sessions::table.filter(sessions::refresh_selector.is_not_null())).set((
        sessions::expires_at.eq(sessions::key_expires_at.assume_not_null()),
        sessions::key_expires_at.eq(never),
        sessions::key_previous.eq(&nothing),
        sessions::key_previous_until.eq(never),
        sessions::refresh_selector.eq(&nothing),
        sessions::refresh_hash.eq(&nothing),
        sessions::refresh_ends_at.eq(never),
        sessions::refresh_previous.eq(&nothing),
        sessions::refresh_salt.eq(&nothing),
        sessions::rotated_at.eq(never),
    ));
    on_backend!(connection, |connection| change.execute(connection)).map(drop)
}

/// The bytes of a digest. The schema sees to their number; a damaged one is that of nothing.
pub(super) fn digest(stored: &[u8]) -> [u8; 32] {
    stored.try_into().unwrap_or_default()
}

impl DbTx<'_> {
    /// The holder of a key that a refresh has just replaced.
    pub(super) fn holder_of_previous(
        &mut self,
        key: &KeyHash,
        now: Timestamp,
    ) -> Result<Option<ActorRow>, StorageFault> {
        let KeySpans { previous: span, .. } = KeySpans::at(now);
        let holder = sessions::table
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            .filter(sessions::key_previous.eq(key.as_bytes().as_slice()))
            .filter(sessions::key_previous_until.gt(span.after.as_micros()))
            .filter(sessions::key_previous_until.le(span.until.as_micros()))
            .filter(sessions::expires_at.gt(now.as_micros()))
            .filter(users::deleted_at.is_null())
            .filter(users::suspended.eq(false));
        on_backend!(self, |connection| holder.select(ActorRow::as_select()).first(connection).optional())
    }

    /// The session of a selector.
    pub(super) fn family(
        &mut self,
        selector: &KeyHash,
        now: Timestamp,
    ) -> Result<Option<Family>, StorageFault> {
        let family = sessions::table
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            .filter(sessions::refresh_selector.eq(selector.as_bytes().as_slice()))
            .filter(sessions::expires_at.gt(now.as_micros()))
            .filter(users::deleted_at.is_null())
            .filter(users::suspended.eq(false));
        Ok(on_backend!(self, |connection| family
            .select(FamilyRow::as_select())
            .first(connection)
            .optional())?
        .map(Family::from))
    }

    /// Stores a refresh.
    pub(super) fn rotate_family(&mut self, rotation: &Rotation) -> Result<bool, StorageFault> {
        let session = sessions::table
            .filter(sessions::id.eq(rotation.session.get()))
            .filter(sessions::refresh_selector.is_not_null());
        let change = diesel::update(session).set((
            sessions::key_previous.eq(sessions::key_hash.nullable()),
            sessions::key_previous_until.eq(rotation.previous_key_until.as_micros()),
            sessions::key_hash.eq(rotation.key.as_bytes().as_slice()),
            sessions::key_expires_at.eq(rotation.key_expires_at.as_micros()),
            sessions::refresh_previous.eq(sessions::refresh_hash),
            sessions::refresh_hash.eq(rotation.verifier.as_bytes().as_slice()),
            sessions::refresh_salt.eq(rotation.salt.as_bytes().as_slice()),
            sessions::rotated_at.eq(rotation.at.as_micros()),
            sessions::expires_at.eq(rotation.expires_at.as_micros()),
        ));
        on_backend!(self, |connection| change.execute(connection)).map(|rows| rows > 0)
    }

    /// Removes old salts.
    pub(super) fn remove_old_salts(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let old = PICKED
            .select(PICKED.field(sessions::id))
            .filter(PICKED.field(sessions::refresh_salt).is_not_null())
            .filter(PICKED.field(sessions::rotated_at).lt(before.as_micros()))
            .order(PICKED.field(sessions::rotated_at))
            .limit(limit);
        let change = diesel::update(sessions::table.filter(sessions::id.eq_any(old)))
            .set(sessions::refresh_salt.eq(None::<Vec<u8>>));
        on_backend!(self, |connection| change.execute(connection))
    }
}
