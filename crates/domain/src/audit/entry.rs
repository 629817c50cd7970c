//! Entries, as use cases record them.

use crate::accounts::{Actor, Origin};
use crate::ids::{GroupId, SessionId, UserId};
use crate::permissions::RoleName;
use crate::validation::{Violation, one_of};

/// Declares the actions, each with its name, which is stored.
macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)+) => {
        /// What was done, or tried.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum AuditAction {
            $($(#[$doc])* $action,)+
        }

        impl AuditAction {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$action,)+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)+
                }
            }

            /// The action of this name.
            ///
            /// # Errors
            /// [`ViolationCode::InvalidFormat`](crate::validation::ViolationCode::InvalidFormat) for any other text.
            pub fn parse(text: &str) -> Result<Self, Violation> {
                one_of(Self::ALL, Self::as_str, text)
            }
        }
    };
}

actions! {
    /// Somebody signed in as `target`, or tried to: `object_id` is the new session.
    Login = "login",
    /// Somebody knew the password of `target`, and was asked for a second factor.
    SecondFactorAsked = "login.factor_asked",
    /// Somebody who knew the password of `target` sent a code or a passkey that was wrong or used.
    SecondFactor = "login.factor",
    /// A recovery code of `target` was used up, by what the next entry tells.
    RecoveryCodeUsed = "recovery_code.used",
    /// A user began to set up one-time passwords.
    TotpSetUp = "totp.set_up",
    /// A user confirmed one-time passwords, or failed to: from now on, logins ask for them.
    TotpConfirmed = "totp.confirmed",
    /// A user disabled one-time passwords, or failed to.
    TotpDisabled = "totp.disabled",
    /// A user registered a passkey, or failed to: `object_id` is the passkey.
    PasskeyRegistered = "passkey.registered",
    /// A user gave a passkey another name: `object_id` is the passkey.
    PasskeyRenamed = "passkey.renamed",
    /// A user removed a passkey, or failed to: `object_id` is the passkey.
    PasskeyRemoved = "passkey.removed",
    /// A passkey of `target` was used, by what the next entry tells.
    PasskeyUsed = "passkey.used",
    /// A user got new recovery codes, or failed to.
    RecoveryCodesRenewed = "recovery_codes.renewed",
    /// The second factors of `target` were removed, and all sessions ended.
    FactorsReset = "factors.reset",
    /// Somebody signed out.
    Logout = "logout",
    /// Somebody ended a session, of their own or of `target`: `object_id` is the session.
    SessionEnded = "session.ended",
    /// Somebody ended all of their sessions except one.
    OtherSessionsEnded = "session.others_ended",
    /// Somebody ended all sessions of `target`.
    AllSessionsEnded = "session.all_ended",
    /// A token of `target` was issued: `object_id` is the token, `detail` has its scopes.
    TokenCreated = "token.created",
    /// A user ended a token: `object_id` is the token.
    TokenEnded = "token.ended",
    /// Somebody used a refresh token of `target` again, and its session has ended: `object_id` is the session.
    RefreshReused = "session.refresh_reused",
    /// A session was refreshed, for the first time on a day: `object_id` is the session.
    SessionRefreshed = "session.refreshed",
    /// A password was changed or set, or somebody failed to change theirs.
    PasswordChanged = "password.changed",
    /// A user was given a password that was made up, to be changed first.
    TemporaryPassword = "password.temporary",
    /// A code that resets the password of `target` was sent, at somebody's request.
    ResetRequested = "password.reset_requested",
    /// The password of `target` was reset by such a code.
    PasswordReset = "password.reset",
    /// A user began to export all that is stored about them, or failed to.
    AccountExported = "account.exported",
    /// A user was created.
    UserCreated = "user.created",
    /// Somebody signed up, as `target`: `object_id` is the invite, if they had one.
    SignedUp = "user.signed_up",
    /// A user was edited: `detail` names the fields.
    UserEdited = "user.edited",
    /// A user was suspended.
    UserSuspended = "user.suspended",
    /// A user is no longer suspended.
    UserResumed = "user.resumed",
    /// A user was deleted.
    UserDeleted = "user.deleted",
    /// An invite to the server was made: `object_id` is the invite.
    InviteCreated = "invite.created",
    /// An invite to the server was revoked.
    InviteRevoked = "invite.revoked",
    /// A role on the server was defined: `object_id` is the role.
    ServerRoleDefined = "role.defined",
    /// A role on the server was changed.
    ServerRoleEdited = "role.edited",
    /// A role on the server was deleted.
    ServerRoleDeleted = "role.deleted",
    /// A user was given a role on the server.
    ServerRoleGiven = "role.given",
    /// A role on the server was taken from a user.
    ServerRoleTaken = "role.taken",
    /// A group was created.
    GroupCreated = "group.created",
    /// A group was edited: `detail` names the fields.
    GroupEdited = "group.edited",
    /// A group was archived.
    GroupArchived = "group.archived",
    /// An archived group was restored.
    GroupRestored = "group.restored",
    /// A group was deleted.
    GroupDeleted = "group.deleted",
    /// A group defined a role.
    GroupRoleDefined = "group_role.defined",
    /// A role of a group was changed: `detail` says which, if it is built in.
    GroupRoleEdited = "group_role.edited",
    /// A role of a group was deleted.
    GroupRoleDeleted = "group_role.deleted",
    /// A user was added to a group: `detail` is the role.
    MemberAdded = "member.added",
    /// A user joined a group: `detail` is the role.
    MemberJoined = "member.joined",
    /// A user left a group.
    MemberLeft = "member.left",
    /// A member was removed.
    MemberRemoved = "member.removed",
    /// A member got another role: `detail` is the role.
    MemberRoleChanged = "member.role_changed",
    /// A user was banned from a group, or a ban was changed.
    MemberBanned = "member.banned",
    /// A ban was ended.
    MemberUnbanned = "member.unbanned",
    /// A member was muted, or a mute was changed.
    MemberMuted = "member.muted",
    /// A mute was ended.
    MemberUnmuted = "member.unmuted",
    /// Messages were imported: `object_id` is the first of them.
    MessagesImported = "messages.imported",
    /// A user was invited: `object_id` is the invitation.
    InvitationCreated = "invitation.created",
    /// An invitation was taken back.
    InvitationWithdrawn = "invitation.withdrawn",
    /// A user joined by an invitation.
    InvitationAccepted = "invitation.accepted",
    /// A user declined an invitation.
    InvitationDeclined = "invitation.declined",
    /// A user asked to join.
    RequestCreated = "join_request.created",
    /// A user was let in who had asked to join.
    RequestApproved = "join_request.approved",
    /// A request to join was refused.
    RequestRefused = "join_request.refused",
    /// A user took back a request to join.
    RequestWithdrawn = "join_request.withdrawn",
    /// An invite link was made: `object_id` is the link.
    LinkCreated = "invite_link.created",
    /// An invite link was ended.
    LinkRevoked = "invite_link.revoked",
    /// A user joined by an invite link.
    LinkUsed = "invite_link.used",
    /// The server's secrets were encrypted with its newest key: `object_id` is the key.
    SecretsKeyRotated = "secrets.key_rotated",
    /// Keys that no secret is encrypted with were dropped.
    SecretsKeysPruned = "secrets.keys_pruned",
    /// Settings differ from those of before, since a start or a reload: `detail` names them.
    SettingsChanged = "settings.changed",
    /// The database was replaced by a backup: what comes before this is what the backup tells.
    DatabaseRestored = "database.restored",
    /// The database was copied from another one, which has all entries before this, too.
    DatabaseMigrated = "database.migrated",
    /// The counters of ids were moved on, because the database was restored by other means.
    IdsAdvanced = "database.ids_advanced",
    /// Messages were removed for their age: `object_id` is how many.
    MessagesTrimmed = "messages.trimmed",
    /// Old entries were removed: `object_id` is the number of the last one.
    AuditPruned = "audit.pruned",
}

/// Whether it worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditOutcome {
    /// It was done.
    Ok,
    /// It was tried in vain.
    Failed,
}

impl AuditOutcome {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
        }
    }
}

/// As what somebody acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditParty {
    /// As a user who is signed in.
    User,
    /// As the operator, on the command line.
    Operator,
    /// The server itself.
    Server,
    /// As nobody yet.
    Stranger,
}

impl AuditParty {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Operator => "operator",
            Self::Server => "server",
            Self::Stranger => "stranger",
        }
    }
}

/// An entry that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// What was done.
    pub action: AuditAction,
    /// Whether it worked.
    pub outcome: AuditOutcome,
    /// As what.
    pub party: AuditParty,
    /// By whom; `None` unless it was a user.
    pub actor: Option<UserId>,
    /// The session of the key that was used.
    pub session: Option<SessionId>,
    /// To whom.
    pub target: Option<UserId>,
    /// In which group.
    pub group: Option<GroupId>,
    /// What else it is about, by its id; the action says what it is.
    pub object: Option<i64>,
    /// The names of fields that were changed, of the scopes of a token, or of a role that is built in. Never a value that somebody typed.
    pub detail: Option<String>,
    /// Where the request came from.
    pub origin: Origin,
}

impl AuditEntry {
    const fn new(action: AuditAction, party: AuditParty, origin: Origin) -> Self {
        Self {
            action,
            outcome: AuditOutcome::Ok,
            party,
            actor: None,
            session: None,
            target: None,
            group: None,
            object: None,
            detail: None,
            origin,
        }
    }

    /// Something that a signed-in user did.
    pub fn by(actor: &Actor, action: AuditAction) -> Self {
        let (id, session) = (Some(actor.id()), Some(actor.session));
        Self { actor: id, session, ..Self::new(action, AuditParty::User, actor.origin) }
    }

    /// Something that the operator did.
    pub const fn by_operator(action: AuditAction) -> Self {
        Self::new(action, AuditParty::Operator, Origin::UNKNOWN)
    }

    /// Something that the server did by itself.
    pub const fn by_server(action: AuditAction) -> Self {
        Self::new(action, AuditParty::Server, Origin::UNKNOWN)
    }

    /// Something that somebody did who was not signed in.
    pub const fn by_stranger(origin: Origin, action: AuditAction) -> Self {
        Self::new(action, AuditParty::Stranger, origin)
    }

    /// The same, done to this user.
    #[must_use]
    pub fn to(self, target: UserId) -> Self {
        Self { target: Some(target), ..self }
    }

    /// The same in this group.
    #[must_use]
    pub fn within(self, group: GroupId) -> Self {
        Self { group: Some(group), ..self }
    }

    /// The same about something else, by its id.
    #[must_use]
    pub fn about(self, object: i64) -> Self {
        Self { object: Some(object), ..self }
    }

    /// The same with the names of what was changed.
    #[must_use]
    pub fn of_fields(self, fields: &[&str]) -> Self {
        Self { detail: Some(fields.join(" ")), ..self }
    }

    /// The same with a role in a group: the name of one that is built in, else `custom`, since people choose the others.
    #[must_use]
    pub fn with_role(self, role: &RoleName) -> Self {
        let name = role.built_in().map_or("custom", |role| role.as_str());
        Self { detail: Some(name.to_owned()), ..self }
    }

    /// The same, tried in vain.
    #[must_use]
    pub fn failed(self) -> Self {
        Self { outcome: AuditOutcome::Failed, ..self }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_has_a_short_name_of_its_own() {
        let names: BTreeSet<_> = AuditAction::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(names.len(), AuditAction::ALL.len());
        assert!(names.iter().all(|name| name.len() <= 50));
    }
}
