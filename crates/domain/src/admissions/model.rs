//! Invitations.

use crate::accounts::UserRef;
use crate::groups::{Group, GroupName, Visibility};
use crate::ids::{GroupId, InvitationId, UserId};
use crate::permissions::{Role, RoleName};
use crate::text::{TextBytes, multi_line, text_newtype};
use crate::time::Timestamp;
use crate::validation::Violation;

/// What somebody writes to whom they invite, or to whom they ask to be let in: 1–500 characters, newlines and tabs among
/// them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note(String);
text_newtype!(Note);

impl Note {
    /// The most characters a note may have.
    pub const MAX_LENGTH: usize = 500;

    /// Normalizes and checks a note.
    ///
    /// # Errors
    /// The rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        multi_line(text, 1, Self::MAX_LENGTH).map(Self)
    }
}

/// What somebody who is invited learns of the group, whether or not they may know of it otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitedGroup {
    /// Its id, to be shown only if the group is listed.
    pub id: GroupId,
    /// Its name. Only direct conversations have none, to which nobody is invited.
    pub name: Option<GroupName>,
    /// Who can find it.
    pub visibility: Visibility,
    /// The number of its members.
    pub member_count: i64,
}

impl From<&Group> for InvitedGroup {
    fn from(group: &Group) -> Self {
        Self {
            id: group.id,
            name: group.name.clone(),
            visibility: group.visibility,
            member_count: group.member_count,
        }
    }
}

/// An invitation. A user has at most one to each group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The invitation's id, which stays when it is made again.
    pub id: InvitationId,
    /// Where to.
    pub group: InvitedGroup,
    /// Who is invited.
    pub user: UserRef,
    /// Who invites.
    pub invited_by: UserRef,
    /// The role that the user gets.
    pub role: RoleName,
    /// What the inviter writes.
    pub note: Option<Note>,
    /// When it was made, or last changed.
    pub created_at: Timestamp,
    /// Until when it can be accepted; `None` for no end.
    pub expires_at: Option<Timestamp>,
}

impl TextBytes for Invitation {
    fn text_bytes(&self) -> usize {
        self.group.name.text_bytes()
            + self.user.text_bytes()
            + self.invited_by.text_bytes()
            + self.role.text_bytes()
            + self.note.text_bytes()
    }
}

/// An invitation with what decides whether it still lets anybody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// The group as it is now.
    pub group: Group,
    /// The role that the inviter has in the group now; `None` for others than members.
    pub issuer: Option<Role>,
    /// The role that the user gets, as it is now; `None` if the group has no such role any more.
    pub gift: Option<Role>,
}

impl TextBytes for IssuedInvitation {
    fn text_bytes(&self) -> usize {
        self.invitation.text_bytes()
    }
}

/// An invitation, and whether it still lets anybody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedInvitation {
    /// The invitation.
    pub invitation: Invitation,
    /// Whether it can be accepted now.
    pub is_valid: bool,
}

impl TextBytes for JudgedInvitation {
    fn text_bytes(&self) -> usize {
        self.invitation.text_bytes()
    }
}

/// An invitation that is about to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Where to.
    pub group: GroupId,
    /// Who is invited.
    pub user: UserId,
    /// Who invites.
    pub invited_by: UserId,
    /// The role that the user gets.
    pub role: RoleName,
    /// What the inviter writes.
    pub note: Option<Note>,
    /// When it is made.
    pub created_at: Timestamp,
    /// Until when it can be accepted; `None` for no end.
    pub expires_at: Option<Timestamp>,
}

/// Who was sent an invitation, and by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SentInvitation {
    /// Its id.
    pub id: InvitationId,
    /// Who is invited.
    pub user: UserId,
    /// Who has made it.
    pub invited_by: UserId,
}

/// An invitation that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedInvitation {
    /// Its id.
    pub id: InvitationId,
    /// Who was invited.
    pub user: UserId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_has_1_to_500_characters() {
        assert_eq!(Note::parse("Come in,\nwe have tea").unwrap().as_str(), "Come in,\nwe have tea");
        assert!(Note::parse(&"é".repeat(500)).is_ok());
        for bad in ["", "\u{0}", &"x".repeat(501)] {
            assert!(Note::parse(bad).is_err(), "{bad:?}");
        }
    }
}
