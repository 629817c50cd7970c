//! What commands are about.

use groupchat_domain::ids::GroupId;

use crate::commands::all::Command;
use crate::commands::argument::{AMessage, APollMessage};

impl Command {
    /// The group that a command of the model is about, for those whose answer doesn't say so.
    pub(crate) const fn group(&self) -> Option<GroupId> {
        match *self {
            Self::ListMessages { group, .. }
            | Self::ListFiltered { group, .. }
            | Self::ListPins { group, .. }
            | Self::ListMembers { group, .. }
            | Self::ListBans { group, .. }
            | Self::MarkRead { group, .. }
            | Self::ListReaders { group, .. }
            | Self::MarkReadQuietly { group, .. } => Some(GroupId::new(group.0)),
            Self::ListReactors { message: AMessage(group, _), .. }
            | Self::ListHistory { message: AMessage(group, _), .. }
            | Self::ListVoters { poll: APollMessage(group, _), .. }
            | Self::Vote { poll: APollMessage(group, _), .. }
            | Self::Unvote { poll: APollMessage(group, _) }
            | Self::ClosePoll { poll: APollMessage(group, _) }
            | Self::AddOption { poll: APollMessage(group, _), .. } => Some(GroupId::new(group)),
            Self::ListReplies { root, .. }
            | Self::MarkThreadRead { root, .. }
            | Self::MarkThreadReadQuietly { root, .. } => Some(GroupId::new(root.0)),
            _ => None,
        }
    }
}
