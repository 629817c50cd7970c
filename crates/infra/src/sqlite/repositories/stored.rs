//! Words of the domain as columns hold them. Reading a word that the program doesn't know is an error.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::sql_types::Text;
use groupchat_domain::accounts::SessionKind;
use groupchat_domain::groups::{Role, Visibility};

/// A member's role.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(super) struct StoredRole(pub(super) Role);

/// A group's visibility.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(super) struct StoredVisibility(pub(super) Visibility);

/// A session's kind.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(super) struct StoredSessionKind(pub(super) SessionKind);

/// How a session's kind is written.
pub(super) const fn session_kind(kind: SessionKind) -> &'static str {
    match kind {
        SessionKind::Login => "login",
        SessionKind::Provisioned => "provisioned",
    }
}

impl<DB: Backend> FromSql<Text, DB> for StoredRole
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        find(value, &Role::ALL, Role::as_str).map(Self)
    }
}

impl<DB: Backend> FromSql<Text, DB> for StoredVisibility
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        find(value, &[Visibility::Public], Visibility::as_str).map(Self)
    }
}

impl<DB: Backend> FromSql<Text, DB> for StoredSessionKind
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        find(value, &[SessionKind::Login, SessionKind::Provisioned], session_kind).map(Self)
    }
}

/// The one among `known` that is written like this.
fn find<DB: Backend, T: Copy>(
    value: DB::RawValue<'_>,
    known: &[T],
    written: impl Fn(T) -> &'static str,
) -> deserialize::Result<T>
where
    String: FromSql<Text, DB>,
{
    let word = <String as FromSql<Text, DB>>::from_sql(value)?;
    let found = known.iter().copied().find(|&candidate| written(candidate) == word);
    found.ok_or_else(|| format!("the database holds an unknown word: {word:?}").into())
}
