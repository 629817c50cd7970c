//! Sessions and tokens. Nothing verifies their rows, so what the backup has counts, as long as it is still there.

use std::collections::BTreeMap;

use diesel::prelude::*;
use groupchat_domain::accounts::Scope;

use super::Salvage;
use crate::rows::sessions::Row;
use crate::schema::{sessions, users};

/// Ends what those can't use who are suspended. Their tokens come back with them.
const END_SESSIONS_OF_SUSPENDED: &str =
    "DELETE FROM sessions WHERE kind <> 'token' AND user_id IN (SELECT id FROM users WHERE suspended)";

/// How tokens are stored.
const TOKEN: &str = "token";

/// Whose a session is, what it may do, and its key.
#[derive(PartialEq)]
struct Standing {
    user: i64,
    kind: String,
    key: Vec<u8>,
    scopes: Option<String>,
    groups: Option<String>,
}

impl Standing {
    fn of(row: Row) -> Self {
        let Row { user_id: user, kind, key_hash: key, scopes, group_ids: groups, .. } = row;
        Self { user, kind, key, scopes, groups }
    }
}

impl Salvage<'_> {
    /// Ends sessions and tokens of the backup that are gone, have another key since, or can't be read: one that was ended must
    /// not be valid again. Brings new tokens, which programs can't ask for again. People sign in again.
    pub(super) fn bring_sessions(&mut self) -> QueryResult<()> {
        let (head, mut there, mut tokens) = (self.head("sessions"), BTreeMap::new(), Vec::new());
        let unreadable = self.source.walk::<Row>(|row| {
            if row.id <= head {
                there.insert(row.id, Standing::of(row));
            } else if row.kind == TOKEN {
                tokens.push(row);
            }
        });
        self.report.damaged += unreadable;
        let stored: Vec<Row> = sessions::table.load(self.target)?;
        for row in stored {
            let id = row.id;
            if there.get(&id).is_none_or(|found| *found != Standing::of(row)) {
                diesel::delete(sessions::table.find(id)).execute(self.target)?;
            }
        }
        diesel::sql_query(END_SESSIONS_OF_SUSPENDED).execute(self.target)?;
        tokens.into_iter().try_for_each(|token| self.bring_token(token))
    }

    /// One of a user who is there. Its scopes have to be those that the audit log tells, if it does.
    fn bring_token(&mut self, token: Row) -> QueryResult<()> {
        let told = self.audited.tokens.get(&token.id);
        let is_plausible = told.is_none_or(|told| token.scopes.as_ref() == Some(told))
            && token.scopes.as_deref().is_some_and(is_scope)
            && token.refresh_selector.is_none();
        if !is_plausible {
            self.report.damaged += 1;
            return Ok(());
        }
        let owner = users::table.filter(users::id.eq(token.user_id)).filter(users::deleted_at.is_null());
        if owner.count().get_result::<i64>(self.target)? == 0 {
            self.report.orphaned += 1;
            return Ok(());
        }
        if self.attempt(|target| diesel::insert_into(sessions::table).values(token).execute(target))? {
            self.report.tokens += 1;
        }
        Ok(())
    }
}

/// Whether these are the scopes that one contains.
fn is_scope(stored: &str) -> bool {
    Scope::ALL.iter().any(|scope| {
        let contained: Vec<_> = scope.contained().map(Scope::as_str).collect();
        contained.join(" ") == stored
    })
}
