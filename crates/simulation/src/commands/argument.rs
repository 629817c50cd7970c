//! What commands are about: numbers that print as they are written in Rust, and stand for values of the domain.

use std::fmt::{self, Debug};
use std::time::Duration;

use groupchat_domain::accounts::{
    DeviceName, DisplayName, Email, IssuedRefresh, KeyHash, Password, PresenceSetting, ReceiptSetting,
    RefreshHashes, RefreshToken, Scope, Secret, Username,
};
use groupchat_domain::admissions::{MaxUses, Note, SignUpOpening};
use groupchat_domain::audit::AuditAction;
use groupchat_domain::codes::SecretCode;
use groupchat_domain::factors::{Passcode, PasskeyName, RecoveryCode, ShownCeremony, TypedCode};
use groupchat_domain::groups::{
    Batch, Candidate, Description, GroupKind, GroupName, History, Notify, People, Reason, RetentionDays,
    SlowMode, Topic, Visibility,
};
use groupchat_domain::ids::{
    GroupId, InvitationId, InviteLinkId, MessageId, PasskeyId, RoleId, Seq, ServerInviteId, SessionId,
    UserId, Version,
};
use groupchat_domain::messages::{ClientId, Emoji, MessageRange, MessageText, PinSeq, ReadMark, Window};
use groupchat_domain::paging::{Limit, NameCursor};
use groupchat_domain::permissions::{
    BuiltInRole, PermissionSet, Rank, RoleDefinition, RoleName, ServerPermission, ServerPermissionSet,
    ServerRoleName,
};
use groupchat_domain::polls::{
    Choices, OptionId, OptionText, OptionsBy, PollDraft, PollOptions, PollResults,
};
use groupchat_domain::saved::{BookmarkNote, BookmarkPlace, DraftText};
use groupchat_domain::scheduled::ScheduledId;
use groupchat_domain::search::SearchText;
use groupchat_domain::time::Timestamp;
use groupchat_testing::Dice;

use crate::commands::ids::Ids;
use crate::commands::known::Known;
use crate::commands::ports::shown_passkey;

/// An argument of a command.
pub trait Argument: Copy + Debug {
    /// What it stands for.
    type Value;

    /// Throws the dice for one, from what clients know.
    fn draw(dice: &mut Dice, known: &Known) -> Self;

    /// What it stands for on a backend.
    fn on(self, ids: &Ids) -> Self::Value;
}

impl<A: Argument> Argument for Option<A> {
    type Value = Option<A::Value>;

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        (dice.below(2) == 0).then(|| A::draw(dice, known))
    }

    fn on(self, ids: &Ids) -> Self::Value {
        self.map(|argument| argument.on(ids))
    }
}

/// Declares arguments that are one number: how it is drawn, and what it stands for.
macro_rules! arguments {
    ($(
        $(#[$doc:meta])*
        $name:ident($number:ty) for $value:ty:
            |$dice:ident, $known:ident| $draw:expr, |$given:ident, $ids:ident| $on:expr;
    )+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $number);

        impl Argument for $name {
            type Value = $value;

            #[allow(unused_variables, reason = "not every argument depends on what is known")]
            fn draw($dice: &mut Dice, $known: &Known) -> Self {
                Self($draw)
            }

            #[allow(unused_variables, reason = "only ids differ from one backend to the other")]
            fn on(self, $ids: &Ids) -> Self::Value {
                let $given = self.0;
                $on
            }
        }
    )+};
}

/// One of the names of a kind, in one of two ways of writing it: names collide, also in another case. The first user is
/// called otherwise.
fn named(word: &str, number: u16) -> String {
    let is_first_user = word == "user" && number < 2;
    let name = if is_first_user { "admin".to_owned() } else { format!("{word}{}", number / 2) };
    if number.is_multiple_of(2) { name } else { name.to_uppercase() }
}

/// A number below `count`, as a number of a name.
fn small(dice: &mut Dice, count: u16) -> u16 {
    u16::try_from(dice.below(count.into())).unwrap_or(0)
}

/// Zero, as a rule; else a number below `count`.
fn usual(dice: &mut Dice, count: u16) -> u16 {
    if dice.below(6) == 0 { small(dice, count) } else { 0 }
}

/// How many names there are, each in two ways of writing.
const NAMES: u16 = 24;

/// How many texts are drawn. Those with greater numbers are each said once.
const DRAWN_TEXTS: u16 = 1_000;

impl AText {
    /// A text that no other message has.
    pub(crate) const fn unique(number: u32) -> Self {
        Self(DRAWN_TEXTS as u32 + number)
    }

    /// The part of a text that no other message has, if there is one: names that it mentions are stored as ids.
    pub(crate) fn unique_part(text: &str) -> Option<&str> {
        let part = text.get(text.rfind("text ")?..)?;
        let number: u32 = part.strip_prefix("text ")?.parse().ok()?;
        (number >= DRAWN_TEXTS.into()).then_some(part)
    }
}

arguments! {
    /// A key, by the number of the command that issued it.
    AKey(u32) for KeyHash: |dice, known| known.key(dice), |number, ids| key_hash(number);
    /// A ticket, by the number of the command that issued it.
    ATicket(u32) for KeyHash: |dice, known| known.ticket(dice), |number, ids| key_hash(number);
    /// The token of a device, by the number of the command that signed in on it.
    ADevice(u32) for Secret: |dice, known| known.device(dice), |number, ids| Secret::new(number.to_string());
    /// A user.
    AUser(i64) for UserId: |dice, known| known.user(dice), |id, ids| ids.user(id);
    /// A bot, as a rule.
    ABot(i64) for UserId: |dice, known| known.bot(dice), |id, ids| ids.user(id);
    /// A session.
    ASession(i64) for SessionId: |dice, known| known.session(dice), |id, ids| ids.session(id);
    /// A group.
    AGroup(i64) for GroupId: |dice, known| known.group(dice), |id, ids| ids.group(id);
    /// An invitation.
    AnInvitation(i64) for InvitationId: |dice, known| known.invitation(dice), |id, ids| ids.invitation(id);
    /// An invite link.
    AnInviteLink(i64) for InviteLinkId: |dice, known| known.invite_link(dice), |id, ids| ids.invite_link(id);
    /// The code of an invite link.
    ACode(u32) for SecretCode: |dice, known| known.code(dice), |number, ids| link_code(number);
    /// A code that resets a password.
    AResetCode(u32) for SecretCode: |dice, known| known.reset(dice), |number, ids| link_code(number);
    /// A code that confirms an address.
    AConfirmation(u32) for SecretCode: |dice, known| known.confirmation(dice), |number, ids| link_code(number);
    /// An invite to the server.
    AServerInvite(i64) for ServerInviteId: |dice, known| known.server_invite(dice), |id, ids| ids.server_invite(id);
    /// The code of an invite to the server.
    AnInviteCode(u32) for SecretCode: |dice, known| known.invite_code(dice), |number, ids| link_code(number);
    /// How many users a link lets in.
    SomeUses(u8) for MaxUses: |dice, known| u8::try_from(dice.below(2)).unwrap_or(0),
        |number, ids| MaxUses::from_stored(i64::from(number) + 1).unwrap_or_else(|| unreachable!("a few"));
    /// What an inviter writes.
    ANote(u8) for Note: |dice, known| u8::try_from(dice.below(3)).unwrap_or(0),
        |number, ids| Note::from_stored(format!("note {number}"));
    /// Until when something is valid: as a rule for long, but it may be over.
    AnEnd(u8) for Timestamp: |dice, known| [0, 0, 1][dice.below(3)],
        |number, ids| Timestamp::from_micros([i64::MAX / 2, 1][usize::from(number % 2)]);
    /// Who can sign up: anybody, as a rule.
    AnOpening(u8) for SignUpOpening: |dice, known| u8::try_from(dice.below(4)).unwrap_or(0), |number, ids| match number {
        0 => SignUpOpening::Closed,
        1 => SignUpOpening::Confirmed,
        _ => SignUpOpening::Open,
    };
    /// A user's name.
    AUsername(u16) for Username: |dice, known| small(dice, NAMES),
        |number, ids| Username::from_stored(named("user", number));
    /// A name of a user, as somebody types it.
    ATypedName(u16) for String: |dice, known| small(dice, NAMES), |number, ids| named("user", number);
    /// A display name.
    ADisplayName(u16) for DisplayName: |dice, known| small(dice, 8),
        |number, ids| DisplayName::from_stored(named("Ünï ", number));
    /// An e-mail address.
    AnEmail(u16) for Email: |dice, known| small(dice, 8),
        |number, ids| Email::from_stored(format!("{number}@mail.example"));
    /// A password.
    APassword(u16) for Password: |dice, known| usual(dice, 3), |number, ids| password(number);
    /// A password, as somebody types it.
    ATypedPassword(u16) for Secret: |dice, known| usual(dice, 4),
        |number, ids| Secret::new(password(number).reveal().to_owned());
    /// The ticket of half a login, by the number of the command that issued it.
    ALoginTicket(u32) for Secret: |dice, known| known.login_ticket(dice), |number, ids| Secret::new(number.to_string());
    /// A passkey of the user, or of somebody else.
    APasskey(i64) for PasskeyId: |dice, known| known.passkey(dice), |id, ids| ids.passkey(id);
    /// What an authenticator answers: one of four passkeys, in one of a few ceremonies, or wrong.
    AShownPasskey(u8) for ShownCeremony: |dice, known| u8::try_from(dice.below(32)).unwrap_or(0),
        |number, ids| shown_passkey(number);
    /// A name of a passkey.
    APasskeyName(u8) for PasskeyName: |dice, known| u8::try_from(dice.below(3)).unwrap_or(0),
        |number, ids| PasskeyName::from_stored(format!("passkey {number}"));
    /// A one-time password: of the step before, of now or of the one after, or wrong.
    APasscode(u8) for Passcode: |dice, known| [0, 1, 1, 2, 3][dice.below(5)], |number, ids| passcode(number);
    /// A name of a device.
    ADeviceName(u8) for DeviceName: |dice, known| u8::try_from(dice.below(3)).unwrap_or(0),
        |number, ids| DeviceName::from_stored(format!("device {number}"));
    /// What a token is for: as a rule it writes.
    AScope(u8) for Scope: |dice, known| [0, 1, 1, 1, 2, 2][dice.below(6)],
        |number, ids| Scope::ALL[usize::from(number) % Scope::ALL.len()];
    /// Where somebody signs in from.
    ANetwork(u8) for u8: |dice, known| u8::try_from(dice.below(6)).unwrap_or(0), |number, ids| number;
    /// Whether others see that a user is there.
    APresence(bool) for PresenceSetting: |dice, known| dice.below(2) == 0,
        |shown, ids| if shown { PresenceSetting::Shown } else { PresenceSetting::Hidden };
    /// Whether others see how far a user has read.
    AReceipt(bool) for ReceiptSetting: |dice, known| dice.below(3) > 0,
        |shown, ids| if shown { ReceiptSetting::Shown } else { ReceiptSetting::Hidden };
    /// Yes or no.
    AFlag(bool) for bool: |dice, known| dice.below(3) == 0, |flag, ids| flag;
    /// Groups, as a rule, or direct conversations.
    AKind(bool) for GroupKind: |dice, known| dice.below(3) == 0,
        |direct, ids| if direct { GroupKind::Direct } else { GroupKind::Group };
    /// A group's name.
    AGroupName(u16) for GroupName: |dice, known| small(dice, 24),
        |number, ids| GroupName::from_stored(named("Gruppe ", number));
    /// What a group is about.
    ADescription(u16) for Description: |dice, known| small(dice, 4),
        |number, ids| Description::from_stored(format!("about {number}"));
    /// What a group talks about at the moment.
    ATopic(u16) for Topic: |dice, known| small(dice, 4),
        |number, ids| Topic::from_stored(format!("topic {number}"));
    /// How long members wait between their messages: often not at all.
    ASlowMode(u8) for SlowMode: |dice, known| [0, 0, 1, 2][dice.below(4)],
        |number, ids| SlowMode::parse([0, 1, 60][usize::from(number % 3)]).unwrap_or(SlowMode::OFF);
    /// How many days messages stay: some at once too old, some never.
    ARetentionOfGroup(u16) for RetentionDays: |dice, known| [0, 1, 2, 300, 500][dice.below(5)],
        |number, ids| RetentionDays::parse(number.into()).unwrap_or(RetentionDays::FOREVER);
    /// Who can find a group: everybody, as a rule.
    AVisibility(u8) for Visibility: |dice, known| [0, 0, 0, 1, 2, 2][dice.below(6)],
        |number, ids| Visibility::ALL[usize::from(number % 3)];
    /// Which messages the members of a group read: all, as a rule.
    AHistory(u8) for History: |dice, known| [0, 1][dice.below(2)],
        |number, ids| History::ALL[usize::from(number % 2)];
    /// A role in a group.
    ARole(u8) for RoleName: |dice, known| u8::try_from(dice.below(6)).unwrap_or(0),
        |number, ids| {
            let names = ["readonly", "member", "admin", "owner", "Herald", "Judge"];
            RoleName::from_stored(names[usize::from(number % 6)].to_owned())
        };
    /// What a role is defined as: with the permissions of a built-in one, so that every member reads.
    ADefinition(u8) for RoleDefinition: |dice, known| u8::try_from(dice.below(12)).unwrap_or(0),
        |number, ids| {
            let role = BuiltInRole::ALL[usize::from(number % 4)];
            let rank = Rank::from_stored(i64::from(number) * 8 + 3).unwrap_or(Rank::OWNER);
            RoleDefinition { rank, permissions: PermissionSet::default_of(role, false) }
        };
    /// Why somebody is kept out.
    AReason(u8) for Reason: |dice, known| u8::try_from(dice.below(3)).unwrap_or(0),
        |number, ids| Reason::from_stored(format!("reason {number}"));
    /// How long something lasts.
    AWhile(u16) for Duration: |dice, known| [1, 60, 3_600][dice.below(3)],
        |seconds, ids| Duration::from_secs(seconds.into());
    /// How old messages become.
    AnAge(u32) for Duration: |dice, known| [0, 600, 7_200, 100_000][dice.below(4)],
        |seconds, ids| Duration::from_secs(seconds.into());
    /// A role on the server: `admin`, `member` or one that the server has defined, which may be gone.
    AServerRole(i64) for RoleId: |dice, known| known.server_role(dice), |id, ids| ids.server_role(id);
    /// A name of a role on the server.
    AServerRoleName(u16) for ServerRoleName: |dice, known| small(dice, 12),
        |number, ids| {
            let name = if number < 2 { named("admin", number) } else { named("Rolle ", number) };
            ServerRoleName::from_stored(name)
        };
    /// What a role on the server allows: as a rule what everybody may do, and more.
    AServerSet(u8) for ServerPermissionSet: |dice, known| u8::try_from(dice.below(8)).unwrap_or(0),
        |number, ids| {
            use ServerPermission::{ManageGroups, ManageRoles, ManageUsers};
            let set = ServerPermissionSet::EVERYBODYS;
            match number {
                0 => set.without(ServerPermission::CreateGroups),
                1 => set.without(ServerPermission::CreatePrivateGroups),
                2 | 3 => set.with(ManageGroups),
                4 | 5 => set.with(ManageUsers).with(ManageRoles),
                6 => ServerPermissionSet::ALL,
                _ => set,
            }
        };
    /// What a member wants to be notified of.
    ANotify(u8) for Notify: |dice, known| u8::try_from(dice.below(3)).unwrap_or(0),
        |number, ids| Notify::ALL[usize::from(number % 3)];
    /// A message's text: many mention somebody.
    AText(u32) for MessageText: |dice, known| small(dice, DRAWN_TEXTS).into(),
        |number, ids| {
            let name = |nth: u32| named("user", u16::try_from(nth % u32::from(NAMES)).unwrap_or(0));
            let text = format!("text {number}");
            let text = match number % 8 {
                0 => format!("@{} {text}", name(number / 8)),
                1 => format!("@all, {text}"),
                2 => format!("@{} and (@{}): `@{}` {text}", name(number / 8), name(number / 7), name(0)),
                3 => format!("> @{}\n\n<@{}> {text}", name(number / 8), ids.user(1).get()),
                _ => text,
            };
            MessageText::parse(&text).unwrap_or_else(|_| unreachable!("a short text"))
        };
    /// The id that a sender gives a message: few, so that they repeat.
    AClientId(u32) for ClientId: |dice, known| small(dice, 60).into(),
        |number, ids| ClientId::from_stored(format!("client-{number}"));
    /// A reaction: a like, as a rule.
    AnEmoji(u8) for Emoji: |dice, known| u8::try_from(usual(dice, 6)).unwrap_or(0),
        |number, ids| {
            let emoji = ["👍", "🎉", "❤", "❤\u{FE0F}", "👍🏿", "👩‍🚀"][usize::from(number % 6)];
            Emoji::parse(emoji).unwrap_or_else(|_| unreachable!("an emoji"))
        };
    /// A scheduled message.
    AScheduled(i64) for ScheduledId: |dice, known| known.scheduled(dice), |id, ids| ids.scheduled(id);
    /// What somebody has typed and not sent.
    ADraft(u8) for DraftText: |dice, known| u8::try_from(dice.below(3)).unwrap_or(0),
        |number, ids| DraftText::from_stored(format!("draft {number}"));
    /// What somebody notes about a bookmark.
    ABookmarkNote(u8) for BookmarkNote: |dice, known| u8::try_from(dice.below(3)).unwrap_or(0),
        |number, ids| BookmarkNote::from_stored(format!("note {number}"));
    /// A place among bookmarks.
    ABookmarkPlace(u8) for BookmarkPlace: |dice, known| u8::try_from(dice.below(6)).unwrap_or(0),
        |number, ids| BookmarkPlace::new(number.into());
    /// Options of a poll that somebody votes for: as a rule one that there is.
    SomeChoices(u8) for Choices: |dice, known| [1, 2, 2, 4, 3, 8][dice.below(6)],
        |bits, ids| Choices::from_stored(i64::from(bits.max(1)));
    /// An option of a poll.
    AnOption(u8) for OptionId: |dice, known| u8::try_from(dice.below(4)).unwrap_or(0) + 1,
        |number, ids| OptionId::new(number.into());
    /// What an option says: few, so that they collide.
    AnOptionText(u8) for OptionText: |dice, known| u8::try_from(dice.below(8)).unwrap_or(0),
        |number, ids| OptionText::parse(&named("option", number.into())).unwrap_or_else(|_| unreachable!("short"));
    /// What a poll is like: one bit for each of its terms.
    APoll(u8) for PollDraft: |dice, known| u8::try_from(dice.below(256)).unwrap_or(0),
        |bits, ids| poll_draft(bits);
    /// A number of a message.
    ASeq(i64) for Seq: |dice, known| known.seq(dice), |seq, ids| Seq::new(seq);
    /// What somebody marks, as read or as unread.
    AMark((i64, bool)) for ReadMark: |dice, known| (known.seq(dice), dice.below(3) == 0),
        |mark, ids| if mark.1 { ReadMark::UnreadFrom(Seq::new(mark.0)) } else { ReadMark::Read(Seq::new(mark.0)) };
    /// A number of a pin.
    APin(i64) for PinSeq: |dice, known| i64::try_from(dice.below(6)).unwrap_or(0), |seq, ids| PinSeq::new(seq);
    /// A version of a message, as a rule one from before it was changed much.
    AVersion(u8) for Version: |dice, known| [1, 1, 1, 2, 3, 4][dice.below(6)],
        |number, ids| Version::new(number.into());
    /// The size of a page.
    ALimit(u8) for Limit: |dice, known| [1, 2, 3, 10, 200][dice.below(5)],
        |rows, ids| Limit::parse(i64::from(rows).max(1)).unwrap_or(Limit::DEFAULT);
    /// What is searched for.
    ASearch(u8) for SearchText: |dice, known| u8::try_from(dice.below(4)).unwrap_or(0),
        |number, ids| SearchText::from_stored(["er1", "ü", "e", "2"][usize::from(number % 4)].to_owned());
    /// What the audit log tells.
    AnAction(u8) for AuditAction: |dice, known| u8::try_from(dice.below(AuditAction::ALL.len())).unwrap_or(0),
        |number, ids| AuditAction::ALL[usize::from(number) % AuditAction::ALL.len()];
    /// How many events of the log are kept.
    ARetention(u16) for i64: |dice, known| [1, 20, 100, 1_000][dice.below(4)], |rows, ids| rows.into();
}

/// A poll with these terms, one bit for each of them. It stays open until somebody closes it.
fn poll_draft(bits: u8) -> PollDraft {
    let count = if bits & 1 == 0 { 2 } else { 3 };
    let options = (0..count).map(|nth| OptionText::from_stored(format!("option{nth}"))).collect();
    let options = PollOptions::parse(options).unwrap_or_else(|_| unreachable!("they differ"));
    let max_choices = if bits & 2 == 0 { 1 } else { 2 };
    let draft = PollDraft::new(options, Some(max_choices));
    let mut draft = draft.unwrap_or_else(|_| unreachable!("fewer than options"));
    draft.anonymous = bits & 4 != 0;
    draft.options_by = if bits & 8 == 0 { OptionsBy::Author } else { OptionsBy::Members };
    draft.results = PollResults::ALL[usize::from(bits >> 4) % PollResults::ALL.len()];
    draft
}

fn password(number: u16) -> Password {
    let words = ["correct horse", "battery staple", "hunter2hunter2", "never anybody's"];
    // These are as long as passwords are.
    Password::parse(words[usize::from(number % 4)]).unwrap_or_else(|_| unreachable!("a good password"))
}

/// The digest of the key, or ticket, with this number. The secret itself is the number.
pub(crate) fn key_hash(number: u32) -> KeyHash {
    let mut digest = [0; 32];
    digest[..4].copy_from_slice(&number.to_be_bytes());
    KeyHash::new(digest)
}

/// A refresh token, by the numbers of the commands that began its session and that issued it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ARefreshToken(pub u32, pub u32);

impl ARefreshToken {
    /// As it is shown.
    pub(crate) fn issued(self) -> IssuedRefresh {
        IssuedRefresh { secret: Secret::new(format!("{}.{}", self.0, self.1)), hashes: self.token().hashes }
    }

    /// The token that is shown like this.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (session, number) = text.split_once('.')?;
        Some(Self(session.parse().ok()?, number.parse().ok()?))
    }

    pub(crate) fn token(self) -> RefreshToken {
        let (mut selector, mut verifier) = ([0; 16], [0; 32]);
        selector[..4].copy_from_slice(&self.0.to_be_bytes());
        verifier[..4].copy_from_slice(&self.1.to_be_bytes());
        let hashes = RefreshHashes { selector: key_hash(self.0), verifier: key_hash(self.1) };
        RefreshToken { selector, verifier, hashes }
    }
}

/// A code of a second factor: a one-time password, or the recovery code with this index of the command with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ATypedCode {
    /// A one-time password.
    Passcode(u8),
    /// A recovery code.
    Recovery(u32, u8),
}

impl Argument for ATypedCode {
    type Value = TypedCode;

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        if dice.below(3) == 0 {
            Self::Recovery(known.recovery_codes(dice), u8::try_from(dice.below(10)).unwrap_or(0))
        } else {
            Self::Passcode(APasscode::draw(dice, known).0)
        }
    }

    fn on(self, _: &Ids) -> Self::Value {
        match self {
            Self::Passcode(number) => TypedCode::Passcode(passcode(number)),
            Self::Recovery(number, index) => TypedCode::Recovery(recovery_code(number, index)),
        }
    }
}

/// The one-time password with this number.
fn passcode(number: u8) -> Passcode {
    Passcode::parse(&format!("{number:06}")).unwrap_or_else(|_| unreachable!("six digits"))
}

/// The recovery code with this index of the command with this number.
pub(crate) fn recovery_code(number: u32, index: u8) -> RecoveryCode {
    RecoveryCode::parse(&format!("{number:010}{index:06}")).unwrap_or_else(|_| unreachable!("sixteen digits"))
}

impl Argument for ARefreshToken {
    type Value = Secret;

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        known.refresh_token(dice)
    }

    fn on(self, _: &Ids) -> Self::Value {
        self.issued().secret
    }
}

/// The code with this number.
pub(crate) fn link_code(number: u32) -> SecretCode {
    SecretCode::parse(&format!("{number:020}")).unwrap_or_else(|_| unreachable!("twenty digits"))
}

/// The number of a code, as it is written.
pub(crate) fn number_of_code(text: &str) -> Option<u32> {
    SecretCode::parse(text).ok()?.symbols().parse().ok()
}

/// A message, and the group that it is looked for in, which is not always the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AMessage(pub i64, pub i64);

impl Argument for AMessage {
    type Value = (GroupId, MessageId);

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        let (group, message) = known.message(dice);
        if dice.below(20) == 0 { Self(known.group(dice), message) } else { Self(group, message) }
    }

    fn on(self, ids: &Ids) -> Self::Value {
        (ids.group(self.0), ids.message(self.1))
    }
}

/// A message that is a poll, as a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct APollMessage(pub i64, pub i64);

impl Argument for APollMessage {
    type Value = (GroupId, MessageId);

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        let (group, message) = if dice.below(15) == 0 { known.message(dice) } else { known.poll(dice) };
        Self(group, message)
    }

    fn on(self, ids: &Ids) -> Self::Value {
        (ids.group(self.0), ids.message(self.1))
    }
}

/// A message that somebody replies to: one of the group itself, as a rule, and few of them, so that threads grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ARoot(pub i64, pub i64);

impl Argument for ARoot {
    type Value = (GroupId, MessageId);

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        let (group, message) = if dice.below(10) == 0 { known.message(dice) } else { known.root(dice) };
        if dice.below(20) == 0 { Self(known.group(dice), message) } else { Self(group, message) }
    }

    fn on(self, ids: &Ids) -> Self::Value {
        (ids.group(self.0), ids.message(self.1))
    }
}

/// Whom somebody talks to: one, as a rule, or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SomePeople(pub i64, pub i64);

impl Argument for SomePeople {
    type Value = People;

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        let one = known.user(dice);
        Self(one, if dice.below(3) == 0 { known.user(dice) } else { one })
    }

    fn on(self, ids: &Ids) -> Self::Value {
        let people = [self.0, self.1].map(|id| ids.user(id).get());
        People::parse(&people).unwrap_or_else(|_| unreachable!("one or two ids"))
    }
}

/// Whom to add to a group at once: two or three, not always different ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ABatch(pub i64, pub i64, pub i64);

impl Argument for ABatch {
    type Value = Batch;

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        Self(known.user(dice), known.user(dice), known.user(dice))
    }

    fn on(self, ids: &Ids) -> Self::Value {
        let users = [self.0, self.1, self.2].map(|id| ids.user(id).get());
        Batch::parse(&users).unwrap_or_else(|_| unreachable!("three ids"))
    }
}

/// Whom to add to a group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ACandidate {
    /// By id.
    Id(i64),
    /// By name.
    Name(u16),
}

/// As it is written in Rust.
impl Debug for ACandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(number) => write!(f, "ACandidate::Id({number})"),
            Self::Name(number) => write!(f, "ACandidate::Name({number})"),
        }
    }
}

impl Argument for ACandidate {
    type Value = Candidate;

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        if dice.below(3) == 0 { Self::Name(small(dice, NAMES)) } else { Self::Id(known.user(dice)) }
    }

    fn on(self, ids: &Ids) -> Self::Value {
        match self {
            Self::Id(id) => Candidate::Id(ids.user(id)),
            Self::Name(number) => Candidate::named(&named("user", number)),
        }
    }
}

/// A part of a group's messages.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AWindow {
    /// The newest.
    Newest,
    /// Those below a number.
    Below(i64),
    /// Those above a number.
    Above(i64),
    /// Those around a number.
    Around(i64),
}

/// As it is written in Rust.
impl Debug for AWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newest => f.write_str("AWindow::Newest"),
            Self::Below(number) => write!(f, "AWindow::Below({number})"),
            Self::Above(number) => write!(f, "AWindow::Above({number})"),
            Self::Around(number) => write!(f, "AWindow::Around({number})"),
        }
    }
}

impl Argument for AWindow {
    type Value = Window;

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        let seq = known.seq(dice);
        [Self::Newest, Self::Below(seq), Self::Above(seq), Self::Around(seq)][dice.below(4)]
    }

    fn on(self, _: &Ids) -> Self::Value {
        match self {
            Self::Newest => Window::Range(MessageRange::Below(None)),
            Self::Below(seq) => Window::Range(MessageRange::Below(Some(Seq::new(seq)))),
            Self::Above(seq) => Window::Range(MessageRange::Above(Seq::new(seq))),
            Self::Around(seq) => Window::Around(Seq::new(seq)),
        }
    }
}

/// A place in a list of users by their names, from where it goes on: after this name, as of so many renames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct APlace(pub u16, pub i64);

impl APlace {
    /// A place in a list of what is called so.
    pub(crate) fn of(self, word: &str) -> NameCursor {
        NameCursor { name_key: named(word, self.0 & !1), id: 0, renames: self.1 }
    }
}

impl Argument for APlace {
    type Value = Self;

    fn draw(dice: &mut Dice, known: &Known) -> Self {
        let renames = i64::try_from(dice.below(known.renames() + 1)).unwrap_or(0);
        Self(small(dice, 24), renames)
    }

    fn on(self, _: &Ids) -> Self::Value {
        self
    }
}
