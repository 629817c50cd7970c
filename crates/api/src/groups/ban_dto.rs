//! Bodies for what keeps somebody out of a group.

use groupchat_domain::groups::{Ban, Reason, RestrictionDraft};
use groupchat_domain::ids::UserId;
use groupchat_domain::time::Timestamp;
use paperclip::actix::Apiv2Schema;
use serde::{Deserialize, Serialize};

use crate::accounts::UserRefDto;
use crate::problem::ApiError;
use crate::wire::{Field, Fields, Optional, Time};

/// Somebody who is banned from a group.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Ban")]
pub struct BanDto {
    /// Who it is.
    pub user: UserRefDto,
    /// Why.
    pub reason: Option<Field<Reason>>,
    /// When the ban ends by itself; null for one that lasts until somebody lifts it.
    pub until: Option<Time>,
    /// The id of the user who banned them.
    pub banned_by: Field<UserId>,
    /// Since when they are banned.
    pub created_at: Time,
}

impl From<Ban> for BanDto {
    fn from(ban: Ban) -> Self {
        let Ban { user, reason, until, banned_by, created_at, .. } = ban;
        Self {
            user: user.into(),
            reason: reason.map(Field),
            until: until.map(Time::from),
            banned_by: banned_by.into(),
            created_at: created_at.into(),
        }
    }
}

/// How to restrict somebody.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "RestrictionDraft")]
pub(super) struct RestrictionDraftDto {
    /// Why: 1–250 characters on one line. The user sees it.
    pub reason: Optional<Reason>,
    /// When it ends by itself, a time in the future; by default it lasts until somebody ends it.
    pub until: Optional<Timestamp>,
}

impl RestrictionDraftDto {
    pub(super) fn parse(self) -> Result<RestrictionDraft, ApiError> {
        let mut fields = Fields::new();
        let draft = RestrictionDraft {
            reason: fields.optional("reason", self.reason),
            until: fields.optional("until", self.until),
        };
        fields.finish()?;
        Ok(draft)
    }
}
