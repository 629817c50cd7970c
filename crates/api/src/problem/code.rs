//! The one table of problems: stable code, status and title, and the refusal of the domain that it stands for.

use actix_web::http::StatusCode;
use groupchat_domain::Refusal;
use groupchat_domain::accounts::AccountRefusal;
use groupchat_domain::admissions::AdmissionRefusal;
use groupchat_domain::bots::BotRefusal;
use groupchat_domain::factors::FactorRefusal;
use groupchat_domain::groups::GroupRefusal;
use groupchat_domain::messages::MessageRefusal;
use groupchat_domain::polls::PollRefusal;
use groupchat_domain::saved::SavedRefusal;
use groupchat_domain::scheduled::ScheduledRefusal;
use groupchat_domain::tokens::TokenRefusal;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $status:ident, $name:literal, $title:literal $(, for $kind:ident($refusal:pat))*;)+) => {
        /// What went wrong. Part of the HTTP contract: names and statuses never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)+
        }

        impl Code {
            /// Every code there is, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The status of an answer with this code.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)+ }
            }

            /// What it says to a person; the same in every answer with this code.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What a refusal of the domain is in HTTP.
            pub const fn of_refusal(refusal: &Refusal) -> Self {
                match refusal { $($(Refusal::$kind($refusal) => Self::$variant,)*)+ }
            }
        }
    };
}

codes! {
    /// Not a request that the server understands at all.
    BadRequest = BAD_REQUEST, "bad_request", "The request is malformed";
    /// The body is not a JSON object (RFC 8259).
    MalformedJson = BAD_REQUEST, "malformed_json", "The body is not a JSON object";
    /// Fields or parameters broke a rule; `errors` has each of them.
    ValidationFailed = BAD_REQUEST, "validation_failed", "Some values are not valid",
        for Invalid(_);
    /// Fields that the contract has but this server has not built yet.
    NotSupported = BAD_REQUEST, "not_supported", "This server does not support this yet";
    /// Fields that exist but cannot be changed by this call.
    NotEditable = BAD_REQUEST, "not_editable", "Some fields cannot be changed by this call";
    /// The request came without a key.
    MissingKey = UNAUTHORIZED, "missing_key", "An API key is required";
    /// The key is unknown, expired or revoked.
    InvalidKey = UNAUTHORIZED, "invalid_key", "The API key is not valid",
        for Account(AccountRefusal::Unauthenticated);
    /// The ticket is unknown, used, too old, or of a session that has ended.
    InvalidTicket = UNAUTHORIZED, "invalid_ticket", "The ticket is not valid",
        for Account(AccountRefusal::TicketInvalid);
    /// The refresh token is mistyped, unknown or expired, or its session has ended.
    InvalidRefreshToken = UNAUTHORIZED, "invalid_refresh_token", "The refresh token is not valid",
        for Account(AccountRefusal::RefreshTokenInvalid);
    /// The refresh token was used before, and its session has ended.
    RefreshReused = UNAUTHORIZED, "refresh_reused", "The refresh token was used before",
        for Account(AccountRefusal::RefreshTokenReused);
    /// Username and password don't match.
    InvalidCredentials = UNAUTHORIZED, "invalid_credentials", "Wrong username or password",
        for Account(AccountRefusal::InvalidCredentials);
    /// The password is right, but the account is suspended.
    AccountSuspended = FORBIDDEN, "account_suspended", "The account is suspended",
        for Account(AccountRefusal::Suspended);
    /// The caller has to change the password before anything else.
    PasswordChangeRequired = FORBIDDEN, "password_change_required", "The password must be changed first",
        for Account(AccountRefusal::PasswordChangeRequired);
    /// A second factor is required of the caller, who has to set one up before anything else.
    FactorRequired = FORBIDDEN, "factor_required", "A second factor must be set up first",
        for Account(AccountRefusal::FactorRequired);
    /// The password is right, and the account has a second factor: `ticket` and `methods` are for the next step.
    MfaRequired = UNAUTHORIZED, "mfa_required", "A second factor is required";
    /// The passkey of a login is wrong, or nobody's, or it took too long.
    InvalidPasskey = UNAUTHORIZED, "invalid_passkey", "The passkey is not valid",
        for Factor(FactorRefusal::WrongPasskey);
    /// What an authenticator has answered to register a passkey is wrong, or it took too long.
    PasskeyRefused = FORBIDDEN, "passkey_refused", "The passkey can't be registered",
        for Factor(FactorRefusal::RefusedPasskey);
    /// The user has as many passkeys as possible.
    TooManyPasskeys = CONFLICT, "too_many_passkeys", "You have as many passkeys as possible",
        for Factor(FactorRefusal::TooManyPasskeys);
    /// The code of a login is wrong, or was used before.
    InvalidCode = UNAUTHORIZED, "invalid_code", "The code is not valid",
        for Factor(FactorRefusal::InvalidCode);
    /// The code, asked for again, is wrong, or was used before.
    WrongCode = FORBIDDEN, "wrong_code", "The code is wrong",
        for Factor(FactorRefusal::WrongCode);
    /// The password is right, and the caller has a second factor: this takes a code, too.
    CodeRequired = FORBIDDEN, "code_required", "A code of the second factor is required",
        for Factor(FactorRefusal::CodeRequired);
    /// The operator has not set up what this takes.
    NotConfigured = FORBIDDEN, "not_configured", "This server is not set up for this",
        for Factor(FactorRefusal::NoKey),
        for Factor(FactorRefusal::NoSite),
        for Poll(PollRefusal::NoKey),
        for Account(AccountRefusal::MailOff);
    /// The present password, asked for again, is wrong.
    WrongPassword = FORBIDDEN, "wrong_password", "The current password is wrong",
        for Account(AccountRefusal::WrongPassword);
    /// A key that came with a new account can't change credentials.
    ProvisionedKey = FORBIDDEN, "provisioned_key", "This key cannot change credentials",
        for Account(AccountRefusal::ProvisionedKey);
    /// One's own password is changed by another route, which asks for the current one.
    CurrentPasswordRequired = FORBIDDEN, "current_password_required", "The current password is required",
        for Account(AccountRefusal::CurrentPasswordRequired);
    /// Nobody can sign up here without an invite.
    SignUpClosed = FORBIDDEN, "sign_up_closed", "You need an invite to sign up",
        for Admission(AdmissionRefusal::SignUpClosed);
    /// The token is for less than this, or for other groups, or it is about how its user signs in.
    InsufficientScope = FORBIDDEN, "insufficient_scope", "The token is not for this",
        for Account(AccountRefusal::InsufficientScope);
    /// A page of a site that may not listen.
    OriginNotAllowed = FORBIDDEN, "origin_not_allowed", "Pages from this site are not allowed to do this";
    /// This takes being a server admin, or a role on the server that the caller lacks; the detail says what is missing.
    AdminOnly = FORBIDDEN, "admin_only", "This takes a role on the server that you do not have",
        for Account(AccountRefusal::NotPermitted(_));
    /// Only the owner of the bot may do this.
    NotBotOwner = FORBIDDEN, "not_bot_owner", "Only the owner of the bot may do this",
        for Bot(BotRefusal::NotOwner);
    /// Only members of the group may do this.
    MembersOnly = FORBIDDEN, "members_only", "Only members of the group may do this",
        for Group(GroupRefusal::MembersOnly);
    /// The caller's role in the group lacks a permission, or has too low a rank; the detail says what is missing.
    RoleTooLow = FORBIDDEN, "role_too_low", "Your role in the group does not allow this",
        for Group(GroupRefusal::RoleTooLow(_));
    /// The user is banned from the group; `until` says how long.
    Banned = FORBIDDEN, "banned", "The user is banned from the group",
        for Group(GroupRefusal::Banned(_));
    /// The caller is muted in the group; `until` says how long.
    Muted = FORBIDDEN, "muted", "You are muted in the group",
        for Group(GroupRefusal::Muted { .. });
    /// The group is archived: it can be read, and nothing in it can be changed.
    Archived = FORBIDDEN, "archived", "The group is archived",
        for Group(GroupRefusal::Archived);
    /// The group doesn't show how far its members have read.
    ReceiptsOff = FORBIDDEN, "receipts_off", "The group doesn't show who has read",
        for Group(GroupRefusal::ReceiptsOff);
    /// The caller hides how far they have read, and so doesn't see how far others have.
    ReceiptsHidden = FORBIDDEN, "receipts_hidden", "You hide how far you have read",
        for Group(GroupRefusal::ReceiptsHidden);
    /// A direct conversation stays as it is: its people, its rights, and that it has no name.
    NotInDirect = FORBIDDEN, "not_in_direct", "This is not possible in a direct conversation",
        for Group(GroupRefusal::Direct);
    /// The direct conversation can't be had: somebody has blocked somebody, or has no account. Which of these it is,
    /// the answer does not tell.
    DirectClosed = FORBIDDEN, "direct_closed", "This direct conversation is closed",
        for Group(GroupRefusal::DirectClosed);
    /// Only the author of the message may do this.
    NotAuthor = FORBIDDEN, "not_author", "Only the author may do this",
        for Message(MessageRefusal::NotAuthor);
    /// The author of a message can't change or delete it any more; `until` says when that ended.
    TooLate = FORBIDDEN, "too_late", "The time in which authors may do this is over",
        for Message(MessageRefusal::TooLate { .. });
    /// Nobody learns who has voted for what in an anonymous poll.
    PollAnonymous = FORBIDDEN, "poll_anonymous", "The poll is anonymous",
        for Poll(PollRefusal::Anonymous);
    /// The results of the poll are shown after a vote, or after its end.
    ResultsHidden = FORBIDDEN, "results_hidden", "The results are not shown yet",
        for Poll(PollRefusal::ResultsHidden);
    /// No route has this path.
    RouteNotFound = NOT_FOUND, "route_not_found", "There is nothing at this path";
    /// No such user.
    UserNotFound = NOT_FOUND, "user_not_found", "There is no such user",
        for Account(AccountRefusal::UserNotFound);
    /// The code that resets a password is unknown, used or expired.
    ResetNotFound = NOT_FOUND, "reset_not_found", "There is no such code",
        for Account(AccountRefusal::ResetNotFound);
    /// No such session of the caller.
    SessionNotFound = NOT_FOUND, "session_not_found", "There is no such session",
        for Account(AccountRefusal::SessionNotFound);
    /// No such token of the caller.
    TokenNotFound = NOT_FOUND, "token_not_found", "There is no such token",
        for Token(TokenRefusal::NotFound);
    /// No such bot.
    BotNotFound = NOT_FOUND, "bot_not_found", "There is no such bot",
        for Bot(BotRefusal::NotFound);
    /// The caller has no such second factor, or its set-up took too long.
    FactorNotFound = NOT_FOUND, "factor_not_found", "This second factor is not set up",
        for Factor(FactorRefusal::NotSetUp);
    /// No such group, or none that the caller may know of.
    GroupNotFound = NOT_FOUND, "group_not_found", "There is no such group",
        for Group(GroupRefusal::NotFound);
    /// No such member of the group.
    MemberNotFound = NOT_FOUND, "member_not_found", "There is no such member in this group",
        for Group(GroupRefusal::MemberNotFound);
    /// No such role, in the group or on the server.
    RoleNotFound = NOT_FOUND, "role_not_found", "There is no such role",
        for Account(AccountRefusal::RoleNotFound),
        for Group(GroupRefusal::RoleNotFound);
    /// No such invitation, or none that can be accepted.
    InvitationNotFound = NOT_FOUND, "invitation_not_found", "There is no such invitation",
        for Admission(AdmissionRefusal::InvitationNotFound);
    /// No such invite link, or none that lets anybody in.
    InviteLinkNotFound = NOT_FOUND, "invite_link_not_found", "There is no such invite link",
        for Admission(AdmissionRefusal::LinkNotFound);
    /// No such code that confirms an address, or one that was used or has expired.
    ConfirmationNotFound = NOT_FOUND, "confirmation_not_found", "There is no such code",
        for Admission(AdmissionRefusal::ConfirmationNotFound);
    /// No such invite to the server, or none that lets anybody in.
    InviteNotFound = NOT_FOUND, "invite_not_found", "There is no such invite",
        for Admission(AdmissionRefusal::InviteNotFound);
    /// No such request to join the group.
    JoinRequestNotFound = NOT_FOUND, "join_request_not_found", "This user has not asked to join the group",
        for Admission(AdmissionRefusal::JoinRequestNotFound);
    /// No such message in the group.
    MessageNotFound = NOT_FOUND, "message_not_found", "There is no such message in this group",
        for Message(MessageRefusal::NotFound);
    /// The caller has no draft there.
    DraftNotFound = NOT_FOUND, "draft_not_found", "You have no draft there",
        for Saved(SavedRefusal::DraftNotFound);
    /// No such scheduled message of the caller: it was sent, or dropped.
    ScheduledNotFound = NOT_FOUND, "scheduled_not_found", "There is no such scheduled message",
        for Scheduled(ScheduledRefusal::NotFound);
    /// The message is no poll.
    NotAPoll = NOT_FOUND, "poll_not_found", "The message is no poll",
        for Poll(PollRefusal::NoPoll);
    /// No such option of the poll.
    OptionNotFound = NOT_FOUND, "option_not_found", "There is no such option",
        for Poll(PollRefusal::UnknownOption);
    /// The path exists, but not with this method.
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method_not_allowed", "This path does not support this method";
    /// The client was too slow.
    RequestTimeout = REQUEST_TIMEOUT, "request_timeout", "The request took too long to arrive";
    /// The username belongs to another user.
    UsernameTaken = CONFLICT, "username_taken", "The username is taken",
        for Account(AccountRefusal::UsernameTaken);
    /// The caller has this second factor already.
    FactorExists = CONFLICT, "factor_exists", "This second factor is set up already",
        for Factor(FactorRefusal::AlreadySetUp);
    /// The name belongs to another public or closed group.
    NameTaken = CONFLICT, "name_taken", "Another public or closed group has this name",
        for Group(GroupRefusal::NameTaken);
    /// The user is in the group already.
    AlreadyMember = CONFLICT, "already_member", "The user is already a member",
        for Group(GroupRefusal::AlreadyMember);
    /// The group, or the server, has a role of this name.
    RoleNameTaken = CONFLICT, "role_name_taken", "There is a role of this name",
        for Account(AccountRefusal::RoleNameTaken),
        for Group(GroupRefusal::RoleNameTaken);
    /// What is to be changed is the same in all groups, or on all servers.
    RoleFixed = CONFLICT, "role_fixed", "This cannot be changed of a built-in role",
        for Account(AccountRefusal::RoleFixed),
        for Group(GroupRefusal::RoleFixed);
    /// Members have the role.
    RoleInUse = CONFLICT, "role_in_use", "Members have this role",
        for Group(GroupRefusal::RoleInUse);
    /// The group, or the server, has as many roles as it may.
    TooManyRoles = CONFLICT, "too_many_roles", "There are too many roles",
        for Account(AccountRefusal::TooManyRoles),
        for Group(GroupRefusal::TooManyRoles);
    /// A group keeps at least one owner.
    LastOwner = CONFLICT, "last_owner", "A group cannot lose its last owner",
        for Group(GroupRefusal::LastOwner);
    /// There are as many of something as a user or a group may have.
    QuotaExceeded = CONFLICT, "quota_exceeded", "A limit on the number of these has been reached",
        for Group(GroupRefusal::QuotaExceeded { .. });
    /// The server keeps at least one admin.
    LastAdmin = CONFLICT, "last_admin", "The server cannot lose its last admin",
        for Account(AccountRefusal::LastAdmin);
    /// Of the message nothing but a tombstone is left.
    Deleted = CONFLICT, "deleted", "The message has been deleted",
        for Message(MessageRefusal::Deleted);
    /// The message, or the draft, has changed since the caller saw it; `version` says which version it has.
    VersionConflict = CONFLICT, "version_conflict", "It has changed since you saw it",
        for Message(MessageRefusal::VersionConflict { .. }),
        for Saved(SavedRefusal::DraftConflict { .. });
    /// The message is a reply, and threads have one level.
    NotARoot = CONFLICT, "not_a_root", "The message is a reply itself",
        for Message(MessageRefusal::NotRoot);
    /// Nobody has replied to the message.
    NoThread = CONFLICT, "no_thread", "Nobody has replied to the message",
        for Message(MessageRefusal::NoThread);
    /// The group has as many pinned messages as it may.
    TooManyPins = CONFLICT, "too_many_pins", "The group has too many pinned messages",
        for Message(MessageRefusal::TooManyPins);
    /// A message can have 20 different reactions.
    TooManyReactions = CONFLICT, "too_many_reactions", "The message has too many different reactions",
        for Message(MessageRefusal::TooManyReactions);
    /// The poll is closed, or its time is over.
    PollClosed = CONFLICT, "poll_closed", "The poll is closed",
        for Poll(PollRefusal::Closed);
    /// Somebody has voted in the poll, so its question and its options stay as they are.
    PollHasVotes = CONFLICT, "poll_has_votes", "Somebody has voted in the poll",
        for Poll(PollRefusal::HasVotes);
    /// One may vote for fewer options than these.
    TooManyChoices = CONFLICT, "too_many_choices", "One may vote for fewer options",
        for Poll(PollRefusal::TooManyChoices { .. });
    /// A poll can have 20 options.
    TooManyOptions = CONFLICT, "too_many_options", "The poll has too many options",
        for Poll(PollRefusal::TooManyOptions);
    /// The text mentions more users by name than it may.
    TooManyMentions = BAD_REQUEST, "too_many_mentions", "The message mentions too many users",
        for Message(MessageRefusal::TooManyMentions);
    /// The caller has blocked as many users as they may.
    TooManyBlocks = CONFLICT, "too_many_blocks", "You have blocked too many users",
        for Account(AccountRefusal::TooManyBlocks);
    /// The caller has as many drafts as they may.
    TooManyDrafts = CONFLICT, "too_many_drafts", "You have too many drafts",
        for Saved(SavedRefusal::TooManyDrafts);
    /// The caller has as many bookmarks as they may.
    TooManyBookmarks = CONFLICT, "too_many_bookmarks", "You have too many bookmarks",
        for Saved(SavedRefusal::TooManyBookmarks);
    /// The caller has as many reminders as they may.
    TooManyReminders = CONFLICT, "too_many_reminders", "You have too many reminders",
        for Saved(SavedRefusal::TooManyReminders);
    /// The caller has as many scheduled messages as they may.
    TooManyScheduled = CONFLICT, "too_many_scheduled", "You have too many scheduled messages",
        for Scheduled(ScheduledRefusal::TooMany);
    /// The caller has as many tokens as they may.
    TooManyTokens = CONFLICT, "too_many_tokens", "You have too many tokens",
        for Token(TokenRefusal::TooMany);
    /// The owner has as many bots as they may.
    TooManyBots = CONFLICT, "too_many_bots", "The user has too many bots",
        for Bot(BotRefusal::TooMany);
    /// What is asked for takes a person: bots have no password, e-mail address or second factor, and are never server admins.
    IsBot = CONFLICT, "is_bot", "This is not possible for a bot",
        for Account(AccountRefusal::IsBot);
    /// The account changed while the request was being worked on.
    ChangedMeanwhile = CONFLICT, "changed_meanwhile", "The account was changed by another request",
        for Account(AccountRefusal::ChangedMeanwhile);
    /// The body is over the limit.
    PayloadTooLarge = PAYLOAD_TOO_LARGE, "payload_too_large", "The body is too large";
    /// The path is longer than that of any route.
    UriTooLong = URI_TOO_LONG, "uri_too_long", "The path of the request is too long";
    /// The body is not declared as JSON.
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "The body must be JSON";
    /// Not a WebSocket handshake.
    UpgradeRequired = UPGRADE_REQUIRED, "upgrade_required", "A WebSocket handshake is required";
    /// The head of the request is over the limit.
    HeadTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE, "head_too_large", "The head of the request is too large";
    /// Too many password attempts.
    TooManyAttempts = TOO_MANY_REQUESTS, "too_many_attempts", "Too many attempts",
        for Account(AccountRefusal::TooManyAttempts { .. });
    /// More requests on a socket or at a time, more connections, writes, or answers that were not taken, than are
    /// allowed.
    TooManyRequests = TOO_MANY_REQUESTS, "too_many_requests", "Too many requests";
    /// The group is in slow mode, and the caller has sent a message a moment ago.
    SlowMode = TOO_MANY_REQUESTS, "slow_mode", "The group is in slow mode",
        for Group(GroupRefusal::SlowMode { .. });
    /// The disk is nearly full, and what is left is kept for what frees room.
    StorageFull = INSUFFICIENT_STORAGE, "storage_full", "The server's disk is nearly full";
    /// Something broke here; the log knows what, under the request id.
    Internal = INTERNAL_SERVER_ERROR, "internal", "Something went wrong on the server";
    /// The queue is full; nothing was done.
    Overloaded = SERVICE_UNAVAILABLE, "overloaded", "The server is too busy at the moment";
    /// The database can't be used at the moment; nothing was done.
    Unavailable = SERVICE_UNAVAILABLE, "unavailable", "The server is unavailable at the moment";
    /// Whether the command was done is not known.
    OutcomeUnknown = SERVICE_UNAVAILABLE, "outcome_unknown", "It is unknown whether this was done";
}

impl Code {
    /// The code for an answer that the web framework made by itself: a status and nothing more.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::MissingKey,
            StatusCode::NOT_FOUND => Self::RouteNotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            StatusCode::INSUFFICIENT_STORAGE => Self::StorageFull,
            status if status.is_client_error() => Self::BadRequest,
            _ => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_written_alike() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '_')));
    }

    #[test]
    fn every_code_is_an_error() {
        let error = |code: &&Code| code.status().is_client_error() || code.status().is_server_error();
        assert_eq!(Code::ALL.iter().filter(error).count(), Code::ALL.len());
    }

    #[test]
    fn a_bare_status_keeps_its_class() {
        for status in [400, 401, 404, 405, 408, 413, 414, 415, 418, 500, 502, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            let code = Code::of_status(status);
            assert_eq!(code.status().is_client_error(), status.is_client_error(), "{status}");
        }
    }
}
