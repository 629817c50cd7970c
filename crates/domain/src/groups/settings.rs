//! A member's own settings of a group.

use crate::validation::{Violation, one_of};

/// What a member wants to be notified of. The server delivers every event all the same: clients obey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Notify {
    /// Every message.
    #[default]
    All,
    /// Messages that mention the member.
    Mentions,
    /// Nothing.
    None,
}

impl Notify {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::All, Self::Mentions, Self::None];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Mentions => "mentions",
            Self::None => "none",
        }
    }

    /// The choice of this name.
    ///
    /// # Errors
    /// [`ViolationCode::InvalidFormat`](crate::validation::ViolationCode::InvalidFormat) for any other text.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        one_of(&Self::ALL, Self::as_str, text)
    }
}

/// A member's own settings of a group. Only the member sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemberSettings {
    /// What the member wants to be notified of.
    pub notify: Notify,
    /// Whether the group comes first in the member's list.
    pub pinned: bool,
    /// Whether the group is left out of the member's list.
    pub hidden: bool,
}

/// Changes to a member's own settings. `None` keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SettingsChanges {
    /// What the member wants to be notified of.
    pub notify: Option<Notify>,
    /// Whether the group comes first in the member's list.
    pub pinned: Option<bool>,
    /// Whether the group is left out of the member's list.
    pub hidden: Option<bool>,
}

impl SettingsChanges {
    pub(super) fn apply(self, to: MemberSettings) -> MemberSettings {
        MemberSettings {
            notify: self.notify.unwrap_or(to.notify),
            pinned: self.pinned.unwrap_or(to.pinned),
            hidden: self.hidden.unwrap_or(to.hidden),
        }
    }

    /// The fields to change.
    pub(super) fn fields(self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("notify", self.notify.is_some()),
            ("pinned", self.pinned.is_some()),
            ("hidden", self.hidden.is_some()),
        ];
        given.into_iter().filter_map(|(field, given)| given.then_some(field))
    }

    pub(super) fn are_none(self) -> bool {
        self == Self::default()
    }
}
