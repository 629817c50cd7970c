//! Request bodies for ways into groups, parsed into domain values.

use groupchat_domain::admissions::{InvitationDraft, LinkDraft, MaxUses, Note};
use groupchat_domain::ids::UserId;
use groupchat_domain::permissions::RoleName;
use groupchat_domain::time::Timestamp;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use crate::accounts::TypedUsername;
#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::groups::candidate;
use crate::problem::ApiError;
use crate::wire::{Alternative, Fields, Optional};

/// Whom to invite to a group, by id or by username.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "InvitationDraft", example = r#"{"username": "grace", "role": "member"}"#)]
pub(super) struct InvitationDraftDto {
    /// The user's id, if `username` is absent.
    pub user_id: Alternative<UserId>,
    /// The username, ignoring case, if `user_id` is absent.
    pub username: Alternative<TypedUsername>,
    /// The role that the user gets; the default is `member`.
    pub role: Optional<RoleName>,
    /// What to write to the user: 1–500 characters.
    pub note: Optional<Note>,
    /// Until when it can be accepted; by default it has no end.
    pub expires_at: Optional<Timestamp>,
}

impl InvitationDraftDto {
    pub(super) fn parse(self) -> Result<InvitationDraft, ApiError> {
        let mut fields = Fields::new();
        let role = fields.optional("role", self.role);
        let note = fields.optional("note", self.note);
        let expires_at = fields.optional("expires_at", self.expires_at);
        match candidate(&mut fields, self.user_id, self.username) {
            Some(candidate) if fields.are_good() => {
                let role = role.unwrap_or(RoleName::MEMBER);
                Ok(InvitationDraft { candidate, role, note, expires_at })
            }
            _ => Err(fields.into()),
        }
    }
}

/// What an invite link is for.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "InviteLinkDraft")]
pub(super) struct LinkDraftDto {
    /// The role that users get; the default is `member`.
    pub role: Optional<RoleName>,
    /// How many users it lets in: 1–100,000; by default any number.
    pub max_uses: Optional<MaxUses>,
    /// When it ends, within 366 days; by default in 7 days.
    pub expires_at: Optional<Timestamp>,
    /// What to write to those who may invite: 1–500 characters.
    pub note: Optional<Note>,
}

impl LinkDraftDto {
    pub(super) fn parse(self) -> Result<LinkDraft, ApiError> {
        let mut fields = Fields::new();
        let draft = LinkDraft {
            role: fields.optional("role", self.role).unwrap_or(RoleName::MEMBER),
            max_uses: fields.optional("max_uses", self.max_uses),
            expires_at: fields.optional("expires_at", self.expires_at),
            note: fields.optional("note", self.note),
        };
        fields.finish()?;
        Ok(draft)
    }
}

/// What goes with the wish to join a group.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "JoinDraft", example = r#"{"message": "I work in the workshop."}"#)]
pub(super) struct JoinDraftDto {
    /// What to write to those who decide, if the group is closed: 1–500 characters.
    pub message: Optional<Note>,
}

impl JoinDraftDto {
    pub(super) fn parse(self) -> Result<Option<Note>, ApiError> {
        let mut fields = Fields::new();
        let message = fields.optional("message", self.message);
        fields.finish()?;
        Ok(message)
    }
}

/// The parsers of bodies.
#[cfg(any(test, fuzzing))]
pub(crate) fn bodies() -> Vec<Parser> {
    vec![
        Parser::of_body(InvitationDraftDto::parse),
        Parser::of_body(JoinDraftDto::parse),
        Parser::of_body(LinkDraftDto::parse),
    ]
}

#[cfg(test)]
mod tests {
    use groupchat_domain::groups::Candidate;

    use super::*;
    use crate::problem::Code;

    fn parse(json: &str) -> Result<InvitationDraft, Code> {
        let draft = serde_json::from_str::<InvitationDraftDto>(json).unwrap();
        draft.parse().map_err(|error| error.code())
    }

    #[test]
    fn an_invitation_is_for_a_member_and_has_no_end_unless_it_says_otherwise() {
        let candidate = Candidate::named("zoe");
        let plain = InvitationDraft { candidate, role: RoleName::MEMBER, note: None, expires_at: None };
        assert_eq!(parse(r#"{"username": "Zoe"}"#), Ok(plain));
        let full = parse(
            r#"{"user_id": 3, "role": "admin", "note": "Come in", "expires_at": "2026-09-10T12:00:00Z"}"#,
        )
        .unwrap();
        assert_eq!(full.candidate, Candidate::Id(UserId::new(3)));
        assert_eq!((full.role.as_str(), full.note.unwrap().as_str()), ("admin", "Come in"));
        assert_eq!(full.expires_at.unwrap().as_micros(), 1_789_041_600_000_000);
        for json in [
            "{}",
            r#"{"user_id": 3, "username": "zoe"}"#,
            r#"{"user_id": 3, "note": ""}"#,
            r#"{"user_id": 3, "expires_at": "tomorrow"}"#,
            r#"{"user_id": 3, "role": " "}"#,
        ] {
            assert_eq!(parse(json), Err(Code::ValidationFailed), "{json}");
        }
    }
}
