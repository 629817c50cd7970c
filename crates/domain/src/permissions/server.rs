//! The table of permissions on the server: one row says everything about one.

use super::table::permissions;

/// What the table says about a permission.
struct Row {
    name: &'static str,
    summary: &'static str,
    everybody: bool,
}

impl Row {
    const fn new(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary, everybody: false }
    }

    const fn everybody(self) -> Self {
        Self { everybody: true, ..self }
    }
}

// `everybody`: the role `member`, which every user has, allows it by default.
permissions! {
    /// What somebody may do on the server, outside of single groups. The numbers are stored as bits and the names are
    /// part of the HTTP contract: neither ever changes its meaning.
    ServerPermission {
        /// Create groups.
        CreateGroups = 0, "create_groups", everybody;
        /// Create private groups, and make groups private. Creating also takes `create_groups`.
        CreatePrivateGroups = 1, "create_private_groups", everybody;
        /// Start direct conversations.
        StartDirect = 2, "start_direct", everybody;
        /// Invite people to the server.
        InviteUsers = 3, "invite_users";
        /// See e-mail addresses, and create, edit and delete users who may not do more than oneself.
        ManageUsers = 4, "manage_users";
        /// See all groups, and manage them and their members. Reading and writing in a group takes a membership.
        ManageGroups = 5, "manage_groups";
        /// Define roles on the server, and give them to users and take them: none with more permissions than one's own.
        ManageRoles = 6, "manage_roles";
        /// Read the record of administrative actions.
        ViewAudit = 7, "view_audit";
        /// Change how the server works, and add data while the disk is nearly full.
        ManageServer = 8, "manage_server";
    }
}

impl ServerPermission {
    /// Whether every user has it, unless the server says otherwise.
    pub const fn is_everybodys(self) -> bool {
        self.row().everybody
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names and bits as they were reviewed, and whether every user has the permission by default.
    const REVIEWED: [(&str, u8, bool); 9] = [
        ("create_groups", 0, true),
        ("create_private_groups", 1, true),
        ("start_direct", 2, true),
        ("invite_users", 3, false),
        ("manage_users", 4, false),
        ("manage_groups", 5, false),
        ("manage_roles", 6, false),
        ("view_audit", 7, false),
        ("manage_server", 8, false),
    ];

    #[test]
    fn names_bits_and_defaults_are_those_that_were_reviewed() {
        assert_eq!(ServerPermission::ALL.len(), REVIEWED.len());
        for (permission, (name, bit, everybody)) in ServerPermission::ALL.iter().zip(REVIEWED) {
            assert_eq!((permission.as_str(), permission.bit()), (name, bit));
            assert_eq!(ServerPermission::from_name(name), Some(*permission));
            assert_eq!(permission.is_everybodys(), everybody, "{name}");
            assert!(permission.summary().ends_with('.'), "{name}");
        }
        assert_eq!(ServerPermission::from_name("fly"), None);
    }
}
