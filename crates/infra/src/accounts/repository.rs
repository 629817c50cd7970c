//! Users.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Nullable, Text};
use groupchat_domain::accounts::{
    AccountRepository, DisplayName, Email, HashCost, LockStrength, NewBot, NewUser, PasswordHash,
    PresenceSetting, ReceiptSetting, User, UserQuery, UserRef, Username, UsernameKey,
};
use groupchat_domain::ids::{UserId, Version};
use groupchat_domain::paging::NamePosition;
use groupchat_domain::storage::{StorageFault, Unique};
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::schema::users;
use crate::sql::inserted;
use crate::sql::locks;
use crate::sql::name_order::{Keyed, ListPart, NameList, read_part, users_by_name};
use crate::sql::unique;
use crate::tx::DbTx;

/// A user who is not deleted, and so has a name.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
struct UserRow {
    id: i64,
    #[diesel(select_expression = users::username.assume_not_null())]
    username: String,
    display_name: Option<String>,
    email: Option<String>,
    is_admin: bool,
    suspended: bool,
    owner_id: Option<i64>,
    presence_hidden: bool,
    receipts_hidden: bool,
    version: i64,
    created_at: i64,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId::new(row.id),
            username: Username::from_stored(row.username),
            display_name: row.display_name.map(DisplayName::from_stored),
            email: row.email.map(Email::from_stored),
            is_admin: row.is_admin,
            suspended: row.suspended,
            owner: row.owner_id.map(UserId::new),
            presence: if row.presence_hidden { PresenceSetting::Hidden } else { PresenceSetting::Shown },
            receipts: if row.receipts_hidden { ReceiptSetting::Hidden } else { ReceiptSetting::Shown },
            version: Version::new(row.version),
            created_at: Timestamp::from_micros(row.created_at),
        }
    }
}

/// A user as others see them, deleted or not. The names of deleted users are erased in the table itself.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRefRow {
    id: i64,
    username: Option<String>,
    display_name: Option<String>,
}

impl UserRefRow {
    /// The user's id.
    pub(crate) const fn id(&self) -> i64 {
        self.id
    }
}

impl From<UserRefRow> for UserRef {
    fn from(row: UserRefRow) -> Self {
        Self {
            id: UserId::new(row.id),
            username: row.username.map(Username::from_stored),
            display_name: row.display_name.map(DisplayName::from_stored),
        }
    }
}

/// What is stored where a bot would have the hash of a password. No password has this hash.
const NO_PASSWORD: &str = "!";

/// A user that is about to be stored.
#[derive(Insertable)]
#[diesel(table_name = users)]
struct NewUserRow<'a> {
    username: &'a str,
    username_key: String,
    display_name: Option<&'a str>,
    display_key: Option<String>,
    email: Option<&'a str>,
    is_admin: bool,
    password_hash: &'a str,
    owner_id: Option<i64>,
    version: i64,
    created_at: i64,
}

impl<'a> NewUserRow<'a> {
    /// One with these names, and neither password nor owner.
    fn named(username: &'a Username, display_name: Option<&'a DisplayName>, created_at: Timestamp) -> Self {
        Self {
            username: username.as_str(),
            username_key: username.key().into_string(),
            display_name: display_name.map(DisplayName::as_str),
            display_key: display_key(display_name),
            email: None,
            is_admin: false,
            password_hash: NO_PASSWORD,
            owner_id: None,
            version: Version::FIRST.get(),
            created_at: created_at.as_micros(),
        }
    }
}

/// The key by which a display name is searched.
fn display_key(name: Option<&DisplayName>) -> Option<String> {
    name.map(DisplayName::key)
}

impl DbTx<'_> {
    fn insert_user(&mut self, user: NewUserRow<'_>) -> Result<Unique<UserId>, StorageFault> {
        let row = diesel::insert_into(users::table)
            .values(user)
            .on_conflict_do_nothing() // The username is all that can collide.
            .returning(users::id);
        let id = on_backend!(self, |connection| row.get_result(connection).optional())?;
        Ok(inserted(id, UserId::new))
    }

    fn users_by_name(
        &mut self,
        query: &UserQuery,
        part: ListPart<'_>,
    ) -> Result<Vec<Keyed<User>>, StorageFault> {
        on_backend!(self, |connection| {
            let listed = users::table
                .select((users::username_key.assume_not_null(), UserRow::as_select()))
                .filter(users::deleted_at.is_null());
            let listed = users_by_name!(listed, query, part);
            read_part::<_, _, (String, UserRow), _>(connection, listed, part, query.limit)
        })
    }
}

impl From<(String, UserRow)> for Keyed<User> {
    fn from((key, row): (String, UserRow)) -> Self {
        Self { key, id: row.id, entry: row.into() }
    }
}

impl AccountRepository for DbTx<'_> {
    fn lock(&mut self, users: &[UserId], strength: LockStrength) -> Result<(), StorageFault> {
        self.lock(|connection| locks::users(connection, users, strength))
    }

    fn lock_admins(&mut self) -> Result<(), StorageFault> {
        self.lock(locks::admins)
    }

    fn find(&mut self, id: UserId) -> Result<Option<User>, StorageFault> {
        let found = users::table.filter(users::id.eq(id.get())).filter(users::deleted_at.is_null());
        Ok(on_backend!(self, |connection| found.select(UserRow::as_select()).first(connection).optional())?
            .map(User::from))
    }

    fn find_many(&mut self, ids: &[UserId]) -> Result<Vec<User>, StorageFault> {
        let ids: Vec<_> = ids.iter().map(|id| id.get()).collect();
        let found = users::table.filter(users::id.eq_any(ids)).filter(users::deleted_at.is_null());
        let rows = on_backend!(self, |connection| found.select(UserRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    fn find_by_username(&mut self, name: &UsernameKey) -> Result<Option<User>, StorageFault> {
        let found =
            users::table.filter(users::username_key.eq(name.as_str())).filter(users::deleted_at.is_null());
        Ok(on_backend!(self, |connection| found.select(UserRow::as_select()).first(connection).optional())?
            .map(User::from))
    }

    fn find_by_email(&mut self, email: &Email, most: u32) -> Result<Vec<User>, StorageFault> {
        // Written like the index.
        let has_email = sql::<Bool>("lower(email) = lower(").bind::<Text, _>(email.as_str()).sql(")");
        let found = users::table
            .filter(has_email)
            .filter(users::deleted_at.is_null())
            .order(users::id)
            .limit(most.into());
        let rows = on_backend!(self, |connection| found.select(UserRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    fn list(&mut self, query: &UserQuery) -> Result<Vec<NamePosition<User>>, StorageFault> {
        self.list_by_name(NameList::User, query.after.as_ref(), query.limit, |tx, part| {
            tx.users_by_name(query, part)
        })
    }

    fn insert(&mut self, user: &NewUser) -> Result<Unique<UserId>, StorageFault> {
        let named = NewUserRow::named(&user.username, user.display_name.as_ref(), user.created_at);
        self.insert_user(NewUserRow {
            email: user.email.as_ref().map(Email::as_str),
            is_admin: user.is_admin,
            password_hash: user.password.as_str(),
            ..named
        })
    }

    fn insert_bot(&mut self, bot: &NewBot) -> Result<Unique<UserId>, StorageFault> {
        let named = NewUserRow::named(&bot.username, bot.display_name.as_ref(), bot.created_at);
        self.insert_user(NewUserRow { owner_id: Some(bot.owner.get()), ..named })
    }

    fn bots(&mut self, owner: UserId, after: Option<UserId>, most: i64) -> Result<Vec<User>, StorageFault> {
        let bots = users::table
            .filter(users::owner_id.eq(owner.get()))
            .filter(users::id.gt(after.map_or(0, UserId::get)))
            .order(users::id)
            .limit(most);
        let rows = on_backend!(self, |connection| bots.select(UserRow::as_select()).load(connection))?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    fn update(&mut self, user: &User) -> Result<Unique<()>, StorageFault> {
        let id = user.id.get();
        let stored = users::table.filter(users::id.eq(id)).select(users::username_key.assume_not_null());
        let key: String = on_backend!(self, |connection| stored.first(connection))?;
        let new_key = user.username.key().into_string();
        let row = diesel::update(users::table.filter(users::id.eq(id))).set((
            users::username.eq(user.username.as_str()),
            users::username_key.eq(&new_key),
            users::display_name.eq(user.display_name.as_ref().map(DisplayName::as_str)),
            users::display_key.eq(display_key(user.display_name.as_ref())),
            users::email.eq(user.email.as_ref().map(Email::as_str)),
            users::is_admin.eq(user.is_admin),
            users::suspended.eq(user.suspended),
            users::owner_id.eq(user.owner.map(UserId::get)),
            users::presence_hidden.eq(user.presence == PresenceSetting::Hidden),
            users::receipts_hidden.eq(user.receipts == ReceiptSetting::Hidden),
            users::version.eq(user.version.get()),
        ));
        let updated =
            on_backend!(self, |connection| unique(connection, |connection| row.execute(connection)))?;
        if updated != Unique::Taken && new_key != key {
            self.note_rename(NameList::User, id, &key)?;
        }
        Ok(updated)
    }

    fn password(&mut self, id: UserId) -> Result<Option<PasswordHash>, StorageFault> {
        let hash = users::table
            .select(users::password_hash.assume_not_null())
            .filter(users::id.eq(id.get()))
            .filter(users::owner_id.is_null())
            .filter(users::deleted_at.is_null());
        let hash = on_backend!(self, |connection| hash.first(connection).optional())?;
        Ok(hash.map(PasswordHash::from_stored))
    }

    fn highest_hash_cost(&mut self) -> Result<Option<HashCost>, StorageFault> {
        // Written like the index, whose last entry is the highest.
        let cost = || sql::<Nullable<Text>>("substr(password_hash, 5, 2)");
        let highest =
            users::table.select(cost()).filter(users::deleted_at.is_null()).order(cost().desc()).limit(1);
        let highest = on_backend!(self, |connection| highest.first::<Option<String>>(connection).optional())?;
        // Two digits sort like their number. A text that is not a bcrypt hash states no cost.
        Ok(highest.flatten().and_then(|cost| cost.parse().ok()).map(HashCost))
    }

    fn set_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault> {
        let user = users::table.filter(users::id.eq(id.get())).filter(users::deleted_at.is_null());
        let change = diesel::update(user)
            .set((users::password_hash.eq(hash.as_str()), users::must_change_password.eq(false)));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn set_temporary_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault> {
        let user = users::table.filter(users::id.eq(id.get())).filter(users::deleted_at.is_null());
        let change = diesel::update(user)
            .set((users::password_hash.eq(hash.as_str()), users::must_change_password.eq(true)));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn renew_password(&mut self, id: UserId, hash: &PasswordHash) -> Result<(), StorageFault> {
        let user = users::table.filter(users::id.eq(id.get())).filter(users::deleted_at.is_null());
        let change = diesel::update(user).set(users::password_hash.eq(hash.as_str()));
        on_backend!(self, |connection| change.execute(connection)).map(drop)
    }

    fn mark_deleted(&mut self, id: UserId, at: Timestamp) -> Result<(), StorageFault> {
        const NOTHING: Option<&str> = None;
        let user = users::table.filter(users::id.eq(id.get())).filter(users::deleted_at.is_null());
        let change = diesel::update(user).set((
            users::username.eq(NOTHING),
            users::username_key.eq(NOTHING),
            users::display_name.eq(NOTHING),
            users::display_key.eq(NOTHING),
            users::email.eq(NOTHING),
            users::password_hash.eq(NOTHING),
            users::is_admin.eq(false),
            users::suspended.eq(false),
            users::owner_id.eq(None::<i64>),
            users::must_change_password.eq(false),
            users::presence_hidden.eq(false),
            users::receipts_hidden.eq(false),
            users::version.eq(users::version + 1),
            users::deleted_at.eq(at.as_micros()),
        ));
        on_backend!(self, |connection| change.execute(connection))?;
        self.forget_names(NameList::User, id.get())
    }

    fn count_admins(&mut self) -> Result<u64, StorageFault> {
        // No deleted user is an admin. Written like the partial index of admins.
        let admins = users::table.filter(users::is_admin).filter(users::suspended.eq(false)).count();
        on_backend!(self, |connection| admins.get_result::<i64>(connection)).map(i64::unsigned_abs)
    }

    fn any_ever(&mut self) -> Result<bool, StorageFault> {
        let any = diesel::select(diesel::dsl::exists(users::table.select(users::id)));
        on_backend!(self, |connection| any.get_result(connection))
    }
}
