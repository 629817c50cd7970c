//! Sessions.

use std::cmp::Reverse;

use groupchat_domain::accounts::{
    Actor, FactorStanding, Family, KeyHash, KeySpans, LastRefresh, NewSession, Origin, Rotation, Session,
    SessionKind, SessionQuery, SessionRepository, User,
};
use groupchat_domain::ids::{SessionId, UserId};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::model::state::{SessionRow, Tables};
use crate::model::tx::ModelTx;

/// Sessions that one command ends at most for being too many.
const END_BATCH: usize = 500;

impl Tables {
    fn holder(&self, session: SessionId, now: Timestamp) -> Option<Actor> {
        let NewSession { user, kind, expires_at, .. } = &self.sessions.get(&session)?.session;
        let row = self.users.get(user).filter(|_| *expires_at > now)?;
        let user = row.user.as_ref().filter(|user| self.can_act(user))?;
        let must_change_password = row.must_change_password;
        let (is_admin, owner) = (user.is_admin, user.owner);
        Some(Actor {
            user: user.as_ref(),
            session,
            session_kind: kind.clone(),
            must_change_password,
            factor: FactorStanding { is_admin, owner },
            origin: Origin::UNKNOWN,
        })
    }

    /// Whether a user, and the owner of a bot, can do anything.
    pub(super) fn can_act(&self, user: &User) -> bool {
        let owner_can = |owner| self.user(owner).is_some_and(|owner| !owner.suspended);
        !user.suspended && user.owner.is_none_or(owner_can)
    }

    /// The sessions of a user that are no tokens, the newest first.
    fn sessions_of(&self, user: UserId) -> impl Iterator<Item = (SessionId, &NewSession)> {
        self.of_user(user).filter(|(_, session)| !matches!(session.kind, SessionKind::Token(_)))
    }

    /// The sessions of a user, tokens among them, the newest first.
    pub(super) fn of_user(&self, user: UserId) -> impl Iterator<Item = (SessionId, &NewSession)> {
        let all = self.sessions.iter().rev().map(|(id, row)| (*id, &row.session));
        all.filter(move |(_, session)| session.user == user)
    }

    /// The session of a key, if the key is good.
    fn session_of_good(&self, key: &KeyHash, now: Timestamp) -> Option<SessionId> {
        let spans = KeySpans::at(now);
        let is_good = |session: &NewSession| {
            session.refresh.is_none_or(|refresh| spans.key.contains(refresh.key_expires_at))
        };
        let of_now = self.session_of(key).filter(|id| {
            let row = self.sessions.get(id);
            row.is_some_and(|row| is_good(&row.session)) && self.holder(*id, now).is_some()
        });
        of_now.or_else(|| {
            let was_theirs = |row: &SessionRow| {
                row.previous
                    .is_some_and(|(previous, until)| previous == *key && spans.previous.contains(until))
            };
            self.sessions.iter().find(|(_, row)| was_theirs(row)).map(|(id, _)| *id)
        })
    }

    /// Ends these sessions; how many there were.
    pub(super) fn end_sessions(&mut self, ended: &[SessionId]) -> usize {
        for id in ended {
            if let Some(row) = self.sessions.remove(id) {
                self.keys.remove(row.session.key.as_bytes());
            }
        }
        ended.len()
    }
}

impl SessionRepository for ModelTx<'_> {
    fn authenticate(&mut self, key: &KeyHash, now: Timestamp) -> Result<Option<Actor>, StorageFault> {
        let tables = self.read()?;
        Ok(tables.session_of_good(key, now).and_then(|session| tables.holder(session, now)))
    }

    fn holder(&mut self, session: SessionId, now: Timestamp) -> Result<Option<Actor>, StorageFault> {
        Ok(self.read()?.holder(session, now))
    }

    fn acting(&mut self, user: UserId) -> Result<Option<Actor>, StorageFault> {
        let tables = self.read()?;
        let Some(row) = tables.users.get(&user) else { return Ok(None) };
        let user = row.user.as_ref().filter(|user| tables.can_act(user));
        Ok(user.map(|user| Actor {
            user: user.as_ref(),
            session: SessionId::NONE,
            session_kind: SessionKind::Login,
            must_change_password: row.must_change_password,
            factor: FactorStanding { is_admin: user.is_admin, owner: user.owner },
            origin: Origin::UNKNOWN,
        }))
    }

    fn insert(&mut self, session: &NewSession) -> Result<SessionId, StorageFault> {
        let tables = self.write()?;
        if !tables.users.contains(&session.user) || tables.session_of(&session.key).is_some() {
            return Err(self.fail("a session of nobody, or with the key of another"));
        }
        let id = SessionId::new(tables.session_ids.take());
        tables.keys.put(*session.key.as_bytes(), id);
        tables.sessions.put(id, SessionRow { session: session.clone(), previous: None, last: None });
        Ok(id)
    }

    fn find_family(&mut self, selector: &KeyHash, now: Timestamp) -> Result<Option<Family>, StorageFault> {
        let tables = self.read()?;
        let families = tables.sessions.iter().filter_map(|(id, row)| Some((*id, row, row.session.refresh?)));
        let mut valid = families.filter(|(id, _, _)| tables.holder(*id, now).is_some());
        let found = valid.find(|(_, _, refresh)| refresh.hashes.selector == *selector);
        Ok(found.map(|(session, row, refresh)| Family {
            session,
            user: row.session.user,
            key_expires_at: refresh.key_expires_at,
            expires_at: row.session.expires_at,
            ends_at: refresh.ends_at,
            verifier: refresh.hashes.verifier,
            last: row.last,
        }))
    }

    fn rotate(&mut self, rotation: &Rotation) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let Some(row) = tables.sessions.get(&rotation.session) else { return Ok(false) };
        let (key, Some(mut refresh)) = (row.session.key, row.session.refresh) else { return Ok(false) };
        if tables.session_of(&rotation.key).is_some() {
            return Err(self.fail("a session with the key of another"));
        }
        tables.keys.remove(key.as_bytes());
        tables.keys.put(*rotation.key.as_bytes(), rotation.session);
        let last =
            LastRefresh { verifier: refresh.hashes.verifier, salt: Some(rotation.salt), at: rotation.at };
        refresh.hashes.verifier = rotation.verifier;
        refresh.key_expires_at = rotation.key_expires_at;
        Ok(tables.sessions.change(&rotation.session, |row| {
            row.previous = Some((key, rotation.previous_key_until));
            row.last = Some(last);
            row.session.key = rotation.key;
            row.session.expires_at = rotation.expires_at;
            row.session.refresh = Some(refresh);
        }))
    }

    fn remove_salts(&mut self, before: Timestamp, limit: i64) -> Result<usize, StorageFault> {
        let tables = self.write()?;
        let rotated = |row: &SessionRow| row.last.filter(|last| last.salt.is_some()).map(|last| last.at);
        let old = tables.sessions.iter().filter_map(|(id, row)| Some((rotated(row)?, *id)));
        let mut old: Vec<_> = old.filter(|(at, _)| *at < before).collect();
        old.sort_unstable();
        old.truncate(usize::try_from(limit).unwrap_or(0));
        for (_, id) in &old {
            tables
                .sessions
                .change(id, |row| row.last = row.last.map(|last| LastRefresh { salt: None, ..last }));
        }
        Ok(old.len())
    }

    fn list(&mut self, query: &SessionQuery) -> Result<Vec<Session>, StorageFault> {
        let SessionQuery { user, now, below, limit } = *query;
        let uses = &self.state.key_uses;
        let of_user = self.read()?.sessions_of(user);
        let listed = of_user
            .filter(|(id, session)| below.is_none_or(|below| *id < below) && session.expires_at > now)
            .map(|(id, session)| Session {
                id,
                kind: session.kind.clone(),
                name: session.name.clone(),
                created_at: session.created_at,
                expires_at: session.expires_at,
                key_expires_at: session.refresh.map(|refresh| refresh.key_expires_at),
                last_used_at: uses.get(&id).copied(),
                user_agent: session.client.user_agent.clone(),
                address: session.client.address.map(|address| address.to_string()),
            });
        limit.read(listed.map(Ok))
    }

    fn end(&mut self, user: UserId, session: SessionId) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        let is_theirs = tables.sessions_of(user).any(|(id, _)| id == session);
        Ok(is_theirs && tables.end_sessions(&[session]) > 0)
    }

    fn end_all(&mut self, user: UserId, except: Option<SessionId>) -> Result<bool, StorageFault> {
        let tables = self.write()?;
        tables.remove_half_logins(user);
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
        let expired = tables.sessions.iter().filter(|(_, row)| row.session.expires_at <= now);
        let mut expired: Vec<_> = expired.map(|(id, row)| (row.session.expires_at, *id)).collect();
        expired.sort_unstable();
        let limit = usize::try_from(limit).unwrap_or(0);
        let expired: Vec<_> = expired.into_iter().take(limit).map(|(_, id)| id).collect();
        Ok(tables.end_sessions(&expired))
    }
}
