//! Response bodies for invites.

use groupchat_domain::admissions::{InviteGroups, JudgedServerInvite, MaxUses, Note};
use groupchat_domain::codes::SecretCode;
use groupchat_domain::ids::ServerInviteId;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;

use crate::accounts::UserRefDto;
use crate::admissions::CodeText;
use crate::wire::{Count, Field, Time};

/// An invite to the server, as its maker sees it, and those who manage users.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Invite")]
pub(super) struct InviteDto {
    /// The invite's id.
    pub id: Field<ServerInviteId>,
    /// Who has made it.
    pub created_by: UserRefDto,
    /// The groups that those who are invited come into.
    pub group_ids: Field<InviteGroups>,
    /// What its maker writes to those who see it.
    pub note: Option<Field<Note>>,
    /// How many users can sign up by it; null for any number.
    pub max_uses: Option<Field<MaxUses>>,
    /// How many users have signed up by it.
    pub uses: Field<Count>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends.
    pub expires_at: Time,
    /// Whether somebody can sign up by it now: it has neither ended nor been used up, and its maker may still invite.
    pub valid: Field<bool>,
}

impl From<JudgedServerInvite> for InviteDto {
    fn from(JudgedServerInvite { invite, is_valid }: JudgedServerInvite) -> Self {
        Self {
            id: invite.id.into(),
            created_by: invite.created_by.into(),
            group_ids: Field(invite.groups),
            note: invite.note.map(Field),
            max_uses: invite.max_uses.map(Field),
            uses: invite.uses.into(),
            created_at: invite.created_at.into(),
            expires_at: invite.expires_at.into(),
            valid: is_valid.into(),
        }
    }
}

/// An invite that was made, with its code.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "NewInvite")]
pub(super) struct NewInviteDto {
    /// The code, which is shown only here.
    pub code: Field<CodeText>,
    /// The invite.
    pub invite: InviteDto,
}

impl NewInviteDto {
    pub(super) fn new(made: JudgedServerInvite, code: &SecretCode) -> Self {
        Self { code: Field(CodeText(code.reveal())), invite: made.into() }
    }
}
