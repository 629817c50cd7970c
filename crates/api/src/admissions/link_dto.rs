//! Response bodies for invite links.

use groupchat_domain::admissions::{JudgedLink, MaxUses, Note};
use groupchat_domain::codes::SecretCode;
use groupchat_domain::ids::InviteLinkId;
use groupchat_domain::permissions::RoleName;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use super::values::CodeText;
use crate::accounts::UserRefDto;
use crate::wire::{Count, Field, Time};

/// An invite link, as those see it who may invite.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "InviteLink")]
pub(crate) struct InviteLinkDto {
    /// The link's id.
    pub id: Field<InviteLinkId>,
    /// Who has made it.
    pub created_by: UserRefDto,
    /// The role that users get.
    pub role: Field<RoleName>,
    /// What its maker writes to those who may invite.
    pub note: Option<Field<Note>>,
    /// How many users it lets in; null for any number.
    pub max_uses: Option<Field<MaxUses>>,
    /// How many users have come in by it.
    pub uses: Field<Count>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
    /// Whether it lets somebody in now: it has neither ended nor been used up, and its maker may still invite and give the
    /// role.
    pub valid: Field<bool>,
}

impl From<JudgedLink> for InviteLinkDto {
    fn from(JudgedLink { link, is_valid }: JudgedLink) -> Self {
        Self {
            id: link.id.into(),
            created_by: link.created_by.into(),
            role: link.role.into(),
            note: link.note.map(Field),
            max_uses: link.max_uses.map(Field),
            uses: link.uses.into(),
            created_at: link.created_at.into(),
            expires_at: link.expires_at.into(),
            valid: is_valid.into(),
        }
    }
}

/// An invite link that was made, with its code.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "NewInviteLink")]
pub(crate) struct NewInviteLinkDto {
    /// The code, which is shown only here.
    pub code: Field<CodeText>,
    /// The link.
    pub link: InviteLinkDto,
}

impl NewInviteLinkDto {
    pub(super) fn new(made: JudgedLink, code: &SecretCode) -> Self {
        Self { code: Field(CodeText(code.reveal())), link: made.into() }
    }
}
