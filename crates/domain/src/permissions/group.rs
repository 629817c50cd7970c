//! The table of permissions in a group: one row says everything about one.

use super::role::BuiltInRole;
use super::set::PermissionSet;
use super::table::permissions;

/// What the table says about a permission.
struct Row {
    name: &'static str,
    summary: &'static str,
    least: BuiltInRole,
    managed: bool,
    not_in_private: bool,
}

impl Row {
    const fn new(name: &'static str, summary: &'static str, least: BuiltInRole) -> Self {
        Self { name, summary, least, managed: false, not_in_private: false }
    }

    const fn managed(self) -> Self {
        Self { managed: true, ..self }
    }

    const fn not_in_private(self) -> Self {
        Self { not_in_private: true, ..self }
    }
}

// `from`: the built-in role of the lowest rank that has it by default. `managed`: whoever manages the groups of the
// server has it in every group. `not_in_private`: in a private group `member` lacks it by default.
permissions! {
    /// What somebody may do in a group. The numbers are stored as bits and the names are part of the HTTP contract:
    /// neither ever changes its meaning.
    GroupPermission {
        /// See the group and who is in it.
        View = 0, "view" from Readonly, managed;
        /// Read messages that were sent before: pages, single messages, pins, the newest message in lists.
        ReadHistory = 1, "read_history" from Readonly;
        /// Send messages.
        Send = 2, "send" from Member;
        /// Attach files to messages.
        SendFiles = 3, "send_files" from Member;
        /// React to messages, likes among them, and take reactions back.
        React = 4, "react" from Readonly;
        /// Reply to messages.
        Reply = 5, "reply" from Member;
        /// Create polls.
        CreatePolls = 6, "create_polls" from Member;
        /// Notify all members with one message.
        MentionAll = 7, "mention_all" from Admin;
        /// Pin and unpin messages.
        Pin = 8, "pin" from Admin;
        /// Edit own messages.
        EditOwn = 9, "edit_own" from Member;
        /// Delete own messages.
        DeleteOwn = 10, "delete_own" from Member;
        /// Delete anybody's messages.
        DeleteAny = 11, "delete_any" from Admin;
        /// Add users as plain members.
        AddMembers = 12, "add_members" from Member, managed, not_in_private;
        /// Invite users, and make invite links.
        Invite = 13, "invite" from Admin, managed;
        /// Decide on requests to join.
        ApproveRequests = 14, "approve_requests" from Admin, managed;
        /// Remove members of a lower rank.
        RemoveMembers = 15, "remove_members" from Admin, managed;
        /// Mute members of a lower rank.
        MuteMembers = 16, "mute_members" from Admin, managed;
        /// Ban users from the group, except members of the same or a higher rank.
        BanMembers = 17, "ban_members" from Admin, managed;
        /// Change the name and the description of the group, and who can find it.
        EditGroup = 18, "edit_group" from Admin, managed;
        /// Archive the group, and restore it.
        ArchiveGroup = 19, "archive_group" from Admin, managed;
        /// Define roles, and give them to members of a lower rank: none with more rights than one's own.
        ManageRoles = 20, "manage_roles" from Owner, managed;
        /// Delete the group.
        DeleteGroup = 21, "delete_group" from Owner, managed;
    }
}

impl GroupPermission {
    /// Whether whoever manages the groups of the server has it in every group. Reading and writing are not among
    /// these.
    pub const fn is_managed(self) -> bool {
        self.row().managed
    }

    /// Whether it is of use in an archived group, where nothing changes.
    pub const fn is_kept_in_archive(self) -> bool {
        matches!(self, Self::View | Self::ReadHistory | Self::ArchiveGroup | Self::DeleteGroup)
    }

    /// Whether all members of a direct conversation have it. Nobody has the others there.
    pub const fn is_of_direct(self) -> bool {
        matches!(
            self,
            Self::View
                | Self::ReadHistory
                | Self::Send
                | Self::SendFiles
                | Self::React
                | Self::Reply
                | Self::CreatePolls
                | Self::MentionAll
                | Self::Pin
                | Self::EditOwn
                | Self::DeleteOwn
        )
    }

    /// Whether two people keep it whose conversation is closed: it tells the other nothing new.
    pub const fn is_kept_in_closed(self) -> bool {
        matches!(self, Self::View | Self::ReadHistory | Self::DeleteOwn)
    }

    /// Whether who is muted lacks it.
    pub const fn is_taken_by_mute(self) -> bool {
        matches!(self, Self::Send | Self::Reply | Self::React | Self::CreatePolls)
    }

    /// Whether slow mode makes members wait before they use it again.
    pub const fn is_slowed(self) -> bool {
        matches!(self, Self::Send | Self::Reply)
    }

    /// Whether a built-in role has it unless the group says otherwise.
    pub const fn is_default_of(self, role: BuiltInRole, is_private: bool) -> bool {
        let row = self.row();
        let is_withheld = is_private && row.not_in_private && matches!(role, BuiltInRole::Member);
        role.rank().get() >= row.least.rank().get() && !is_withheld
    }
}

impl PermissionSet {
    /// What a built-in role may do unless the group says otherwise.
    pub const fn default_of(role: BuiltInRole, is_private: bool) -> Self {
        let (mut set, mut index) = (Self::EMPTY, 0);
        while index < GroupPermission::ALL.len() {
            let permission = GroupPermission::ALL[index];
            if permission.is_default_of(role, is_private) {
                set = set.with(permission);
            }
            index += 1;
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The defaults of `readonly`, `member`, `admin` and `owner` as they were reviewed, and whether those who manage
    /// the server's groups have it everywhere.
    const REVIEWED: [(&str, u8, &str); 22] = [
        ("view", 0, "rmao s"),
        ("read_history", 1, "rmao"),
        ("send", 2, " mao"),
        ("send_files", 3, " mao"),
        ("react", 4, "rmao"),
        ("reply", 5, " mao"),
        ("create_polls", 6, " mao"),
        ("mention_all", 7, "  ao"),
        ("pin", 8, "  ao"),
        ("edit_own", 9, " mao"),
        ("delete_own", 10, " mao"),
        ("delete_any", 11, "  ao"),
        ("add_members", 12, " mao s"),
        ("invite", 13, "  ao s"),
        ("approve_requests", 14, "  ao s"),
        ("remove_members", 15, "  ao s"),
        ("mute_members", 16, "  ao s"),
        ("ban_members", 17, "  ao s"),
        ("edit_group", 18, "  ao s"),
        ("archive_group", 19, "  ao s"),
        ("manage_roles", 20, "   o s"),
        ("delete_group", 21, "   o s"),
    ];

    #[test]
    fn names_bits_and_defaults_are_those_that_were_reviewed() {
        assert_eq!(GroupPermission::ALL.len(), REVIEWED.len());
        for (permission, (name, bit, holders)) in GroupPermission::ALL.iter().zip(REVIEWED) {
            assert_eq!((permission.as_str(), permission.bit()), (name, bit));
            assert_eq!(GroupPermission::from_name(name), Some(*permission));
            for (role, letter) in BuiltInRole::ALL.into_iter().zip("rmao".chars()) {
                let expected = holders.contains(letter);
                assert_eq!(permission.is_default_of(role, false), expected, "{role:?} {name}");
                let withheld = role == BuiltInRole::Member && *permission == GroupPermission::AddMembers;
                assert_eq!(permission.is_default_of(role, true), expected && !withheld, "{role:?} {name}");
                let set = PermissionSet::default_of(role, false);
                assert_eq!(set.contains(*permission), expected, "{role:?} {name}");
            }
            assert_eq!(permission.is_managed(), holders.contains('s'), "{name}");
        }
    }

    #[test]
    fn a_permission_has_a_bit_of_its_own_and_a_summary() {
        let bits: HashSet<_> = GroupPermission::ALL.iter().map(|permission| permission.bit()).collect();
        assert_eq!(bits.len(), GroupPermission::ALL.len());
        assert!(GroupPermission::ALL.iter().all(|permission| permission.summary().ends_with('.')));
        assert_eq!(GroupPermission::from_name("fly"), None);
    }
}
