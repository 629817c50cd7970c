//! Subjects about invitations.

use crate::admissions::{EndedInvitation, Invitation};
use crate::events::about::{About, SubjectIds};
use crate::events::audience::OfUser;
use crate::ids::UserId;
use crate::text::TextBytes;

// Without the group, of which whoever is invited learns no more than the invitation shows.
impl About for Invitation {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(self.user.id), invitation: Some(self.id), ..SubjectIds::default() }
    }
}

impl OfUser for Invitation {
    fn user_id(&self) -> UserId {
        self.user.id
    }
}

impl About for EndedInvitation {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(self.user), invitation: Some(self.id), ..SubjectIds::default() }
    }
}

impl TextBytes for EndedInvitation {
    fn text_bytes(&self) -> usize {
        0
    }
}

impl OfUser for EndedInvitation {
    fn user_id(&self) -> UserId {
        self.user
    }
}
