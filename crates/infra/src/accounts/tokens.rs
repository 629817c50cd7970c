//! Tokens, which are sessions of programs.

use diesel::backend::Backend;
use diesel::deserialize::{self, FromStaticSqlRow, Queryable};
use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};
use groupchat_domain::accounts::{DeviceName, TokenTerms};
use groupchat_domain::ids::{TokenId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;
use groupchat_domain::tokens::{NO_END, Token, TokenQuery, TokenRepository};

use crate::connection::{on_backend, read_page};
use crate::schema::sessions;
use crate::sql::stored::{TOKEN, token_terms};
use crate::tx::DbTx;

/// The columns that say what a token is for.
struct TermsRow(TokenTerms);

type TermsSql = (Nullable<Text>, Nullable<Text>);

impl<DB: Backend> Queryable<TermsSql, DB> for TermsRow
where
    (Option<String>, Option<String>): FromStaticSqlRow<TermsSql, DB>,
{
    type Row = (Option<String>, Option<String>);

    fn build((scopes, group_ids): Self::Row) -> deserialize::Result<Self> {
        token_terms(scopes.as_deref().unwrap_or_default(), group_ids.as_deref()).map(Self)
    }
}

impl<DB: Backend> Selectable<DB> for TermsRow {
    type SelectExpression = (sessions::scopes, sessions::group_ids);

    fn construct_selection() -> Self::SelectExpression {
        (sessions::scopes, sessions::group_ids)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct TokenRow {
    id: i64,
    #[diesel(select_expression = sessions::name.assume_not_null())]
    name: String,
    #[diesel(embed)]
    terms: TermsRow,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        let expires_at = Timestamp::from_micros(row.expires_at);
        Self {
            id: TokenId::new(row.id),
            name: DeviceName::from_stored(row.name),
            terms: row.terms.0,
            created_at: Timestamp::from_micros(row.created_at),
            expires_at: (expires_at != NO_END).then_some(expires_at),
            last_used_at: row.last_used_at.map(Timestamp::from_micros),
        }
    }
}

impl TokenRepository for DbTx<'_> {
    fn list(&mut self, query: &TokenQuery) -> Result<Vec<Token>, StorageFault> {
        let listed = sessions::table
            .filter(sessions::user_id.eq(query.user.get()))
            .filter(sessions::kind.eq(TOKEN))
            .filter(sessions::id.lt(query.below.map_or(i64::MAX, TokenId::get)))
            .filter(sessions::expires_at.gt(query.now.as_micros()))
            .order(sessions::id.desc())
            .limit(query.limit.with_lookahead());
        on_backend!(self, |connection| {
            let listed = listed.select(TokenRow::as_select());
            read_page::<_, _, TokenRow, _>(connection, listed, query.limit)
        })
    }

    fn count(&mut self, user: UserId, now: Timestamp, most: u32) -> Result<u32, StorageFault> {
        let valid = sessions::table
            .filter(sessions::user_id.eq(user.get()))
            .filter(sessions::kind.eq(TOKEN))
            .filter(sessions::expires_at.gt(now.as_micros()))
            .select(sessions::id)
            .limit(most.into());
        let found: Vec<i64> = on_backend!(self, |connection| valid.load(connection))?;
        Ok(u32::try_from(found.len()).unwrap_or(most))
    }

    fn end(&mut self, user: UserId, token: TokenId) -> Result<bool, StorageFault> {
        let ended = sessions::table
            .filter(sessions::id.eq(token.get()))
            .filter(sessions::user_id.eq(user.get()))
            .filter(sessions::kind.eq(TOKEN));
        let ended = diesel::delete(ended).returning(sessions::id);
        let ended: Vec<i64> = on_backend!(self, |connection| ended.get_results(connection))?;
        Ok(self.forget_some(user, &ended))
    }

    fn end_all(&mut self, user: UserId) -> Result<bool, StorageFault> {
        let ended = sessions::table.filter(sessions::user_id.eq(user.get())).filter(sessions::kind.eq(TOKEN));
        let ended = diesel::delete(ended).returning(sessions::id);
        let ended: Vec<i64> = on_backend!(self, |connection| ended.get_results(connection))?;
        Ok(self.forget_some(user, &ended))
    }
}
