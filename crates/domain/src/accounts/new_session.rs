//! New sessions: the one door to them, however somebody has proven who they are. Who comes here has proven all that is
//! asked of them.

use std::time::Duration;

use crate::accounts::error::AccountRefusal;
use crate::accounts::family::RefreshTerms;
use crate::accounts::model::User;
use crate::accounts::ports::{ApiKeys, IssuedKey};
use crate::accounts::refresh_token::IssuedRefresh;
use crate::accounts::session::{
    ClientInfo, DeviceName, KeyHash, NewRefresh, NewSession, RefreshHashes, Secret, SessionKind,
};
use crate::accounts::sessions::{self, Ending};
use crate::accounts::{known_devices, known_networks};
use crate::audit::AuditEntry;
use crate::error::Error;
use crate::ids::UserId;
use crate::storage::Tx;
use crate::time::Timestamp;

/// A new session and its user.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// The API key, shown once.
    pub key: Secret,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The refresh token, if the session has one.
    pub refresh: Option<Refreshable>,
    /// The token of the device, if somebody has just signed in on it: the one that it showed, or a new one.
    pub device: Option<Secret>,
    /// Who signed in.
    pub user: User,
}

/// A new refresh token.
#[derive(Debug, Clone)]
pub struct Refreshable {
    /// The token, shown once.
    pub token: Secret,
    /// When it expires, and the session with it.
    pub expires_at: Timestamp,
}

/// The secrets of a session, drawn before the command that stores their hashes, which may run more than once.
pub(crate) struct SessionSecrets {
    key: IssuedKey,
    refresh: Option<IssuedRefresh>,
    device: IssuedKey,
}

impl SessionSecrets {
    /// Draws a key, a refresh token if the session gets one, and a token for a device that is new.
    pub(crate) fn draw(keys: &dyn ApiKeys, with_refresh: bool) -> Self {
        let refresh = with_refresh.then(|| keys.issue_refresh());
        Self { key: keys.issue(), refresh, device: keys.issue_device() }
    }

    /// What is stored of them.
    pub(crate) fn hashes(&self) -> SessionHashes {
        let refresh = self.refresh.as_ref().map(|refresh| refresh.hashes);
        SessionHashes { key: self.key.hash, refresh, device: self.device.hash }
    }

    /// What the client gets of the session that was stored, if it showed this device.
    pub(crate) fn of(self, begun: Begun, shown_device: Option<Secret>) -> LoggedIn {
        let Begun { user, expires_at, session_ends_at, device } = begun;
        let device = if device == self.device.hash { Some(self.device.secret) } else { shown_device };
        let refresh =
            self.refresh.map(|refresh| Refreshable { token: refresh.secret, expires_at: session_ends_at });
        LoggedIn { key: self.key.secret, expires_at, refresh, device, user }
    }
}

/// What is stored of the secrets of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionHashes {
    pub(crate) key: KeyHash,
    pub(crate) refresh: Option<RefreshHashes>,
    /// That of the device, unless it is known already.
    pub(crate) device: KeyHash,
}

/// A session that may begin.
#[derive(Debug, Clone)]
pub(crate) struct SessionDraft {
    pub(crate) hashes: SessionHashes,
    pub(crate) client: ClientInfo,
    pub(crate) device_name: Option<DeviceName>,
    /// The device that was shown, which need not be the user's.
    pub(crate) shown_device: Option<KeyHash>,
    pub(crate) devices_known_for: Duration,
    /// What is recorded of it, but for whose it is.
    pub(crate) entry: AuditEntry,
    /// How long it lasts without a refresh token.
    pub(crate) lifetime: Duration,
    /// How long it lasts with one.
    pub(crate) terms: RefreshTerms,
    /// How many sessions the user may have with this one.
    pub(crate) sessions_per_user: u32,
}

impl SessionDraft {
    /// The session, if it begins now.
    fn session(&self, user: UserId, now: Timestamp) -> NewSession {
        let mut session = NewSession {
            user,
            kind: SessionKind::Login,
            key: self.hashes.key,
            created_at: now,
            expires_at: now.plus(self.lifetime),
            client: self.client.clone(),
            name: self.device_name.clone(),
            refresh: None,
        };
        if let Some(hashes) = self.hashes.refresh {
            let ends_at = self.terms.last_end(now);
            let validity = self.terms.valid_from(now, ends_at);
            session.expires_at = validity.expires_at;
            session.refresh = Some(NewRefresh { hashes, key_expires_at: validity.key_expires_at, ends_at });
        }
        session
    }
}

/// A session that was stored.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) user: User,
    /// When its key expires.
    pub(crate) expires_at: Timestamp,
    pub(crate) session_ends_at: Timestamp,
    /// The device that it began on.
    pub(crate) device: KeyHash,
}

/// Stores a session of a user, who must be locked exclusively: concurrent logins must not count the same sessions. If
/// there are too many, those that have been unused the longest end.
///
/// # Errors
/// [`AccountRefusal::Suspended`], of which only whoever has proven to be the user learns, or a fault.
pub(crate) fn begin_session(tx: &mut dyn Tx, user: User, draft: &SessionDraft) -> Result<Begun, Error> {
    if user.suspended {
        return Err(AccountRefusal::Suspended.into());
    }
    let id = user.id;
    sessions::end(tx, Some(id), id, Ending::ForOneOf(draft.sessions_per_user))?;
    let session = draft.session(id, tx.now());
    let session_id = tx.sessions().insert(&session)?;
    known_networks::remember(tx, id, draft.client.network())?;
    let SessionDraft { shown_device, devices_known_for, hashes, .. } = draft;
    let device = known_devices::remember(tx, id, *shown_device, hashes.device, *devices_known_for)?;
    tx.record(draft.entry.clone().to(id).about(session_id.get()));
    let session_ends_at = session.expires_at;
    let expires_at = session.refresh.map_or(session_ends_at, |refresh| refresh.key_expires_at);
    Ok(Begun { user, expires_at, session_ends_at, device })
}
