//! Users, and the values that make them up.

use std::fmt;

use crate::ids::{UserId, Version};
use crate::text::{TextBytes, fold, name_key, nfc, single_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::{Violation, ViolationCode, check_length, one_of};

/// Names with a special meaning in chats.
const RESERVED_USERNAMES: [&str; 4] = ["all", "here", "me", "system"];

/// The name that a user signs in with and is mentioned by: 1–50 ASCII letters, digits, `_`, `.` and `-`, starting and
/// ending with a letter or digit. Unique without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Username(String);
text_newtype!(Username);

impl Username {
    /// The maximum number of characters.
    pub const MAX_LENGTH: usize = 50;

    /// Checks a username chosen by a caller.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        check_length(text, 1, Self::MAX_LENGTH)?;
        let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if !text.chars().all(inner) {
            let detail = "must contain only ASCII letters, digits, '_', '.' and '-'";
            return Err(Violation::new(ViolationCode::InvalidCharacters, detail));
        }
        let outer = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        if !outer(text.chars().next()) || !outer(text.chars().last()) {
            let detail = "must start and end with an ASCII letter or digit";
            return Err(Violation::new(ViolationCode::InvalidFormat, detail));
        }
        let username = Self(text.to_owned());
        if RESERVED_USERNAMES.contains(&username.key().as_str()) {
            let detail = format!("must not be one of the reserved names: {}", RESERVED_USERNAMES.join(", "));
            return Err(Violation::new(ViolationCode::Reserved, detail));
        }
        Ok(username)
    }

    /// The key by which usernames are compared.
    pub fn key(&self) -> UsernameKey {
        UsernameKey::of(&self.0)
    }
}

/// A username folded for comparison. Any text can be folded, including text that is not a valid username.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UsernameKey(String);
text_newtype!(UsernameKey);

impl UsernameKey {
    /// The maximum number of characters that are kept. Longer names belong to nobody.
    const MAX_TYPED: usize = 200;

    /// Folds a name as typed.
    pub fn of(text: &str) -> Self {
        if check_length(text, 0, Self::MAX_TYPED).is_err() {
            return Self(String::new());
        }
        Self(fold(text))
    }
}

/// The name shown to others: 1–100 characters on one line, in any script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayName(String);
text_newtype!(DisplayName);

impl DisplayName {
    /// The maximum number of characters.
    pub const MAX_LENGTH: usize = 100;

    /// Normalizes and checks a display name. Surrounding white space is removed.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        single_line(text, Self::MAX_LENGTH).map(Self)
    }

    /// The key by which display names are searched.
    pub fn key(&self) -> String {
        name_key(&self.0)
    }
}

/// An e-mail address of at most 254 characters (RFC 5321, section 4.5.3.1.3, without the angle brackets). Only its form
/// is checked, because only sending mail could show whether it works. Not unique. `Debug` doesn't print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);
text_newtype!(Email);

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl Email {
    /// The maximum number of characters.
    pub const MAX_LENGTH: usize = 254;

    /// Checks an address.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = nfc(text.trim());
        check_length(&text, 1, Self::MAX_LENGTH)?;
        let well_formed = text.rsplit_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && !host.starts_with('.') && !host.ends_with('.')
        });
        if !well_formed || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            let detail = "must look like name@host, without spaces";
            return Err(Violation::new(ViolationCode::InvalidFormat, detail));
        }
        Ok(Self(text.into_owned()))
    }
}

/// A password: at least 8 characters, at most 72 bytes in UTF-8, without U+0000. (bcrypt ignores everything after the 72nd byte and may stop at a
/// NUL, so both are rejected.) `Debug` doesn't print it.
///
/// New passwords are in Normalization Form C, since the same keys produce composed characters on one system and
/// decomposed ones on another (RFC 8265, section 4.2.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The minimum number of characters.
    pub const MIN_LENGTH: usize = 8;
    /// The maximum number of bytes.
    pub const MAX_BYTES: usize = 72;

    /// Normalizes and checks a new password.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = nfc(text).into_owned();
        let (min, length) = (Self::MIN_LENGTH, text.chars().count());
        if text.is_empty() {
            return Err(Violation::new(
                ViolationCode::Required,
                format!("must have at least {min} characters"),
            ));
        }
        if length < min {
            let detail = format!("must have at least {min} characters, has {length}");
            return Err(Violation::new(ViolationCode::TooShort, detail));
        }
        let (max, bytes) = (Self::MAX_BYTES, text.len());
        if bytes > max {
            let detail = format!("must have at most {max} bytes in UTF-8, has {bytes}");
            return Err(Violation::new(ViolationCode::TooLong, detail));
        }
        if text.contains('\0') {
            let detail = "must not contain the character U+0000";
            return Err(Violation::new(ViolationCode::InvalidCharacters, detail));
        }
        Ok(Self(text))
    }

    /// The password that was typed to prove who somebody is, normalized. `None` if it could not have been a password.
    pub fn normalized(text: &str) -> Option<Self> {
        Self::of_any_version(nfc(text).into_owned())
    }

    /// The same as typed, without normalization, which is what earlier versions hashed. `None` also if it is the same when
    /// normalized.
    pub fn as_typed(text: &str) -> Option<Self> {
        if nfc(text) == text { None } else { Self::of_any_version(text.to_owned()) }
    }

    /// Earlier versions asked for 8 bytes, which fewer characters can have.
    fn of_any_version(text: String) -> Option<Self> {
        let is_possible = (8..=Self::MAX_BYTES).contains(&text.len()) && !text.contains('\0');
        is_possible.then_some(Self(text))
    }

    /// The password itself, for the hasher.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password's hash in its algorithm's format. `Debug` doesn't print it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);
text_newtype!(PasswordHash);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The cost of a password hash. Each increment doubles the time. Orders hashes by the time that checking takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HashCost(pub u32);

/// Who may see a user's presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceSetting {
    /// Users who share a group with the user.
    Shown,
    /// Nobody.
    Hidden,
}

impl PresenceSetting {
    /// Every setting.
    pub const ALL: [Self; 2] = [Self::Shown, Self::Hidden];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Hidden => "hidden",
        }
    }

    /// The setting with this name.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        match text {
            "shown" => Ok(Self::Shown),
            "hidden" => Ok(Self::Hidden),
            _ => Err(Violation::new(ViolationCode::InvalidFormat, "must be shown or hidden")),
        }
    }
}

/// Whether others see how far a user has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptSetting {
    /// Members of the groups that show it, who show theirs.
    Shown,
    /// Nobody. The user doesn't see how far others have read, either.
    Hidden,
}

impl ReceiptSetting {
    /// Every setting.
    pub const ALL: [Self; 2] = [Self::Shown, Self::Hidden];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Hidden => "hidden",
        }
    }

    /// The setting with this name.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_of(&Self::ALL, Self::as_str, text)
    }
}

/// What a user is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserKind {
    /// Somebody who signs in.
    Person,
    /// A program, which acts by tokens only, and for which its owner answers.
    Bot,
}

impl UserKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Person, Self::Bot];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Bot => "bot",
        }
    }
}

/// A user of the server. Deleted users are never loaded as a `User`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The name to sign in with.
    pub username: Username,
    /// The name shown to others, if the user has chosen one.
    pub display_name: Option<DisplayName>,
    /// Shown only to the user and to admins.
    pub email: Option<Email>,
    /// Whether the user is a server admin.
    pub is_admin: bool,
    /// Whether the user can't sign in for now. Memberships and rights stay.
    pub suspended: bool,
    /// Who answers for the bot; `None` for a person.
    pub owner: Option<UserId>,
    /// Shown only to the user.
    pub presence: PresenceSetting,
    /// Shown only to the user.
    pub receipts: ReceiptSetting,
    /// Counts the changes.
    pub version: Version,
    /// When the account was created.
    pub created_at: Timestamp,
}

impl TextBytes for User {
    fn text_bytes(&self) -> usize {
        self.username.text_bytes() + self.display_name.text_bytes() + self.email.text_bytes()
    }
}

impl User {
    /// A person who has only been given names.
    fn new(id: UserId, username: Username, display_name: Option<DisplayName>, created_at: Timestamp) -> Self {
        Self {
            id,
            username,
            display_name,
            email: None,
            is_admin: false,
            suspended: false,
            owner: None,
            presence: PresenceSetting::Shown,
            receipts: ReceiptSetting::Shown,
            version: Version::FIRST,
            created_at,
        }
    }

    /// The user as events contain it: without the address and the setting of receipts. The
    /// [`presence`](Self::presence) setting stays, because servers need it. So DTOs for clients MUST leave both out.
    pub fn without_private_fields(&self) -> Self {
        Self { email: None, receipts: ReceiptSetting::Shown, ..self.clone() }
    }

    /// Whether a person or a bot.
    pub const fn kind(&self) -> UserKind {
        if self.owner.is_some() { UserKind::Bot } else { UserKind::Person }
    }

    /// What of the user can change and everybody sees.
    pub(crate) fn public_part(&self) -> impl PartialEq + '_ {
        (&self.username, &self.display_name, self.is_admin, self.suspended, self.owner)
    }

    /// Whether the user can administer the server now.
    pub const fn is_active_admin(&self) -> bool {
        self.is_admin && !self.suspended
    }

    /// The part of the user that messages and memberships contain.
    pub fn as_ref(&self) -> UserRef {
        UserRef {
            id: self.id,
            username: Some(self.username.clone()),
            display_name: self.display_name.clone(),
        }
    }
}

/// A user as others see them: the author of a message or a member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRef {
    /// The user's id, which stays after the account is deleted.
    pub id: UserId,
    /// `None` once the account is deleted.
    pub username: Option<Username>,
    /// `None` if the user has chosen none, or the account is deleted.
    pub display_name: Option<DisplayName>,
}

impl TextBytes for UserRef {
    fn text_bytes(&self) -> usize {
        self.username.text_bytes() + self.display_name.text_bytes()
    }
}

/// A user that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// The name to sign in with.
    pub username: Username,
    /// The name shown to others.
    pub display_name: Option<DisplayName>,
    /// The address, visible to the user and admins.
    pub email: Option<Email>,
    /// Whether the user is a server admin.
    pub is_admin: bool,
    /// The hash of the password.
    pub password: PasswordHash,
    /// When the account is created.
    pub created_at: Timestamp,
}

impl NewUser {
    /// The user, once the database has assigned the id.
    pub fn into_user(self, id: UserId) -> User {
        let user = User::new(id, self.username, self.display_name, self.created_at);
        User { email: self.email, is_admin: self.is_admin, ..user }
    }
}

/// A bot that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBot {
    /// The name that it is mentioned by.
    pub username: Username,
    /// The name shown to others.
    pub display_name: Option<DisplayName>,
    /// Who answers for it.
    pub owner: UserId,
    /// When the account is created.
    pub created_at: Timestamp,
}

impl NewBot {
    /// The bot, once the database has assigned the id.
    pub fn into_user(self, id: UserId) -> User {
        let user = User::new(id, self.username, self.display_name, self.created_at);
        User { owner: Some(self.owner), ..user }
    }
}

#[cfg(test)]
mod tests;
