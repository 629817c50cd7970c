//! The ids in a path.

use std::future::{Ready, ready};

use actix_web::dev::{Path, Payload, Url};
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{
    GroupId, InvitationId, InviteLinkId, MAX_SAFE_INTEGER, MessageId, PasskeyId, RoleId, ServerInviteId,
    SessionId, TokenId, UserId,
};
use groupchat_domain::messages::Emoji;
use groupchat_domain::permissions::RoleName;
use groupchat_domain::polls::OptionId;
use groupchat_domain::scheduled::ScheduledId;
use groupchat_domain::validation::{FieldError, Violation, ViolationCode};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw, Either, Parameter, ParameterIn};
use paperclip::v2::schema::Apiv2Schema;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::problem::ApiError;
use crate::wire::annotation::Annotation;
use crate::wire::{Described, FromJson, id_rules};

/// The ids in the request's path, in the order of the route's template: one, or a tuple of them.
#[derive(Debug, Clone, Copy)]
pub struct Ids<T>(pub T);

/// A user that a path names: by id, or as the caller by the word `me`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserOrMe {
    /// The caller.
    Me,
    /// The user with this id.
    Id(UserId),
}

impl UserOrMe {
    /// The word that stands for the caller.
    pub const ME: &str = "me";

    /// The user's id, once it is known who calls.
    pub const fn id(self, caller: &Actor) -> UserId {
        match self {
            Self::Me => caller.id(),
            Self::Id(id) => id,
        }
    }

    fn parse(text: &str) -> Result<Self, Violation> {
        if text == Self::ME { Ok(Self::Me) } else { integer(text).map(UserId::new).map(Self::Id) }
    }
}

/// An id, or a tuple of ids, that a path can hold.
pub trait PathIds: Sized {
    /// What the document says of each of its segments.
    const SEGMENTS: &[Segment];

    /// Takes the next segments of a path. `None` where one is missing, or is no id.
    fn take(segments: &mut Segments<'_>) -> Option<Self>;
}

/// A segment of a path, in the document.
#[derive(Debug, Clone, Copy)]
pub struct Segment {
    pub(crate) description: &'static str,
    pub(crate) rules: fn() -> Value,
}

/// What is left of a path, and what was wrong with it so far.
pub struct Segments<'a> {
    path: &'a Path<Url>,
    taken: usize,
    errors: Vec<FieldError>,
}

impl<'a> Segments<'a> {
    fn of(request: &'a HttpRequest) -> Self {
        Self { path: request.match_info(), taken: 0, errors: Vec::new() }
    }

    pub(crate) fn next<T>(&mut self, parse: impl FnOnce(&str) -> Result<T, Violation>) -> Option<T> {
        let (name, text) = self.path.iter().nth(self.taken)?;
        self.taken += 1;
        parse(text).map_err(|violation| self.errors.push(violation.in_field(name))).ok()
    }
}

macro_rules! path_ids {
    ($($id:ident = $description:literal)+) => {$(
        impl PathIds for $id {
            const SEGMENTS: &[Segment] = &[Segment { description: $description, rules: integer_rules }];

            fn take(segments: &mut Segments<'_>) -> Option<Self> {
                segments.next(integer).map(Self::new)
            }
        }
    )+};
}

path_ids! {
    GroupId = "The group's id."
    InvitationId = "The invitation's id."
    InviteLinkId = "The link's id."
    MessageId = "The message's id."
    ScheduledId = "The scheduled message's id."
    RoleId = "The role's id."
    ServerInviteId = "The invite's id."
    PasskeyId = "The passkey's id."
    SessionId = "The session's id."
    TokenId = "The token's id."
    UserId = "The user's id."
}

impl PathIds for (GroupId, RoleName) {
    const SEGMENTS: &[Segment] =
        &[GroupId::SEGMENTS[0], Segment { description: "The role's name.", rules: role_name_rules }];

    fn take(segments: &mut Segments<'_>) -> Option<Self> {
        let (group, name) = (
            GroupId::take(segments),
            segments.next(|text| {
                // actix-web leaves `%`, `/` and `+` encoded.
                RoleName::parse(&percent_decode_str(text).decode_utf8_lossy())
            }),
        );
        Some((group?, name?))
    }
}

impl PathIds for (GroupId, MessageId, Emoji) {
    const SEGMENTS: &[Segment] = &[
        GroupId::SEGMENTS[0],
        MessageId::SEGMENTS[0],
        Segment { description: "An emoji, with or without its variation selector.", rules: emoji_rules },
    ];

    fn take(segments: &mut Segments<'_>) -> Option<Self> {
        let (group, message) = (GroupId::take(segments), MessageId::take(segments));
        let emoji = segments.next(|text| Emoji::parse(&percent_decode_str(text).decode_utf8_lossy()));
        Some((group?, message?, emoji?))
    }
}

impl PathIds for (GroupId, MessageId, OptionId) {
    const SEGMENTS: &[Segment] = &[
        GroupId::SEGMENTS[0],
        MessageId::SEGMENTS[0],
        Segment { description: "The option's id.", rules: option_id_rules },
    ];

    fn take(segments: &mut Segments<'_>) -> Option<Self> {
        let (group, message) = (GroupId::take(segments), MessageId::take(segments));
        let option = segments.next(|text| integer(text).and_then(OptionId::parse));
        Some((group?, message?, option?))
    }
}

fn option_id_rules() -> Value {
    let mut rules = OptionId::rules_to_give();
    rules["type"] = "integer".into();
    rules
}

fn emoji_rules() -> Value {
    let mut rules = Emoji::rules_to_give();
    rules["type"] = "string".into();
    rules
}

fn role_name_rules() -> Value {
    let mut rules = RoleName::rules_to_give();
    rules["type"] = "string".into();
    rules
}

impl PathIds for UserOrMe {
    const SEGMENTS: &[Segment] =
        &[Segment { description: "The user's id, or `me`.", rules: integer_or_me_rules }];

    fn take(segments: &mut Segments<'_>) -> Option<Self> {
        segments.next(Self::parse)
    }
}

impl Described for UserOrMe {
    type Json = String;

    fn rules() -> Value {
        integer_or_me_rules()
    }
}

impl FromJson for UserOrMe {
    fn from_json(json: String) -> Result<Self, Violation> {
        Self::parse(&json)
    }
}

fn integer_rules() -> Value {
    let mut rules = id_rules(false);
    rules["type"] = "integer".into();
    rules["format"] = "int64".into();
    rules
}

fn integer_or_me_rules() -> Value {
    json!({"oneOf": [integer_rules(), {"type": "string", "enum": [UserOrMe::ME]}]})
}

impl PathIds for (UserOrMe, SessionId) {
    const SEGMENTS: &[Segment] = &[UserOrMe::SEGMENTS[0], SessionId::SEGMENTS[0]];

    fn take(segments: &mut Segments<'_>) -> Option<Self> {
        let (user, session) = (UserOrMe::take(segments), SessionId::take(segments));
        Some((user?, session?))
    }
}

impl PathIds for (UserId, TokenId) {
    const SEGMENTS: &[Segment] = &[UserId::SEGMENTS[0], TokenId::SEGMENTS[0]];

    fn take(segments: &mut Segments<'_>) -> Option<Self> {
        let (user, token) = (UserId::take(segments), TokenId::take(segments));
        Some((user?, token?))
    }
}

impl PathIds for (UserOrMe, RoleId) {
    const SEGMENTS: &[Segment] = &[UserOrMe::SEGMENTS[0], RoleId::SEGMENTS[0]];

    fn take(segments: &mut Segments<'_>) -> Option<Self> {
        let (user, role) = (UserOrMe::take(segments), RoleId::take(segments));
        Some((user?, role?))
    }
}

macro_rules! after_group {
    ($($id:ident)+) => {$(
        impl PathIds for (GroupId, $id) {
            const SEGMENTS: &[Segment] = &[GroupId::SEGMENTS[0], $id::SEGMENTS[0]];

            fn take(segments: &mut Segments<'_>) -> Option<Self> {
                // Both, so that all that is wrong is told at once.
                let (group, id) = (GroupId::take(segments), $id::take(segments));
                Some((group?, id?))
            }
        }
    )+};
}

after_group! { InvitationId InviteLinkId MessageId ScheduledId UserOrMe }

impl<T: PathIds> FromRequest for Ids<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read<T: PathIds>(request: &HttpRequest) -> Result<Ids<T>, ApiError> {
    let mut segments = Segments::of(request);
    let ids = T::take(&mut segments);
    if !segments.errors.is_empty() {
        return Err(ApiError::invalid(segments.errors));
    }
    ids.map(Ids).ok_or_else(|| ApiError::internal("the route has fewer ids than its handler takes"))
}

fn integer(text: &str) -> Result<i64, Violation> {
    let detail = || format!("must be an integer from 1 to {MAX_SAFE_INTEGER}");
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Violation::new(ViolationCode::InvalidType, detail()));
    }
    match text.parse() {
        Ok(id @ 1..=MAX_SAFE_INTEGER) => Ok(id),
        _ => Err(Violation::new(ViolationCode::OutOfRange, detail())),
    }
}

impl<T> Apiv2Schema for Ids<T> {}

impl<T: PathIds> OperationModifier for Ids<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        // Without names: paperclip takes them from the route's template.
        operation.parameters.extend(T::SEGMENTS.iter().map(|segment| {
            let parameter = Annotation::new((segment.rules)())
                .into_parameter(ParameterIn::Path, &DefaultSchemaRaw::default());
            let description = Some(segment.description.to_owned());
            Either::Right(Parameter { description, ..parameter })
        }));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn ids_are_taken_in_the_order_of_the_path() {
        let request =
            TestRequest::default().param("group_id", "7").param("message_id", "12").to_http_request();
        let Ids((group, message)) = read::<(GroupId, MessageId)>(&request).unwrap();
        assert_eq!((group, message), (GroupId::new(7), MessageId::new(12)));
    }

    #[test]
    fn a_role_is_named_with_whatever_its_name_holds() {
        let request = TestRequest::default().param("group_id", "7").param("name", "a%2Fb %2525");
        let Ids((_, name)) = read::<(GroupId, RoleName)>(&request.to_http_request()).unwrap();
        assert_eq!(name.as_str(), "a/b %25");
    }

    #[test]
    fn the_caller_may_be_named_me() {
        let read = |user: &'static str| {
            let request = TestRequest::default().param("group_id", "7").param("user_id", user);
            read::<(GroupId, UserOrMe)>(&request.to_http_request()).map(|Ids((_, user))| user)
        };
        assert_eq!(read("me").unwrap(), UserOrMe::Me);
        assert_eq!(read("12").unwrap(), UserOrMe::Id(UserId::new(12)));
        assert!(read("Me").is_err());
    }

    #[test]
    fn what_is_no_id_is_named() {
        for bad in ["", "x", "0", "-1", "+1", "1.0", "9007199254740992", "99999999999999999999"] {
            let request = TestRequest::default().param("group_id", bad.to_owned()).to_http_request();
            let error = read::<GroupId>(&request).unwrap_err();
            assert!(error.to_string().contains("group_id: must be an integer"), "{bad}: {error}");
        }
    }
}
