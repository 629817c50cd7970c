//! Queries for the audit log.

use groupchat_domain::audit::{AuditAction, AuditQuery};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::paging::Limit;
use groupchat_domain::time::Timestamp;
use groupchat_domain::validation::Violation;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

#[cfg(any(test, fuzzing))]
use crate::fuzzing::{Parser, list};
use crate::problem::ApiError;
use crate::wire::{CursorText, Fields, List, ListCursor, Optional};

/// Which entries to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct AuditParams {
    /// Only what this user did.
    actor: Optional<UserId>,
    /// Only what was done to this user, and logins as this user.
    target: Optional<UserId>,
    /// Only what was done in this group.
    group: Optional<GroupId>,
    /// Only entries that tell this.
    action: Optional<AuditAction>,
    /// Only entries of this time or later.
    since: Optional<Timestamp>,
    /// Only entries from before this time.
    until: Optional<Timestamp>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
}

impl AuditParams {
    pub(super) fn parse(self, list: List) -> Result<AuditQuery, ApiError> {
        let mut fields = Fields::new();
        let actor = fields.optional("actor", self.actor);
        let target = fields.optional("target", self.target);
        let group = fields.optional("group", self.group);
        let limit = fields.limit(self.limit);
        let action = fields.optional("action", self.action);
        let since = fields.optional("since", self.since);
        let until = fields.optional("until", self.until);
        let cursor = fields.cursor(list, &self.cursor);
        let below = cursor.and_then(|cursor| fields.check("cursor", place(&cursor)));
        fields.finish()?;
        Ok(AuditQuery { actor, target, group, action, since, until, below, limit })
    }
}

/// Which entries of a group to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct GroupAuditParams {
    /// Only what this user did.
    actor: Optional<UserId>,
    /// Only what was done to this user.
    target: Optional<UserId>,
    /// Only entries that tell this.
    action: Optional<AuditAction>,
    /// Only entries of this time or later.
    since: Optional<Timestamp>,
    /// Only entries from before this time.
    until: Optional<Timestamp>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
}

impl GroupAuditParams {
    pub(super) fn parse(self, list: List) -> Result<AuditQuery, ApiError> {
        let Self { actor, target, action, since, until, limit, cursor } = self;
        let group = Optional(None);
        AuditParams { actor, target, group, action, since, until, limit, cursor }.parse(list)
    }
}

/// The time and the number of the last entry seen.
fn place(cursor: &ListCursor) -> Result<(Timestamp, i64), Violation> {
    Ok((Timestamp::from_micros(cursor.number()?), cursor.id))
}

/// The parsers of queries.
#[cfg(any(test, fuzzing))]
pub(crate) fn queries() -> Vec<Parser> {
    vec![
        Parser::of_query(|params: AuditParams| params.parse(list())),
        Parser::of_query(|params: GroupAuditParams| params.parse(list())),
    ]
}
