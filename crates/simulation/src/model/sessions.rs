//! Sessions.

use std::cmp::Reverse;

use groupchat_domain::accounts::{
    Actor, KeyHash, NewSession, Origin, Session, SessionKind, SessionQuery, SessionRepository,
};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::state::Tables;
use crate::model::tx::ModelTx;

/// Sessions that one command ends at most for being too many.
const END_BATCH: usize = 500;

impl Tables {
    fn holder(&self, session: SessionId, now: Timestamp) -> Option<Actor> {
        let NewSession { user, kind, expires_at, .. } = self.sessions.get(&session)?;
        let user = self.user(*user).filter(|_| *expires_at > now)?.as_ref();
        Some(Actor { user, session, session_kind: *kind, origin: Origin::UNKNOWN })
    }

    /// The sessions of a user, the newest first.
    fn sessions_of(&self, user: UserId) -> impl Iterator<Item = (SessionId, &NewSession)> {
        let all = self.sessions.iter().rev().map(|(id, session)| (*id, session));
        all.filter(move |(_, session)| session.user == user)
    }

    /// Ends these sessions; how many there were.
    fn end_sessions(&mut self, ended: &[SessionId]) -> usize {
        for id in ended {
            if let Some(session) = self.sessions.remove(id) {
                self.keys.remove(session.key.as_bytes());
            }
        }
        ended.len()
    }
}

impl SessionRepository for ModelTx<'_> {
    fn authenticate(&mut self, key: &KeyHash, now: Timestamp) -> Result<Option<Actor>, StorageFault> {
        let tables = self.read()?;
        Ok(tables.session_of(key).and_then(|session| tables.holder(session, now)))
    }

    fn holder(&mut self, session: SessionId, now: Timestamp) -> Result<Option<Actor>, StorageFault> {
        Ok(self.read()?.holder(session, now))
    }

    fn insert(&mut self, session: &NewSession) -> Result<SessionId, StorageFault> {
        let tables = self.write()?;
        if !tables.users.contains(&session.user) || tables.session_of(&session.key).is_some() {
            return Err(self.fail("a session of nobody, or with the key of another"));
        }
        let id = SessionId::new(tables.session_ids.take());
        tables.keys.put(*session.key.as_bytes(), id);
        tables.sessions.put(id, session.clone());
        Ok(id)
    }

    fn list(&mut self, query: &SessionQuery) -> Result<Vec<Session>, StorageFault> {
        let SessionQuery { user, now, below, limit } = *query;
        let uses = &self.state.key_uses;
        let of_user = self.read()?.sessions_of(user);
        let listed = of_user
            .filter(|(id, session)| below.is_none_or(|below| *id < below) && session.expires_at > now)
            .map(|(id, session)| Session {
                id,
                kind: session.kind,
                name: None,
                created_at: session.created_at,
                expires_at: session.expires_at,
                last_used_at: uses.get(&id).copied(),
                user_agent: session.client.user_agent.clone(),
                address: session.client.address.map(|address| address.to_string()),
            });
        limit.read(listed.map(Ok))
    }

    fn end(&mut self, user: UserId, session: SessionId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_theirs = tables.sessions.get(&session).is_some_and(|session| session.user == user);
        Ok(is_theirs && tables.end_sessions(&[session]) > 0)
    }

    fn end_all(&mut self, user: UserId, except: Option<SessionId>) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let ended: Vec<_> =
            tables.sessions_of(user).map(|(id, _)| id).filter(|id| Some(*id) != except).collect();
        Ok(tables.end_sessions(&ended) > 0)
    }

    fn end_idlest(&mut self, user: UserId, now: Timestamp, keep: u32) -> Result<bool, StorageFault> {
        self.write()?;
        let uses = &self.state.key_uses;
        let valid = self.read()?.sessions_of(user).filter(|(_, session)| session.expires_at > now);
        let last_use =
            |id: &SessionId, session: &NewSession| uses.get(id).copied().unwrap_or(session.created_at);
        let mut valid: Vec<_> = valid.map(|(id, session)| Reverse((last_use(&id, session), id))).collect();
        valid.sort_unstable();
        let keep = usize::try_from(keep).unwrap_or(usize::MAX);
        let ended: Vec<_> = valid.into_iter().skip(keep).take(END_BATCH).map(|Reverse((_, id))| id).collect();
        Ok(self.write()?.end_sessions(&ended) > 0)
    }

    fn end_provisioned(&mut self, user: UserId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let provisioned =
            tables.sessions_of(user).filter(|(_, session)| session.kind == SessionKind::Provisioned);
        let ended: Vec<_> = provisioned.map(|(id, _)| id).collect();
        Ok(tables.end_sessions(&ended) > 0)
    }

    fn remove_expired(&mut self, now: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let tables = self.write()?;
        let expired = tables.sessions.iter().filter(|(_, session)| session.expires_at <= now);
        let mut expired: Vec<_> = expired.map(|(id, session)| (session.expires_at, *id)).collect();
        expired.sort_unstable();
        let limit = usize::try_from(limit).unwrap_or(0);
        let expired: Vec<_> = expired.into_iter().take(limit).map(|(_, id)| id).collect();
        Ok(tables.end_sessions(&expired))
    }
}
