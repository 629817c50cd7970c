//! Request bodies and queries for groups, parsed into domain values.

use std::collections::HashSet;
use std::fmt;

use groupchat_domain::groups::{
    Candidate, Description, GroupChanges, GroupDraft, GroupKind, GroupName, GroupQuery, History,
    MemberChanges, MemberQuery, Notify, People, RetentionBounds, RetentionChange, RetentionDays,
    SettingsChanges, SlowMode, Topic, Visibility,
};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::paging::{Limit, NameCursor};
use groupchat_domain::permissions::RoleName;
use groupchat_domain::search::SearchText;
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::Apiv2Schema;
use paperclip::v2::models::DefaultSchemaRaw;
use paperclip::v2::schema;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

#[cfg(any(test, fuzzing))]
use super::ban_dto::RestrictionDraftDto;
#[cfg(any(test, fuzzing))]
use super::batch_dto::BatchDto;
#[cfg(any(test, fuzzing))]
use super::role_dto::{ExplainParams, RoleChangesDto, RoleDraftDto};
use crate::accounts::TypedUsername;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::{Parser, list};
use crate::problem::ApiError;
use crate::wire::{
    Alternative, Change, CursorText, Fields, Given, List, Optional, Patch, Required, UnknownFields,
};

/// A group to create.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "GroupDraft")]
pub(super) struct GroupDraftDto {
    /// The name: 1–100 characters.
    pub name: Required<GroupName>,
    /// The description: at most 1,000 characters.
    pub description: Optional<Description>,
    /// Who can find it: `public`, which is the default, `closed` or `private`.
    pub visibility: Optional<Visibility>,
    /// Which messages its members read: `all`, which is the default, or `joined`.
    pub history: Optional<History>,
    // Known, so that nobody believes that they were set.
    #[serde(default)]
    topic: Given,
    #[serde(default)]
    slow_mode_seconds: Given,
    #[serde(default)]
    receipts: Given,
    #[serde(default)]
    retention_days: Given,
    #[serde(default)]
    archived_at: Given,
    #[serde(default)]
    kind: OtherKind,
}

impl GroupDraftDto {
    pub(super) fn parse(self) -> Result<GroupDraft, ApiError> {
        let mut fields = Fields::new();
        let name = fields.required("name", self.name);
        let description = fields.optional("description", self.description);
        let visibility = fields.optional("visibility", self.visibility);
        let history = fields.optional("history", self.history);
        fields.fixed([
            ("topic", self.topic),
            ("slow_mode_seconds", self.slow_mode_seconds),
            ("receipts", self.receipts),
            ("retention_days", self.retention_days),
            ("archived_at", self.archived_at),
            ("kind", self.kind.into()),
        ]);
        match name {
            Some(name) if fields.are_good() => {
                let visibility = visibility.unwrap_or(Visibility::Public);
                let history = history.unwrap_or(History::All);
                Ok(GroupDraft { name, description, visibility, history })
            }
            _ => Err(fields.into()),
        }
    }
}

/// Whether a body asks for another kind than that of all groups which are created or changed. Who sends back what
/// an answer said asks for nothing by it.
#[derive(Debug, Clone, Copy, Default)]
struct OtherKind(Given);

impl<'de> Deserialize<'de> for OtherKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let kind = Option::<Value>::deserialize(deserializer)?;
        let is_other = kind.is_some_and(|kind| kind != GroupKind::Group.as_str());
        Ok(Self(Given::when(is_other)))
    }
}

impl schema::Apiv2Schema for OtherKind {
    fn required() -> bool {
        false
    }

    fn raw_schema() -> DefaultSchemaRaw {
        <Given as schema::Apiv2Schema>::raw_schema()
    }
}

impl From<OtherKind> for Given {
    fn from(kind: OtherKind) -> Self {
        kind.0
    }
}

/// Whom to talk to.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "DirectDraft")]
pub(super) struct DirectDraftDto {
    /// The ids of 1–7 others.
    pub user_ids: Required<People>,
}

impl DirectDraftDto {
    pub(super) fn parse(self) -> Result<People, ApiError> {
        let mut fields = Fields::new();
        fields.required("user_ids", self.user_ids).ok_or_else(|| fields.into())
    }
}

/// Changes to a group. Absent fields keep their value; null clears a field.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "GroupChanges")]
pub(super) struct GroupChangesDto {
    /// The name: 1–100 characters.
    #[serde(default)]
    pub name: Change<GroupName>,
    /// The description: at most 1,000 characters.
    #[serde(default)]
    pub description: Patch<Description>,
    /// Who can find it: `public`, `closed` or `private`.
    #[serde(default)]
    pub visibility: Change<Visibility>,
    /// Which messages its members read: `all` or `joined`.
    #[serde(default)]
    pub history: Change<History>,
    /// What it talks about at the moment: 1–250 characters on one line.
    #[serde(default)]
    pub topic: Patch<Topic>,
    /// How many seconds members wait between their messages: 0–21,600.
    #[serde(default)]
    pub slow_mode_seconds: Change<SlowMode>,
    /// Whether members see how far others have read; null leaves it to the group's kind and size.
    #[serde(default)]
    pub receipts: Patch<bool>,
    /// How many days messages stay: 1–36,500, or 0 for ever; null leaves it to the server. Older ones are removed for good. Whoever
    /// doesn't manage the server can choose within its bounds.
    #[serde(default)]
    pub retention_days: Patch<RetentionDays>,
    // Known, so that nobody believes that they were changed.
    #[serde(default)]
    archived_at: Given,
    #[serde(default)]
    kind: OtherKind,
}

impl GroupChangesDto {
    /// The changes, where the server has these bounds.
    pub(super) fn parse_within(self, within: RetentionBounds) -> Result<GroupChanges, ApiError> {
        let mut fields = Fields::new();
        let retention = fields.clearable("retention_days", self.retention_days);
        let changes = GroupChanges {
            retention: retention.map(|to| RetentionChange { to, within }),
            name: fields.changeable("name", self.name),
            description: fields.clearable("description", self.description),
            visibility: fields.changeable("visibility", self.visibility),
            history: fields.changeable("history", self.history),
            topic: fields.clearable("topic", self.topic),
            slow_mode: fields.changeable("slow_mode_seconds", self.slow_mode_seconds),
            receipts: fields.clearable("receipts", self.receipts),
        };
        fields.fixed([("archived_at", self.archived_at), ("kind", self.kind.into())]);
        fields.finish()?;
        Ok(changes)
    }
}

/// The user to add to a group, by id or by username.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "MemberDraft", example = r#"{"username": "grace", "role": "member"}"#)]
pub(super) struct MemberDraftDto {
    /// The user's id, if `username` is absent.
    pub user_id: Alternative<UserId>,
    /// The username, ignoring case, if `user_id` is absent.
    pub username: Alternative<TypedUsername>,
    /// `owner`, `admin`, `readonly` or a role that the group has defined; the default is `member`.
    pub role: Optional<RoleName>,
    // Members choose these for themselves: known, so that nobody believes that they were set.
    #[serde(default)]
    notify: Given,
    #[serde(default)]
    pinned: Given,
    #[serde(default)]
    hidden: Given,
}

impl MemberDraftDto {
    pub(super) fn parse(self) -> Result<(Candidate, RoleName), ApiError> {
        let mut fields = Fields::new();
        let role = fields.optional("role", self.role);
        fields.fixed([("notify", self.notify), ("pinned", self.pinned), ("hidden", self.hidden)]);
        match candidate(&mut fields, self.user_id, self.username) {
            Some(candidate) if fields.are_good() => Ok((candidate, role.unwrap_or(RoleName::MEMBER))),
            _ => Err(fields.into()),
        }
    }
}

/// The user that a body names in one of two ways.
pub(crate) fn candidate(
    fields: &mut Fields,
    id: Alternative<UserId>,
    username: Alternative<TypedUsername>,
) -> Option<Candidate> {
    match (id.0, username.0) {
        (Some(id), None) => fields.check("user_id", UserId::parse(id)).map(Candidate::Id),
        (None, Some(name)) => Some(Candidate::named(&name)),
        (None, None) => fields.missing("user_id"),
        (Some(_), Some(_)) => {
            let detail = "cannot be used together with user_id";
            fields.refuse("username", Violation::new(ViolationCode::Exclusive, detail));
            None
        }
    }
}

/// Changes to a member. Absent fields keep their value.
#[derive(Default, Apiv2Schema)]
#[openapi(rename = "MemberChanges")]
pub(super) struct MemberChangesDto {
    /// `owner`, `admin`, `member`, `readonly` or a role that the group has defined.
    pub role: Change<RoleName>,
    /// What to be notified of, for the caller only: `all`, `mentions` or `none`.
    pub notify: Change<Notify>,
    /// Whether the group comes first in the list, for the caller only.
    pub pinned: Change<bool>,
    /// Whether the group is left out of the list, for the caller only.
    pub hidden: Change<bool>,
    unknown: UnknownFields,
}

/// Reads [`MemberChangesDto`], with the names of the fields that it doesn't know.
struct MemberChangesVisitor;

impl MemberChangesDto {
    const FIELDS: [&str; 4] = ["role", "notify", "pinned", "hidden"];
}

impl<'de> Deserialize<'de> for MemberChangesDto {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("MemberChanges", &Self::FIELDS, MemberChangesVisitor)
    }
}

impl<'de> Visitor<'de> for MemberChangesVisitor {
    type Value = MemberChangesDto;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MemberChangesDto, A::Error> {
        let (mut changes, mut given) = (MemberChangesDto::default(), HashSet::new());
        while let Some(name) = map.next_key::<String>()? {
            let known = MemberChangesDto::FIELDS.into_iter().find(|known| *known == name);
            if let Some(known) = known.filter(|known| !given.insert(*known)) {
                return Err(A::Error::duplicate_field(known));
            }
            match known {
                Some("role") => changes.role = map.next_value()?,
                Some("notify") => changes.notify = map.next_value()?,
                Some("pinned") => changes.pinned = map.next_value()?,
                Some("hidden") => changes.hidden = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    changes.unknown.note(&name);
                }
            }
        }
        // Beside a field that is known, others are ignored as everywhere.
        if !given.is_empty() {
            changes.unknown = UnknownFields::default();
        }
        Ok(changes)
    }
}

impl MemberChangesDto {
    pub(super) fn parse(self) -> Result<MemberChanges, ApiError> {
        let mut fields = Fields::new();
        fields.unknown(&self.unknown, &Self::FIELDS);
        let role = fields.changeable("role", self.role);
        let settings = SettingsChanges {
            notify: fields.changeable("notify", self.notify),
            pinned: fields.changeable("pinned", self.pinned),
            hidden: fields.changeable("hidden", self.hidden),
        };
        fields.finish()?;
        Ok(MemberChanges { role, settings })
    }
}

/// Which groups to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct GroupListParams {
    /// Text that the name must contain, ignoring case: at most 100 characters.
    q: Optional<SearchText>,
    /// What to list: `group`, which is the default, or `direct` for your direct conversations, the newest first.
    kind: Optional<GroupKind>,
    /// All groups, also private ones that the caller is not a member of; for server admins.
    all: Optional<bool>,
    /// Only groups that the caller is a member of.
    mine: Optional<bool>,
    /// Only groups without members, which therefore have no owner; for server admins.
    ownerless: Optional<bool>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
}

/// What to list of the groups that a viewer may see.
pub(super) struct GroupSelection {
    kind: GroupKind,
    search: Option<SearchText>,
    all: bool,
    mine: bool,
    ownerless: bool,
    after: Option<NameCursor>,
    limit: Limit,
}

impl GroupListParams {
    pub(super) fn parse(self, list: List) -> Result<GroupSelection, ApiError> {
        let mut fields = Fields::new();
        let search = fields.search(self.q);
        let limit = fields.limit(self.limit);
        let after = fields.name_cursor(list, &self.cursor);
        let kind = fields.optional("kind", self.kind).unwrap_or(GroupKind::Group);
        fields.finish()?;
        let [all, mine, ownerless] =
            [self.all, self.mine, self.ownerless].map(|flag| flag.0.unwrap_or(false));
        Ok(GroupSelection { kind, search, all, mine, ownerless, after, limit })
    }
}

impl GroupSelection {
    /// The query of this viewer, who is known only once the command runs.
    pub(super) fn seen_by(&self, viewer: UserId) -> GroupQuery {
        let Self { kind, search, all, mine, ownerless, after, limit } = self;
        let (search, after) = (search.clone(), after.clone());
        let (all, mine, ownerless) = (*all, *mine, *ownerless);
        GroupQuery { viewer, kind: *kind, search, all, mine, ownerless, only: None, after, limit: *limit }
    }
}

/// Which members of a group to list.
#[derive(Deserialize, Apiv2Schema)]
pub(crate) struct MemberListParams {
    /// Text that the username or the display name must contain, ignoring case: at most 100 characters.
    q: Optional<SearchText>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
}

impl MemberListParams {
    pub(crate) fn parse(self, group: GroupId, list: List) -> Result<MemberQuery, ApiError> {
        let mut fields = Fields::new();
        let search = fields.search(self.q);
        let limit = fields.limit(self.limit);
        let after = fields.name_cursor(list, &self.cursor);
        fields.finish()?;
        Ok(MemberQuery { group, search, after, limit })
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![
        Parser::of_body(GroupDraftDto::parse),
        Parser::of_body(DirectDraftDto::parse),
        Parser::of_body(|body: GroupChangesDto| body.parse_within(RetentionBounds::default())),
        Parser::of_body(MemberDraftDto::parse),
        Parser::of_body(BatchDto::parse),
        Parser::of_body(MemberChangesDto::parse),
        Parser::of_body(RestrictionDraftDto::parse),
        Parser::of_body(RoleDraftDto::parse),
        Parser::of_body(RoleChangesDto::parse),
    ]
}

/// The parsers of queries.
#[cfg(any(test, fuzzing))]
pub(crate) fn queries() -> Vec<Parser> {
    vec![
        Parser::of_query(|params: GroupListParams| params.parse(list())),
        Parser::of_query(ExplainParams::parse),
        Parser::of_query(|params: MemberListParams| params.parse(GroupId::new(7), list())),
    ]
}

#[cfg(test)]
mod tests {
    use groupchat_domain::permissions::BuiltInRole;

    use super::*;
    use crate::problem::Code;

    fn member(json: &str) -> Result<(Candidate, RoleName), Code> {
        let draft = serde_json::from_str::<MemberDraftDto>(json).unwrap();
        draft.parse().map_err(|error| error.code())
    }

    #[test]
    fn a_member_is_named_in_exactly_one_way() {
        let by_id = (Candidate::Id(UserId::new(3)), RoleName::MEMBER);
        assert_eq!(member(r#"{"user_id": 3}"#), Ok(by_id));
        let by_name = (Candidate::named("zoe"), RoleName::from(BuiltInRole::Admin));
        assert_eq!(member(r#"{"username": "Zoe", "role": "admin"}"#), Ok(by_name));
        for json in [
            "{}",
            r#"{"user_id": 3, "username": "zoe"}"#,
            r#"{"user_id": 0}"#,
            r#"{"user_id": 3, "role": " "}"#,
        ] {
            assert_eq!(member(json), Err(Code::ValidationFailed), "{json}");
        }
    }

    #[test]
    fn a_group_is_public_and_shows_all_of_its_history_unless_asked_otherwise() {
        let parse = |json| serde_json::from_str::<GroupDraftDto>(json).unwrap().parse();
        let name = GroupName::parse("x").unwrap();
        assert_eq!(parse(r#"{"name": "x"}"#).unwrap(), GroupDraft::named(name.clone()));
        let private = parse(r#"{"name": "x", "visibility": "private", "history": "joined"}"#).unwrap();
        let (visibility, history) = (Visibility::Private, History::Joined);
        assert_eq!(private, GroupDraft { visibility, history, ..GroupDraft::named(name) });
        for json in [r#"{"name": "x", "visibility": "secret"}"#, r#"{"name": "x", "history": "none"}"#] {
            assert_eq!(parse(json).unwrap_err().code(), Code::ValidationFailed);
        }
    }

    #[test]
    fn a_change_of_a_member_that_only_has_unknown_fields_is_refused_by_their_names() {
        let parse = |json| serde_json::from_str::<MemberChangesDto>(json).unwrap().parse();
        let error = parse(r#"{"notfy": "none"}"#).unwrap_err().to_string();
        assert!(
            error.contains("notfy: is not a field of this request; its fields are: role, notify"),
            "{error}"
        );
        assert_eq!(parse("{}").unwrap(), MemberChanges::default());
        let pinned = parse(r#"{"pinned": true, "since": 7}"#).unwrap();
        assert_eq!(pinned.settings.pinned, Some(true));
        assert!(serde_json::from_str::<MemberChangesDto>(r#"{"pinned": true, "pinned": true}"#).is_err());
        assert!(serde_json::from_str::<MemberChangesDto>("[]").is_err());
    }

    #[test]
    fn what_these_calls_do_not_set_is_refused_unless_it_asks_for_nothing() {
        let create = |fields: &str| {
            let json = format!(r#"{{"name": "x", {fields}}}"#);
            serde_json::from_str::<GroupDraftDto>(&json).unwrap().parse().map(drop)
        };
        let change = |fields: &str| {
            let json = format!("{{{fields}}}");
            let body = serde_json::from_str::<GroupChangesDto>(&json).unwrap();
            body.parse_within(RetentionBounds::default()).map(drop)
        };
        for bad in [r#""kind": "direct""#, r#""kind": 7"#, r#""archived_at": "2026-01-01T00:00:00Z""#] {
            assert_eq!(create(bad).unwrap_err().code(), Code::NotEditable, "{bad}");
            assert_eq!(change(bad).unwrap_err().code(), Code::NotEditable, "{bad}");
        }
        for good in [r#""kind": "group""#, r#""kind": null"#, r#""archived_at": null"#] {
            assert!(create(good).is_ok() && change(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_group_keeps_its_name_and_may_lose_its_description() {
        let parse = |json| {
            let body = serde_json::from_str::<GroupChangesDto>(json).unwrap();
            body.parse_within(RetentionBounds::default())
        };
        assert_eq!(parse(r#"{"description": null}"#).unwrap().description, Some(None));
        assert!(parse(r#"{"name": null}"#).is_err());
        assert_eq!(parse("{}").unwrap(), GroupChanges::default());
    }
}
