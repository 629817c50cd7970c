//! Subjects about mentions.

use std::sync::Arc;

use crate::events::about::{About, SubjectIds};
use crate::events::audience::OfUser;
use crate::ids::UserId;
use crate::messages::Message;
use crate::text::TextBytes;

/// That a message mentions a user, or no longer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MentionUpdate {
    /// The message, or its tombstone: one for all whom it mentions.
    pub message: Arc<Message>,
    /// The user.
    pub user: UserId,
}

impl MentionUpdate {
    /// What this message is to a user.
    pub fn of(message: &Arc<Message>, user: UserId) -> Self {
        Self { message: Arc::clone(message), user }
    }
}

impl About for MentionUpdate {
    fn ids(&self) -> SubjectIds {
        SubjectIds { user: Some(self.user), ..self.message.ids() }
    }
}

impl TextBytes for MentionUpdate {
    fn text_bytes(&self) -> usize {
        self.message.text_bytes()
    }
}

impl OfUser for MentionUpdate {
    fn user_id(&self) -> UserId {
        self.user
    }
}
