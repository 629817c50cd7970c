//! Words of the domain as stored in columns. Reading a word that the program doesn't know is an error.

use std::error::Error;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::sql_types::{BigInt, Text};
use groupchat_domain::accounts::{Scope, SessionKind, TokenGroups, TokenTerms};
use groupchat_domain::events::EventType;
use groupchat_domain::groups::{History, Notify, RetentionDays, SlowMode, Visibility};
use groupchat_domain::ids::GroupId;
use groupchat_domain::messages::Emoji;
use groupchat_domain::permissions::ServerPermissionSet;
use groupchat_domain::polls::{OptionsBy, PollResults};

/// A like is this reaction.
pub(crate) const LIKE: &str = Emoji::LIKE.as_str();

/// What a member wants to be notified of.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredNotify(pub(crate) Notify);

/// A group's slow mode, in seconds.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredSlowMode(pub(crate) SlowMode);

/// How long messages stay in a group, in days.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredRetention(pub(crate) RetentionDays);

/// What a role on the server allows.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredServerPermissions(pub(crate) ServerPermissionSet);

/// A group's visibility.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredVisibility(pub(crate) Visibility);

/// Which messages the members of a group read.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredHistory(pub(crate) History);

/// When the results of a poll are shown.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredPollResults(pub(crate) PollResults);

/// Who adds options to a poll.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredOptionsBy(pub(crate) OptionsBy);

/// An event's type.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredEventType(pub(crate) EventType);

/// The emoji of an event. `None` if this program doesn't know it: a newer one, with a newer list of emoji, may write
/// into the same database.
#[derive(Debug, Clone, Copy, FromSqlRow)]
pub(crate) struct StoredEmoji(pub(crate) Option<Emoji>);

/// What a session's kind is written as: the word, and of a token the scopes and the groups.
pub(crate) struct StoredKind {
    pub(crate) kind: &'static str,
    pub(crate) scopes: Option<String>,
    pub(crate) group_ids: Option<String>,
}

/// How the kind of a token is written.
pub(crate) const TOKEN: &str = "token";

/// How the kind of a key is written that was issued with an account.
pub(crate) const PROVISIONED: &str = "provisioned";

impl From<&SessionKind> for StoredKind {
    fn from(kind: &SessionKind) -> Self {
        let plain = |kind| Self { kind, scopes: None, group_ids: None };
        match kind {
            SessionKind::Login => plain("login"),
            SessionKind::Provisioned => plain(PROVISIONED),
            SessionKind::Token(terms) => {
                let scopes: Vec<_> = terms.scope.contained().map(Scope::as_str).collect();
                let ids = |groups: &TokenGroups| {
                    let ids: Vec<_> = groups.ids().iter().map(GroupId::to_string).collect();
                    ids.join(" ")
                };
                let group_ids = terms.groups.as_ref().map(ids);
                Self { kind: TOKEN, scopes: Some(scopes.join(" ")), group_ids }
            }
        }
    }
}

/// The kind of a session with these columns.
pub(crate) fn session_kind(
    kind: &str,
    scopes: Option<&str>,
    group_ids: Option<&str>,
) -> deserialize::Result<SessionKind> {
    match (kind, scopes) {
        ("login", None) => Ok(SessionKind::Login),
        (PROVISIONED, None) => Ok(SessionKind::Provisioned),
        (TOKEN, Some(scopes)) => token_terms(scopes, group_ids).map(SessionKind::Token),
        _ => Err(unknown(kind)),
    }
}

/// The terms of a token with these columns.
pub(crate) fn token_terms(scopes: &str, group_ids: Option<&str>) -> deserialize::Result<TokenTerms> {
    let scope = scopes.rsplit(' ').next().and_then(|last| Scope::parse(last).ok());
    let groups = |ids: &str| -> deserialize::Result<TokenGroups> {
        let ids = ids.split(' ').map(|id| id.parse().map(GroupId::new)).collect::<Result<_, _>>()?;
        TokenGroups::parse(ids).map_err(|violation| violation.detail.into())
    };
    let groups = group_ids.map(groups).transpose()?;
    Ok(TokenTerms { scope: scope.ok_or_else(|| unknown(scopes))?, groups })
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

impl<DB: Backend> FromSql<BigInt, DB> for StoredRetention
where
    i64: FromSql<BigInt, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let days = <i64 as FromSql<BigInt, DB>>::from_sql(value)?;
        RetentionDays::parse(days).map(Self).map_err(|violation| violation.detail.into())
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

impl<DB: Backend> FromSql<Text, DB> for StoredPollResults
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        find(value, PollResults::ALL, PollResults::as_str).map(Self)
    }
}

impl<DB: Backend> FromSql<Text, DB> for StoredOptionsBy
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        find(value, OptionsBy::ALL, OptionsBy::as_str).map(Self)
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
        for &results in PollResults::ALL {
            assert_eq!(read::<StoredPollResults>(results.as_str()).unwrap().0, results);
        }
        for &options_by in OptionsBy::ALL {
            assert_eq!(read::<StoredOptionsBy>(options_by.as_str()).unwrap().0, options_by);
        }
        let unknown = "user.forgotten";
        assert!(matches!(read::<StoredEventType>(unknown), Err(Error::DeserializationError(_))));
        assert!(matches!(read::<StoredNotify>(unknown), Err(Error::DeserializationError(_))));
        assert!(matches!(read::<StoredVisibility>(unknown), Err(Error::DeserializationError(_))));
        assert!(matches!(read::<StoredHistory>(unknown), Err(Error::DeserializationError(_))));
    }

    #[test]
    fn the_kind_of_a_session_is_read_back_and_no_other_is_one() {
        let ids = |ids: &[i64]| ids.iter().map(|id| GroupId::new(*id)).collect();
        let token = |scope, groups| SessionKind::Token(TokenTerms { scope, groups });
        let some = TokenGroups::parse(ids(&[9, 4])).ok();
        for kind in [
            SessionKind::Login,
            SessionKind::Provisioned,
            token(Scope::Read, None),
            token(Scope::Write, some.clone()),
            token(Scope::Admin, some),
        ] {
            let StoredKind { kind: word, scopes, group_ids } = StoredKind::from(&kind);
            assert_eq!(session_kind(word, scopes.as_deref(), group_ids.as_deref()).unwrap(), kind);
        }
        for (kind, scopes, groups) in [
            ("user.forgotten", None, None),
            ("login", Some("read"), None),
            ("token", None, None),
            ("token", Some("read root"), None),
            ("token", Some("read"), Some("")),
            ("token", Some("read"), Some("4 x")),
        ] {
            assert!(session_kind(kind, scopes, groups).is_err(), "{kind} {scopes:?} {groups:?}");
        }
    }
}
