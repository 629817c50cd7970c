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
            /// Whom users have blocked.
            blocks: accounts::BlockRepository, MockBlockRepository;
            /// Tickets, which stand for sessions for a moment.
            tickets: accounts::TicketRepository, MockTicketRepository;
            /// Second factors.
            factors: factors::FactorRepository, MockFactorRepository;
            /// Logins that lack a second factor.
            half_logins: factors::HalfLoginRepository, MockHalfLoginRepository;
            /// Groups.
            groups: groups::GroupRepository, MockGroupRepository;
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
            /// Requests to join groups.
            join_requests: admissions::JoinRequestRepository, MockJoinRequestRepository;
            /// Who is muted in which group.
            mutes: groups::MuteRepository, MockMuteRepository;
            /// Messages and reactions.
            messages: messages::MessageRepository, MockMessageRepository;
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
            /// The audit log, without what this command records.
            audit: audit::AuditRepository, MockAuditRepository;
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
