//! Tokens, which are sessions of programs.

use groupchat_domain::accounts::{NewSession, SessionKind, TokenTerms};
use groupchat_domain::ids::{SessionId, TokenId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;
use groupchat_domain::tokens::{NO_END, Token, TokenQuery, TokenRepository};

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

impl Tables {
    /// The tokens of a user, the newest first.
    fn tokens_of(&self, user: UserId) -> impl Iterator<Item = (SessionId, &NewSession, &TokenTerms)> {
        self.of_user(user).filter_map(|(id, session)| match &session.kind {
            SessionKind::Token(terms) => Some((id, session, terms)),
            SessionKind::Login | SessionKind::Provisioned => None,
        })
    }
}

impl TokenRepository for ModelTx<'_> {
    fn list(&mut self, query: &TokenQuery) -> Result<Vec<Token>, StorageFault> {
        let TokenQuery { user, now, below, limit } = *query;
        let uses = &self.state.key_uses;
        let listed = self.read()?.tokens_of(user).filter(|(id, session, _)| {
            below.is_none_or(|below| *id < below.session()) && session.expires_at > now
        });
        limit.read(listed.filter_map(|(id, session, terms)| {
            let expires_at = (session.expires_at != NO_END).then_some(session.expires_at);
            Some(Ok(Token {
                id: TokenId::from(id),
                name: session.name.clone()?,
                terms: terms.clone(),
                created_at: session.created_at,
                expires_at,
                last_used_at: uses.get(&id).copied(),
            }))
        }))
    }

    fn count(&mut self, user: UserId, now: Timestamp, most: u32) -> Result<u32, StorageFault> {
        let valid = self.read()?.tokens_of(user).filter(|(_, session, _)| session.expires_at > now);
        Ok(u32::try_from(valid.count()).unwrap_or(most).min(most))
    }

    fn end(&mut self, user: UserId, token: TokenId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_theirs = tables.tokens_of(user).any(|(id, ..)| id == token.session());
        Ok(is_theirs && tables.end_sessions(&[token.session()]) > 0)
    }

    fn end_all(&mut self, user: UserId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let ended: Vec<_> = tables.tokens_of(user).map(|(id, ..)| id).collect();
        Ok(tables.end_sessions(&ended) > 0)
    }
}
