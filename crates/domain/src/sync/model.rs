//! Snapshots.

use crate::accounts::{User, UserRef};
use crate::admissions::Invitation;
use crate::events::Cursor;
use crate::groups::GroupView;
use crate::ids::GroupId;
use crate::messages::Quoted;
use crate::saved::DraftOutline;
use crate::text::TextBytes;
use crate::time::Timestamp;

/// The most groups of a snapshot, and the most direct conversations whose people's presence it shows.
pub const MAX_GROUPS: u16 = 1_000;

/// The most invitations of a snapshot.
pub const MAX_INVITATIONS: u16 = 200;

/// The newest message of a group, as a list of groups shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatestMessage {
    /// The message, with the beginning of its text.
    pub message: Quoted,
    /// When it was sent.
    pub created_at: Timestamp,
}

/// A group of the viewer's, as a list of groups shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOverview {
    /// The group, without its newest message.
    pub view: GroupView,
    /// Its newest message or the tombstone of it; `None` before the first, and for those who may not read it.
    pub latest: Option<LatestMessage>,
    /// When its newest message was sent, or else when it was created.
    pub active_at: Timestamp,
    /// How many threads in it the viewer follows and has not read to the end.
    pub unread_threads: i64,
    /// The other people of a direct conversation; nobody in a group.
    pub people: Vec<UserRef>,
    /// The viewer's drafts for it and for its threads.
    pub drafts: Vec<DraftOutline>,
}

impl TextBytes for GroupOverview {
    fn text_bytes(&self) -> usize {
        let latest = self.latest.as_ref().map_or(0, |latest| latest.message.text_bytes());
        let people = self.people.iter().map(TextBytes::text_bytes).sum::<usize>();
        let drafts = self.drafts.iter().map(TextBytes::text_bytes).sum::<usize>();
        self.view.group.text_bytes() + latest + people + drafts
    }
}

/// What a client shows first, at one moment; or of that what has changed since an earlier moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The moment: events go on from here.
    pub cursor: Cursor,
    /// Whether all is here. Otherwise only what has changed, and perhaps more.
    pub is_whole: bool,
    /// The viewer; `None` if unchanged.
    pub me: Option<User>,
    /// The users of whom others may see a change, as they are now: their names are wherever they are shown.
    pub users: Vec<UserRef>,
    /// The viewer's groups and direct conversations, the one with the newest message first.
    pub groups: Vec<GroupOverview>,
    /// Whether the viewer is in more groups than these, which have been silent for longer.
    pub has_more_groups: bool,
    /// The groups that the viewer is no longer in, also such that were deleted before the viewer knew of them.
    pub left_groups: Vec<GroupId>,
    /// The newest invitations of the viewer; `None` if unchanged.
    pub invitations: Option<Vec<Invitation>>,
    /// The direct conversations of the viewer in which people see each other's presence.
    pub direct: Vec<GroupId>,
}

impl TextBytes for Snapshot {
    fn text_bytes(&self) -> usize {
        let invitations = self.invitations.iter().flatten().map(TextBytes::text_bytes).sum::<usize>();
        self.me.as_ref().map_or(0, TextBytes::text_bytes)
            + self.users.iter().map(TextBytes::text_bytes).sum::<usize>()
            + self.groups.iter().map(TextBytes::text_bytes).sum::<usize>()
            + invitations
    }
}
