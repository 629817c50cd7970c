//! Sessions.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromStaticSqlRow, Queryable};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use groupchat_domain::accounts::{
    Actor, DeviceName, FactorStanding, Family, KeyHash, KeySpans, NewSession, Origin, Rotation, Session,
    SessionKind, SessionQuery, SessionRepository,
};
use groupchat_domain::factors::HalfLoginRepository;
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::accounts::acting::CanAct;
use crate::accounts::repository::UserRefRow;
use crate::connection::{on_backend, read_page};
use crate::executor::maintenance::store_uses;
use crate::schema::{sessions, users};
use crate::sql::functions::coalesce;
use crate::sql::stored::{PROVISIONED, StoredKind, TOKEN, session_kind};
use crate::tx::DbTx;

// A second name of the table, for subqueries that select the rows to remove.
diesel::alias!(const PICKED: Alias<Picked> = sessions as picked);

/// The maximum number of excess sessions that one command ends.
const END_BATCH: i64 = 500;

/// The columns that say how a session was created, and what it is for.
pub(super) struct KindRow(SessionKind);

type KindSql = (Text, Nullable<Text>, Nullable<Text>);

impl<DB: Backend> Queryable<KindSql, DB> for KindRow
where
    (String, Option<String>, Option<String>): FromStaticSqlRow<KindSql, DB>,
{
    type Row = (String, Option<String>, Option<String>);

    fn build((kind, scopes, group_ids): Self::Row) -> deserialize::Result<Self> {
        session_kind(&kind, scopes.as_deref(), group_ids.as_deref()).map(Self)
    }
}

impl<DB: Backend> Selectable<DB> for KindRow {
    type SelectExpression = (sessions::kind, sessions::scopes, sessions::group_ids);

    fn construct_selection() -> Self::SelectExpression {
        (sessions::kind, sessions::scopes, sessions::group_ids)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct SessionRow {
    id: i64,
    #[diesel(embed)]
    kind: KindRow,
    name: Option<String>,
    created_at: i64,
    expires_at: i64,
    key_expires_at: Option<i64>,
    last_used_at: Option<i64>,
    user_agent: Option<String>,
    address: Option<String>,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        Self {
            id: SessionId::new(row.id),
            kind: row.kind.0,
            name: row.name.map(DeviceName::from_stored),
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: Timestamp::from_micros(row.expires_at),
            key_expires_at: row.key_expires_at.map(Timestamp::from_micros),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
            user_agent: row.user_agent,
            address: row.address,
        }
    }
}

/// The part of a session that a request needs.
#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
pub(super) struct ActorRow {
    #[diesel(embed)]
    user: UserRefRow,
    id: i64,
    #[diesel(embed)]
    kind: KindRow,
    #[diesel(select_expression = users::must_change_password)]
    must_change_password: bool,
    #[diesel(select_expression = users::is_admin)]
    is_admin: bool,
    #[diesel(select_expression = users::owner_id)]
    owner_id: Option<i64>,
}

impl From<ActorRow> for Actor {
    fn from(row: ActorRow) -> Self {
        Self {
            user: row.user.into(),
            session: SessionId::new(row.id),
            session_kind: row.kind.0,
            must_change_password: row.must_change_password,
            factor: FactorStanding { is_admin: row.is_admin, owner: row.owner_id.map(UserId::new) },
            origin: Origin::UNKNOWN,
        }
    }
}

impl DbTx<'_> {
    /// Forgets the keys of a user's ended sessions, and returns whether there were any.
    pub(super) fn forget_some(&self, user: UserId, ended: &[i64]) -> bool {
        if ended.is_empty() {
            return false;
        }
        self.activity.forget_ended(user, |session| ended.contains(&session.get()));
        true
    }

    /// The holder of a session. A bot is one only while its owner is neither suspended nor deleted. Only bots take another
    /// statement.
    fn unless_owner_is_gone(&mut self, found: Option<ActorRow>) -> Result<Option<Actor>, StorageFault> {
        let Some(row) = found else { return Ok(None) };
        let Some(owner) = row.owner_id else { return Ok(Some(row.into())) };
        let owner = users::table
            .filter(users::id.eq(owner))
            .filter(users::deleted_at.is_null())
            .filter(users::suspended.eq(false))
            .select(users::id);
        let owner = on_backend!(self, |connection| owner.first::<i64>(connection).optional())?;
        Ok(owner.map(|_| row.into()))
    }
}

impl SessionRepository for DbTx<'_> {
    fn authenticate(&mut self, key: &KeyHash, now: Timestamp) -> Result<Option<Actor>, StorageFault> {
        let KeySpans { key: span, .. } = KeySpans::at(now);
        let is_good = sessions::key_expires_at.is_null().or(sessions::key_expires_at
            .gt(span.after.as_micros())
            .and(sessions::key_expires_at.le(span.until.as_micros())));
        let holder = sessions::table
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            .filter(sessions::key_hash.eq(key.as_bytes().as_slice()))
            .filter(sessions::expires_at.gt(now.as_micros()))
            .filter(is_good.assume_not_null())
            .filter(users::deleted_at.is_null())
            .filter(users::suspended.eq(false));
        let mut found = on_backend!(self, |connection| holder
            .select(ActorRow::as_select())
            .first(connection)
            .optional())?;
        if found.is_none() {
            // Only then, so that a good key costs nothing more.
            found = self.holder_of_previous(key, now)?;
        }
        if found.is_none() {
            // In whatever way the session has ended: it may have expired, or another server may have ended it.
            self.activity.forget(key);
        }
        self.unless_owner_is_gone(found)
    }

    fn holder(&mut self, session: SessionId, now: Timestamp) -> Result<Option<Actor>, StorageFault> {
        let holder = sessions::table
            .inner_join(users::table.on(users::id.eq(sessions::user_id)))
            .filter(sessions::id.eq(session.get()))
            .filter(sessions::expires_at.gt(now.as_micros()))
            .filter(users::deleted_at.is_null())
            .filter(users::suspended.eq(false));
        let found = on_backend!(self, |connection| holder
            .select(ActorRow::as_select())
            .first(connection)
            .optional())?;
        self.unless_owner_is_gone(found)
    }

    fn acting(&mut self, user: UserId) -> Result<Option<Actor>, StorageFault> {
        let found =
            users::table.filter(users::id.eq(user.get())).filter(users::deleted_at.is_null()).filter(CanAct);
        let row: Option<(UserRefRow, bool, bool, Option<i64>)> = on_backend!(self, |connection| found
            .select((UserRefRow::as_select(), users::must_change_password, users::is_admin, users::owner_id))
            .first(connection)
            .optional())?;
        Ok(row.map(|(user, must_change_password, is_admin, owner)| Actor {
            user: user.into(),
            session: SessionId::NONE,
            session_kind: SessionKind::Login,
            must_change_password,
            factor: FactorStanding { is_admin, owner: owner.map(UserId::new) },
            origin: Origin::UNKNOWN,
        }))
    }

    fn insert(&mut self, session: &NewSession) -> Result<SessionId, StorageFault> {
        let refresh = session.refresh.as_ref();
        let kind = StoredKind::from(&session.kind);
        let row = diesel::insert_into(sessions::table)
            .values((
                sessions::user_id.eq(session.user.get()),
                sessions::kind.eq(kind.kind),
                sessions::scopes.eq(kind.scopes),
                sessions::group_ids.eq(kind.group_ids),
                sessions::key_hash.eq(session.key.as_bytes().as_slice()),
                sessions::created_at.eq(session.created_at.as_micros()),
                sessions::expires_at.eq(session.expires_at.as_micros()),
                sessions::user_agent.eq(session.client.user_agent.as_deref()),
                sessions::address.eq(session.client.address.map(|address| address.to_string())),
                sessions::name.eq(session.name.as_ref().map(DeviceName::as_str)),
                sessions::key_expires_at.eq(refresh.map(|new| new.key_expires_at.as_micros())),
                sessions::refresh_selector.eq(refresh.map(|new| new.hashes.selector.as_bytes().as_slice())),
                sessions::refresh_hash.eq(refresh.map(|new| new.hashes.verifier.as_bytes().as_slice())),
                sessions::refresh_ends_at.eq(refresh.map(|new| new.ends_at.as_micros())),
            ))
            .returning(sessions::id);
        on_backend!(self, |connection| row.get_result(connection)).map(SessionId::new)
    }

    fn find_family(&mut self, selector: &KeyHash, now: Timestamp) -> Result<Option<Family>, StorageFault> {
        self.family(selector, now)
    }

    fn rotate(&mut self, rotation: &Rotation) -> Result<bool, StorageFault> {
        self.rotate_family(rotation)
    }

    fn remove_salts(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        self.remove_old_salts(before, limit)
    }

    fn list(&mut self, query: &SessionQuery) -> Result<Vec<Session>, StorageFault> {
        let listed = sessions::table
            .filter(sessions::user_id.eq(query.user.get()))
            .filter(sessions::kind.ne(TOKEN))
            .filter(sessions::id.lt(query.below.map_or(i64::MAX, SessionId::get)))
            .filter(sessions::expires_at.gt(query.now.as_micros()))
            .order(sessions::id.desc())
            .limit(query.limit.with_lookahead());
        on_backend!(self, |connection| {
            let listed = listed.select(SessionRow::as_select());
            read_page::<_, _, SessionRow, _>(connection, listed, query.limit)
        })
    }

    fn end(&mut self, user: UserId, session: SessionId) -> Result<bool, StorageFault> {
        let ended = sessions::table
            .filter(sessions::id.eq(session.get()))
            .filter(sessions::user_id.eq(user.get()))
            .filter(sessions::kind.ne(TOKEN));
        let ended = diesel::delete(ended).returning(sessions::id);
        let ended = on_backend!(self, |connection| ended.get_results(connection))?;
        Ok(self.forget_some(user, &ended))
    }

    fn end_all(&mut self, user: UserId, except: Option<SessionId>) -> Result<bool, StorageFault> {
        HalfLoginRepository::remove_all(self, user)?;
        // No session has the id 0.
        let kept = except.map_or(0, SessionId::get);
        let ended = sessions::table
            .filter(sessions::user_id.eq(user.get()))
            .filter(sessions::id.ne(kept))
            .filter(sessions::kind.ne(TOKEN));
        let ended = diesel::delete(ended).returning(sessions::id);
        let ended = on_backend!(self, |connection| ended.get_results(connection))?;
        Ok(self.forget_some(user, &ended))
    }

    fn end_idlest(&mut self, user: UserId, now: Timestamp, keep: u32) -> Result<bool, StorageFault> {
        let valid = sessions::table
            .filter(sessions::user_id.eq(user.get()))
            .filter(sessions::expires_at.gt(now.as_micros()))
            .filter(sessions::kind.ne(TOKEN))
            .select(sessions::id)
            .limit(1)
            .offset(keep.into());
        let one_too_many = on_backend!(self, |connection| valid.get_result::<i64>(connection).optional())?;
        if one_too_many.is_none() {
            return Ok(false);
        }
        // The latest uses may not be stored yet, and a session in use would seem to be unused.
        let uses = self.activity().unstored_of(user);
        self.run(|connection| store_uses(connection, &uses))?;
        self.activity().written(&uses);
        let surplus = PICKED
            .select(PICKED.field(sessions::id))
            .filter(PICKED.field(sessions::user_id).eq(user.get()))
            .filter(PICKED.field(sessions::expires_at).gt(now.as_micros()))
            .filter(PICKED.field(sessions::kind).ne(TOKEN))
            .order((
                coalesce(PICKED.field(sessions::last_used_at), PICKED.field(sessions::created_at)).desc(),
                PICKED.field(sessions::id).desc(),
            ))
            .limit(END_BATCH)
            .offset(keep.into());
        let ended =
            diesel::delete(sessions::table.filter(sessions::id.eq_any(surplus))).returning(sessions::id);
        let ended = on_backend!(self, |connection| ended.get_results(connection))?;
        Ok(self.forget_some(user, &ended))
    }

    fn end_provisioned(&mut self, user: UserId) -> Result<bool, StorageFault> {
        let ended =
            sessions::table.filter(sessions::user_id.eq(user.get())).filter(sessions::kind.eq(PROVISIONED));
        let ended = diesel::delete(ended).returning(sessions::id);
        let ended = on_backend!(self, |connection| ended.get_results(connection))?;
        Ok(self.forget_some(user, &ended))
    }

    fn remove_expired(&mut self, now: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let expired = PICKED
            .select(PICKED.field(sessions::id))
            .filter(PICKED.field(sessions::expires_at).le(now.as_micros()))
            .order(PICKED.field(sessions::expires_at))
            .limit(limit);
        let removed = sessions::table.filter(sessions::id.eq_any(expired));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection))
    }
}
