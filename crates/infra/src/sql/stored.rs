//! Words of the domain as stored in columns. Reading a word that the program doesn't know is an error.

use std::error::Error;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::sql_types::{BigInt, Text};
use groupchat_domain::accounts::SessionKind;
use groupchat_domain::events::EventType;
use groupchat_domain::groups::{History, Notify, SlowMode, Visibility};
use groupchat_domain::messages::Emoji;
use groupchat_domain::permissions::ServerPermissionSet;

/// A like is this reaction.
pub(crate) const LIKE: &str = Emoji::LIKE.as_str();

/// What a member wants to be notified of.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredNotify(pub(crate) Notify);

/// A group's slow mode, in seconds.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredSlowMode(pub(crate) SlowMode);

/// What a role on the server allows.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredServerPermissions(pub(crate) ServerPermissionSet);

/// A group's visibility.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredVisibility(pub(crate) Visibility);

/// Which messages the members of a group read.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredHistory(pub(crate) History);

/// A session's kind.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredSessionKind(pub(crate) SessionKind);

/// An event's type.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredEventType(pub(crate) EventType);

/// The emoji of an event. `None` if this program doesn't know it: a newer one, with a newer list of emoji, may write
/// into the same database.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredEmoji(pub(crate) Option<Emoji>);

/// How a session's kind is written.
pub(crate) const fn session_kind(kind: SessionKind) -> &'static str {
    match kind {
        SessionKind::Login => "login",
        SessionKind::Provisioned => "provisioned",
    }
}

impl<DB: Backend> FromSql<Text, DB> for StoredNotify
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        find(value, &Notify::ALL, Notify::as_str).map(Self)
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for StoredSlowMode
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let seconds = <i64 as FromSql<BigInt, DB>>::from_sql(value)?;
        SlowMode::parse(seconds).map(Self).map_err(|violation| violation.detail.into())
    }
}

impl<DB: Backend> FromSql<BigInt, DB> for StoredServerPermissions
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let bits = <i64 as FromSql<BigInt, DB>>::from_sql(value)?;
        let set = ServerPermissionSet::from_stored(bits);
        Ok(Self(set.ok_or("a role on the server has an unknown permission")?))
    }
}

impl<DB: Backend> FromSql<Text, DB> for StoredVisibility
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        find(value, &Visibility::ALL, Visibility::as_str).map(Self)
    }
}

impl<DB: Backend> FromSql<Text, DB> for StoredHistory
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        find(value, &History::ALL, History::as_str).map(Self)
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

impl<DB: Backend> FromSql<Text, DB> for StoredEventType
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let word = <String as FromSql<Text, DB>>::from_sql(value)?;
        EventType::from_stored(&word).map(Self).ok_or_else(|| unknown(&word))
    }
}

impl<DB: Backend> FromSql<Text, DB> for StoredEmoji
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let word = <String as FromSql<Text, DB>>::from_sql(value)?;
        Ok(Self(Emoji::from_stored(&word)))
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
    found.ok_or_else(|| unknown(&word))
}

fn unknown(word: &str) -> Box<dyn Error + Send + Sync> {
    format!("the database holds an unknown word: {word:?}").into()
}

#[cfg(test)]
mod tests {
    use diesel::prelude::*;
    use diesel::result::Error;

    use super::*;

    /// What is read where a column holds this word.
    fn read<T: FromSqlRow<Text, diesel::sqlite::Sqlite> + 'static>(word: &str) -> QueryResult<T> {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        diesel::select(word.into_sql::<Text>()).get_result(&mut connection)
    }

    #[test]
    fn an_emoji_of_a_newer_program_is_no_error() {
        assert_eq!(read::<StoredEmoji>(LIKE).unwrap().0, Some(Emoji::LIKE));
        assert_eq!(read::<StoredEmoji>("x").unwrap().0, None);
    }

    #[test]
    fn a_word_is_read_back_and_one_that_is_unknown_is_an_error() {
        for visibility in Visibility::ALL {
            assert_eq!(read::<StoredVisibility>(visibility.as_str()).unwrap().0, visibility);
        }
        for history in History::ALL {
            assert_eq!(read::<StoredHistory>(history.as_str()).unwrap().0, history);
        }
        for &event_type in EventType::ALL {
            assert_eq!(read::<StoredEventType>(event_type.as_str()).unwrap().0, event_type);
        }
        for choice in Notify::ALL {
            assert_eq!(read::<StoredNotify>(choice.as_str()).unwrap().0, choice);
        }
        let unknown = "user.forgotten";
        assert!(matches!(read::<StoredEventType>(unknown), Err(Error::DeserializationError(_))));
        assert!(matches!(read::<StoredNotify>(unknown), Err(Error::DeserializationError(_))));
        assert!(matches!(read::<StoredVisibility>(unknown), Err(Error::DeserializationError(_))));
        assert!(matches!(read::<StoredHistory>(unknown), Err(Error::DeserializationError(_))));
        assert!(matches!(read::<StoredSessionKind>(unknown), Err(Error::DeserializationError(_))));
    }
}
