//! The parts of an export. A feature that stores something about users joins it with an entry here: the compiler then asks for
//! the rows, and a test compares the columns of all tables that refer to users with those that are named here.

macro_rules! parts {
    ($($(#[doc = $doc:literal])+ $part:ident = $name:literal of [$($column:literal),*],)+) => {
        /// A part of what is stored about a user.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ExportPart {
            $($(#[doc = $doc])+ $part,)+
        }

        impl ExportPart {
            /// All of them, in the order in which they are exported.
            pub const ALL: &[Self] = &[$(Self::$part),+];

            /// What it is called.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$part => $name,)+
                }
            }

            /// What it consists of.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$part => concat!($($doc),+),)+
                }
            }

            /// The columns by which its rows refer to the user.
            pub const fn columns(self) -> &'static [&'static str] {
                match self {
                    $(Self::$part => &[$($column),*],)+
                }
            }
        }
    };
}

parts! {
    /// The account itself.
    Profile = "profile" of [],
    /// Roles on the server.
    ServerRoles = "server_roles" of ["user_roles.user_id"],
    /// Sessions and tokens, without their keys.
    Sessions = "sessions" of ["sessions.user_id"],
    /// Devices on which the user has signed in.
    Devices = "devices" of ["known_devices.user_id"],
    /// Networks from which the user has signed in.
    Networks = "networks" of ["known_networks.user_id"],
    /// Second factors, without their secrets.
    Factors = "second_factors" of ["totp.user_id", "passkeys.user_id", "recovery_codes.user_id"],
    /// Codes that were mailed to reset the password, without the codes.
    Resets = "password_resets" of ["password_resets.user_id"],
    /// Bots that the user owns.
    Bots = "bots" of ["users.owner_id"],
    /// Whom the user has blocked.
    Blocks = "blocks" of ["blocks.user_id"],
    /// Groups that the user is in, and how far they were read.
    Memberships = "memberships" of ["memberships.user_id"],
    /// Groups that the user is banned from.
    Bans = "bans" of ["group_bans.user_id"],
    /// Groups in which the user is muted.
    Mutes = "mutes" of ["group_mutes.user_id"],
    /// Invitations to the user.
    InvitationsReceived = "invitations_received" of ["invitations.user_id"],
    /// Invitations that the user has sent.
    InvitationsSent = "invitations_sent" of ["invitations.invited_by"],
    /// Invite links that the user has made, without their codes.
    InviteLinks = "invite_links" of ["invite_links.created_by"],
    /// Invites to the server that the user has made, without their codes.
    ServerInvites = "server_invites" of ["server_invites.created_by"],
    /// Groups that the user has asked to join.
    JoinRequests = "join_requests" of ["join_requests.user_id"],
    /// Messages that the user has written, also in groups that they have left.
    Messages = "messages" of ["messages.author_id"],
    /// What these messages said before they were edited.
    EarlierTexts = "earlier_texts" of [],
    /// Reactions that the user has given.
    Reactions = "reactions" of ["reactions.user_id"],
    /// Votes of the user in polls that are not anonymous.
    Votes = "votes" of ["poll_ballots.user_id"],
    /// Messages that mention the user.
    Mentions = "mentions" of ["mentions.user_id"],
    /// Threads that the user follows.
    FollowedThreads = "followed_threads" of ["thread_members.user_id"],
    /// What the user has typed and not sent.
    Drafts = "drafts" of ["drafts.user_id"],
    /// Messages that the user has bookmarked, with notes.
    Bookmarks = "bookmarks" of ["bookmarks.user_id"],
    /// What the user is to be reminded of.
    Reminders = "reminders" of ["reminders.user_id"],
    /// Messages that the user has scheduled.
    Scheduled = "scheduled_messages" of ["scheduled_messages.user_id"],
    /// What the user has done, as the audit log has it.
    Audit = "audit" of [],
}

/// The columns that refer to users and are in no part, each with the reason.
pub const NOT_EXPORTED: &[(&str, &str)] = &[
    ("author_runs.author_id", "repeats numbers of the user's messages"),
    ("blocks.blocked_id", "nobody is told who has blocked them"),
    ("group_bans.banned_by", "about the one who is banned; that the user did it is in the audit log"),
    ("group_mentions.author_id", "repeats the author of a message"),
    ("half_logins.user_id", "nothing but the secret of a login that is not finished"),
    ("mentions.author_id", "repeats the author of a message"),
    ("messages.pinned_by", "about the message, which may be that of somebody else"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_part_has_a_name_and_every_column_is_in_one_place() {
        let names: BTreeSet<_> = ExportPart::ALL.iter().map(|part| part.name()).collect();
        assert_eq!(names.len(), ExportPart::ALL.len());
        assert!(ExportPart::ALL.iter().all(|part| part.meaning().ends_with('.')));
        let exported = ExportPart::ALL.iter().flat_map(|part| part.columns().iter().copied());
        let all: Vec<_> = exported.chain(NOT_EXPORTED.iter().map(|(column, _)| *column)).collect();
        assert_eq!(BTreeSet::from_iter(&all).len(), all.len());
    }
}
