//! The one list of repositories, and how each is declared.

/// Hands every repository to a macro: its accessor on [`Tx`](crate::storage::Tx) with its documentation, the feature
/// that it belongs to, its port and the mock of that. The accessors of every transaction, the mocks and the failing
/// repositories of the unit tests follow from this list.
#[macro_export]
macro_rules! for_each_repository {
    ($then:ident) => {
        $then! {
            /// Users and their credentials.
            accounts: accounts::AccountRepository, MockAccountRepository;
            /// Sessions, which is what API keys stand for.
            sessions: accounts::SessionRepository, MockSessionRepository;
            /// Where users signed in recently.
            known_networks: accounts::KnownNetworkRepository, MockKnownNetworkRepository;
            /// On which devices users signed in recently.
            known_devices: accounts::KnownDeviceRepository, MockKnownDeviceRepository;
            /// Codes that reset passwords.
            password_resets: accounts::PasswordResetRepository, MockPasswordResetRepository;
            /// Accounts that wait until somebody has shown that the address is theirs.
            pending_accounts: accounts::PendingAccountRepository, MockPendingAccountRepository;
            /// Whom users have blocked.
            blocks: accounts::BlockRepository, MockBlockRepository;
            /// Tickets, which stand for sessions for a moment.
            tickets: accounts::TicketRepository, MockTicketRepository;
            /// Tokens, which are sessions of programs.
            tokens: tokens::TokenRepository, MockTokenRepository;
            /// Second factors.
            factors: factors::FactorRepository, MockFactorRepository;
            /// Passkeys.
            passkeys: factors::PasskeyRepository, MockPasskeyRepository;
            /// Logins that lack a second factor.
            half_logins: factors::HalfLoginRepository, MockHalfLoginRepository;
            /// Everything about one user.
            exports: accounts::ExportRepository, MockExportRepository;
            /// Groups.
            groups: groups::GroupRepository, MockGroupRepository;
            /// Groups as lists of groups show them.
            overviews: sync::OverviewRepository, MockOverviewRepository;
            /// What groups store about roles.
            roles: permissions::RoleRepository, MockRoleRepository;
            /// Roles on the server, and who has them.
            server_roles: permissions::ServerRoleRepository, MockServerRoleRepository;
            /// Who is in which group.
            members: groups::MemberRepository, MockMemberRepository;
            /// Who is banned from which group.
            bans: groups::BanRepository, MockBanRepository;
            /// Invitations to groups.
            invitations: admissions::InvitationRepository, MockInvitationRepository;
            /// Invite links to groups.
            invite_links: admissions::InviteLinkRepository, MockInviteLinkRepository;
            /// Invites to the server.
            server_invites: admissions::ServerInviteRepository, MockServerInviteRepository;
            /// Requests to join groups.
            join_requests: admissions::JoinRequestRepository, MockJoinRequestRepository;
            /// Who is muted in which group.
            mutes: groups::MuteRepository, MockMuteRepository;
            /// Messages and reactions.
            messages: messages::MessageRepository, MockMessageRepository;
            /// Removing messages for their age.
            retention: retention::RetentionRepository, MockRetentionRepository;
            /// What messages said before they were edited.
            edits: messages::EditRepository, MockEditRepository;
            /// How far members have read their groups.
            read_cursors: messages::ReadCursorRepository, MockReadCursorRepository;
            /// Threads, and who follows them.
            threads: messages::ThreadRepository, MockThreadRepository;
            /// Which messages quote which.
            quotes: messages::QuoteRepository, MockQuoteRepository;
            /// Whom messages mention.
            mentions: messages::MentionRepository, MockMentionRepository;
            /// Drafts.
            drafts: saved::DraftRepository, MockDraftRepository;
            /// Bookmarks.
            bookmarks: saved::BookmarkRepository, MockBookmarkRepository;
            /// Reminders.
            reminders: saved::ReminderRepository, MockReminderRepository;
            /// Messages that are sent later.
            scheduled: scheduled::ScheduledRepository, MockScheduledRepository;
            /// Polls, and the ballots in them.
            polls: polls::PollRepository, MockPollRepository;
            /// The audit log, without what this command records.
            audit: audit::AuditRepository, MockAuditRepository;
            /// Which settings the server had.
            settings: audit::SettingRepository, MockSettingRepository;
            /// Work that goes on after the command, also after a restart.
            jobs: jobs::JobRepository, MockJobRepository;
            /// The log, without what this command emits.
            events: events::EventRepository, MockEventRepository;
        }
    };
}

/// Declares the port of a repository. Beside the mock that `automock` makes, unit tests get a version of it of which
/// every call fails.
macro_rules! repository {
    ($(#[$($attribute:tt)+])* pub trait $port:ident { $($methods:tt)+ }) => {
        $(#[$($attribute)+])*
        #[cfg_attr(test, allow(dead_code, unreachable_pub, reason = "a mock has more than its tests use"))]
        pub trait $port {
            $($methods)+
        }

        #[cfg(test)]
        $crate::storage::repositories::always_fails! { $port $($methods)+ }
    };
}

/// Implements a port so that every call fails.
#[cfg(test)]
macro_rules! always_fails {
    ($port:ident $(
        $(#[$($attribute:tt)+])*
        fn $method:ident(&mut self $(, $argument:ident: $type:ty)* $(,)?) -> $result:ty;
    )+) => {
        impl $port for $crate::testing::FailingRepository {
            $(fn $method(&mut self $(, _: $type)*) -> $result {
                Err($crate::testing::fault())
            })+
        }
    };
}

#[cfg(test)]
pub(crate) use always_fails;
pub(crate) use repository;
