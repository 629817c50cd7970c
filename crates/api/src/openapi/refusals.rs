//! Which problems each operation can answer with.

use serde_json::Value;

use crate::problem::Code::{self, *};

/// What each operation can refuse, besides what follows from its shape.
pub const REFUSALS: &[(&str, &[Code])] = &[
    ("login", &[NotSupported, InvalidCredentials, TooManyAttempts]),
    ("logout", &[]),
    ("listSessions", &[]),
    ("endSession", &[SessionNotFound]),
    ("endOtherSessions", &[]),
    ("createUser", &[ProvisionedKey, AdminOnly, UsernameTaken]),
    ("listUsers", &[]),
    ("getUser", &[UserNotFound]),
    ("getMe", &[]),
    ("editMe", &[NotEditable]),
    ("changePassword", &[WrongPassword, ProvisionedKey, ChangedMeanwhile, TooManyAttempts]),
    (
        "editUser",
        &[AdminOnly, ProvisionedKey, CurrentPasswordRequired, UserNotFound, UsernameTaken, LastAdmin],
    ),
    ("deleteUser", &[ProvisionedKey, AdminOnly, UserNotFound, LastAdmin]),
    ("createGroup", &[NotSupported, NameTaken, QuotaExceeded]),
    ("listGroups", &[AdminOnly]),
    ("getGroup", &[GroupNotFound]),
    ("editGroup", &[NotSupported, MembersOnly, RoleTooLow, GroupNotFound, NameTaken]),
    ("deleteGroup", &[MembersOnly, RoleTooLow, GroupNotFound]),
    ("joinGroup", &[GroupNotFound, QuotaExceeded]),
    ("listMembers", &[GroupNotFound]),
    ("addMember", &[MembersOnly, RoleTooLow, GroupNotFound, UserNotFound, AlreadyMember, QuotaExceeded]),
    ("editMember", &[MembersOnly, RoleTooLow, GroupNotFound, MemberNotFound, LastOwner, QuotaExceeded]),
    ("removeMember", &[MembersOnly, RoleTooLow, GroupNotFound, MemberNotFound, LastOwner]),
    ("sendMessage", &[NotSupported, MembersOnly, GroupNotFound]),
    ("listMessages", &[MembersOnly, GroupNotFound]),
    ("getMessage", &[MembersOnly, GroupNotFound, MessageNotFound]),
    ("editMessage", &[NotSupported, MembersOnly, NotAuthor, GroupNotFound, MessageNotFound, Deleted]),
    ("deleteMessage", &[MembersOnly, RoleTooLow, GroupNotFound, MessageNotFound]),
    ("likeMessage", &[MembersOnly, GroupNotFound, MessageNotFound, Deleted]),
    ("unlikeMessage", &[MembersOnly, GroupNotFound, MessageNotFound]),
    ("markRead", &[MembersOnly, GroupNotFound]),
    ("pollEvents", &[]),
    ("streamEvents", &[InvalidTicket, OriginNotAllowed, OutcomeUnknown]),
    ("openSocket", &[BadRequest, InvalidTicket, OriginNotAllowed, UpgradeRequired, OutcomeUnknown]),
    ("createTicket", &[]),
    ("getHealth", &[OutcomeUnknown]),
    ("getVersion", &[]),
];

/// What happens before an operation is found, or outside of all of them.
pub const ANYWHERE: &[Code] = &[BadRequest, RouteNotFound, MethodNotAllowed, RequestTimeout, HeadTooLarge];

/// Operations that need no storage, and so never find it busy or broken.
const WITHOUT_STORAGE: &[&str] = &["getVersion"];

/// Writes that nothing holds up, so that nobody can be kept from securing their account.
const UNPACED: &[&str] = &["login", "logout", "endSession", "endOtherSessions", "changePassword"];

/// Writes that go on while the disk is nearly full.
const TIDYING: &[&str] = &[
    "deleteUser",
    "deleteGroup",
    "removeMember",
    "deleteMessage",
    "unlikeMessage",
    "markRead",
    "createTicket",
];

/// Operations whose requests are answered however many there are.
const UNLIMITED: &[&str] = &["getHealth"];

/// All that an operation can refuse, in the order of the table of codes.
pub fn codes_of(id: &str, method: &str, operation: &Value) -> Vec<Code> {
    // Every operation refuses parameters that it doesn't know.
    let mut codes = vec![ValidationFailed, Internal];
    let own = REFUSALS.iter().find(|(known, _)| *known == id);
    codes.extend(own.into_iter().flat_map(|(_, codes)| codes.iter()));
    if operation["security"].is_array() {
        codes.extend([MissingKey, InvalidKey]);
    }
    if operation["requestBody"].is_object() {
        codes.extend([BadRequest, MalformedJson]);
        codes.extend([RequestTimeout, PayloadTooLarge, UnsupportedMediaType]);
    }
    if !UNLIMITED.contains(&id) {
        codes.extend([TooManyRequests, Overloaded]);
    }
    if !WITHOUT_STORAGE.contains(&id) {
        codes.extend([Overloaded, Unavailable]);
        if method != "get" {
            codes.push(OutcomeUnknown);
            if !UNPACED.contains(&id) {
                codes.push(TooManyRequests);
                if !TIDYING.contains(&id) {
                    codes.push(StorageFull);
                }
            }
        }
    }
    Code::ALL.iter().copied().filter(|code| codes.contains(code)).collect()
}
