//! Response bodies for accounts.

use groupchat_domain::accounts::{
    Block, CreatedUser, DeviceName, DisplayName, Email, LoggedIn, Password, PresenceSetting, ReceiptSetting,
    Session, SessionKind, User, UserKind, UserRef, Username,
};
use groupchat_domain::ids::{SessionId, UserId, Version};
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::values::{Address, ApiKey, DeviceTokenText, RefreshTokenText, TemporaryPasswordText, UserAgent};
use crate::wire::{Field, FixedFields, Time};

/// A user of the server.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "User")]
pub struct UserDto {
    /// The user's id.
    pub id: Field<UserId>,
    /// The name to sign in with.
    pub username: Field<Username>,
    /// The name that others see; null if the user has chosen none.
    pub display_name: Option<Field<DisplayName>>,
    /// Null if there is none, or if you may not see it: only the user and admins can.
    pub email: Option<Field<Email>>,
    /// Whether the user is a server admin.
    pub is_admin: Field<bool>,
    /// Whether the user can't sign in for now.
    pub suspended: Field<bool>,
    /// What the user is: somebody who signs in, or a program.
    pub kind: Field<UserKind>,
    /// The user who answers for the bot; null for a person.
    pub owner_id: Option<Field<UserId>>,
    /// Whether others can see when the user is online, `shown` or `hidden`; null unless the user is yourself.
    pub presence: Option<Field<PresenceSetting>>,
    /// Whether others can see how far the user has read, and the user how far they have, `shown` or `hidden`; null unless
    /// the user is yourself.
    pub receipts: Option<Field<ReceiptSetting>>,
    /// Increases with every change, starting at 1.
    pub version: Field<Version>,
    /// When the account was created.
    pub created_at: Time,
}

impl UserDto {
    /// Everybody gets the same events, so they contain only what everybody may see.
    pub(crate) const IN_EVENTS: FixedFields =
        FixedFields { null: &["email", "presence", "receipts"], given: &[] };

    /// A user as in events.
    pub(crate) fn for_everybody(user: &User) -> Self {
        user.without_private_fields().into()
    }

    /// A user as they see themselves.
    pub fn own(user: User) -> Self {
        let (presence, receipts) = (Some(user.presence.into()), Some(user.receipts.into()));
        Self { presence, receipts, ..user.into() }
    }

    /// A user as somebody sees them, who may be the same.
    pub fn seen_by(viewer: UserId, user: User) -> Self {
        if user.id == viewer { Self::own(user) } else { user.into() }
    }
}

/// As others see them.
impl From<User> for UserDto {
    fn from(user: User) -> Self {
        let kind = user.kind();
        Self {
            id: user.id.into(),
            username: user.username.into(),
            display_name: user.display_name.map(Field),
            email: user.email.map(Field),
            is_admin: user.is_admin.into(),
            suspended: user.suspended.into(),
            kind: kind.into(),
            owner_id: user.owner.map(Field),
            presence: None,
            receipts: None,
            version: user.version.into(),
            created_at: user.created_at.into(),
        }
    }
}

/// A user as the author of a message or a member of a group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "UserRef")]
pub struct UserRefDto {
    /// The user's id, which stays after the account is deleted.
    pub id: Field<UserId>,
    /// The name to sign in with; null once the account is deleted.
    pub username: Option<Field<Username>>,
    /// The name that others see; null if there is none, or if the account is deleted.
    pub display_name: Option<Field<DisplayName>>,
}

impl From<UserRef> for UserRefDto {
    fn from(user: UserRef) -> Self {
        Self {
            id: user.id.into(),
            username: user.username.map(Field),
            display_name: user.display_name.map(Field),
        }
    }
}

/// A user whom you have blocked.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Block")]
pub(super) struct BlockDto {
    /// The blocked user.
    pub user: UserRefDto,
    /// When you blocked them.
    pub created_at: Time,
}

impl From<Block> for BlockDto {
    fn from(block: Block) -> Self {
        Self { user: block.user.into(), created_at: block.created_at.into() }
    }
}

/// A user that was just created.
// Without `Debug`, which would show the key.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "CreatedUser")]
pub(super) struct CreatedUserDto {
    /// The user.
    #[serde(flatten)]
    pub user: UserDto,
    /// A key that acts for the user and is valid for an hour; null for admins.
    pub api_key: Option<Field<ApiKey>>,
}

impl From<CreatedUser> for CreatedUserDto {
    fn from(created: CreatedUser) -> Self {
        let api_key = created.key.map(|key| ApiKey(key.reveal().to_owned()).into());
        Self { user: created.user.into(), api_key }
    }
}

/// A new session.
// Without `Debug`, which would show the key.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "Login")]
pub(crate) struct LoginDto {
    /// The key to send with every request; returned only once.
    pub api_key: Field<ApiKey>,
    /// When the key expires.
    pub expires_at: Time,
    /// The token for the next key; returned only once. Null unless the login asked for it by `refresh`.
    pub refresh_token: Option<Field<RefreshTokenText>>,
    /// When the refresh token expires, and the session with it; null if there is none.
    pub refresh_expires_at: Option<Time>,
    /// The token of this device for this user: keep it, and send it in `X-Device-Token` at the next login. It is the one
    /// that was sent, if that is still good. Null if the session was only refreshed.
    pub device_token: Option<Field<DeviceTokenText>>,
    /// Who signed in.
    pub user: UserDto,
}

impl From<LoggedIn> for LoginDto {
    fn from(login: LoggedIn) -> Self {
        let (token, refresh_expires_at) = match login.refresh {
            Some(refresh) => (Some(refresh.token), Some(refresh.expires_at.into())),
            None => (None, None),
        };
        Self {
            api_key: ApiKey(login.key.reveal().to_owned()).into(),
            expires_at: login.expires_at.into(),
            refresh_token: token.map(|token| RefreshTokenText(token.reveal().to_owned()).into()),
            refresh_expires_at,
            device_token: login.device.map(|token| DeviceTokenText(token.reveal().to_owned()).into()),
            user: UserDto::own(login.user),
        }
    }
}

/// A password that was made up for a user.
// Without `Debug`, which would show it.
#[derive(Serialize, Apiv2Schema)]
#[openapi(rename = "TemporaryPassword")]
pub(super) struct TemporaryPasswordDto {
    /// The password; returned only once.
    pub password: Field<TemporaryPasswordText>,
}

impl From<Password> for TemporaryPasswordDto {
    fn from(password: Password) -> Self {
        Self { password: TemporaryPasswordText(password.reveal().to_owned()).into() }
    }
}

/// A session. Each API key belongs to one.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Session")]
pub(super) struct SessionDto {
    /// The session's id.
    pub id: Field<SessionId>,
    /// How it was created: `login`, or `provisioned` for the key that comes with a new user.
    pub kind: Field<SessionKind>,
    /// The name of the device, if the login gave one.
    pub device_name: Option<Field<DeviceName>>,
    /// When it began.
    pub created_at: Time,
    /// When its key expires.
    pub expires_at: Time,
    /// When its refresh token expires, and the session with it; null if it has none and ends with its key.
    pub refresh_expires_at: Option<Time>,
    /// When its key was last used, to the minute.
    pub last_used_at: Option<Time>,
    /// The program that signed in.
    pub user_agent: Option<Field<UserAgent>>,
    /// The network address it signed in from.
    pub address: Option<Field<Address>>,
    /// Whether it is the session of this request.
    pub current: Field<bool>,
}

impl SessionDto {
    /// A session as the holder of `current` sees it.
    pub(super) fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.into(),
            kind: session.kind.into(),
            device_name: session.name.map(Field),
            created_at: session.created_at.into(),
            expires_at: session.key_expires_at.unwrap_or(session.expires_at).into(),
            refresh_expires_at: session.key_expires_at.map(|_| session.expires_at.into()),
            last_used_at: session.last_used_at.map(Time::from),
            user_agent: session.user_agent.map(|text| UserAgent(text).into()),
            address: session.address.map(|text| Address(text).into()),
            current: (session.id == current).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use groupchat_domain::time::Timestamp;

    use super::*;

    fn user(display_name: Option<DisplayName>, email: Option<Email>) -> User {
        User {
            id: UserId::new(1),
            username: Username::parse("ann").unwrap(),
            display_name,
            email,
            is_admin: false,
            suspended: false,
            owner: Some(UserId::new(7)),
            presence: PresenceSetting::Shown,
            receipts: ReceiptSetting::Shown,
            version: Version::FIRST,
            created_at: Timestamp::from_micros(1_000_000),
        }
    }

    #[test]
    fn events_fix_what_they_say() {
        let full = user(DisplayName::parse("Ann").ok(), Email::parse("ann@example.org").ok());
        let bare = user(None, None);
        UserDto::IN_EVENTS.assert_of(&UserDto::for_everybody(&full), &UserDto::for_everybody(&bare));
    }
}
