//! Users, sessions, and roles on the server.

mod block;
mod confirmation;
mod create;
mod credentials;
mod delete;
mod edit;
mod error;
mod export;
mod factor_policy;
mod factor_reset;
mod family;
mod find;
mod known_devices;
mod known_networks;
mod leave;
mod login;
mod mail_order;
mod mails;
mod model;
mod new_password;
mod new_session;
pub mod operator;
mod origin;
mod own_password;
mod owned_bots;
mod passkey_login;
mod password;
mod pending_account;
mod permit;
mod ports;
mod profile;
mod proof;
mod refresh;
mod refresh_token;
mod repository;
mod reset;
mod reset_repository;
mod rights;
mod scope;
mod second_factor;
mod server_roles;
mod session;
mod sessions;
mod suspension;
mod temporary_password;
mod ticket;
mod welcome;

pub use block::{Block, MAX_BLOCKS};
pub(crate) use confirmation::valid_span as valid_confirmations;
pub use confirmation::{
    CONFIRMATION_LIFETIME, MAX_CONFIRMATIONS, MAX_PENDING_ACCOUNTS, remove_old_pending_accounts,
};
pub use create::{CreatedUser, UserDraft, create, create_by_operator, create_first_admin};
pub(crate) use create::{store as store_user, store_new as store_new_user};
pub(crate) use credentials::{
    CredentialChange, authorize as authorize_change, authorize_own_bots, authorize_own_tokens,
    require as require_change,
};
pub(crate) use delete::delete_locked;
pub use delete::delete_user;
pub use edit::{ProfileChanges, UserChanges, edit_self, edit_user};
pub(crate) use edit::{record_edit, save_locked};
pub use error::AccountRefusal;
#[cfg(test)]
pub(crate) use export::MockExportRepository;
pub use export::{
    ExportPage, ExportPart, ExportPosition, ExportRepository, ExportRow, ExportValue, NOT_EXPORTED,
    begin_export, export_page,
};
pub use factor_policy::{FactorPolicy, FactorStanding};
pub use factor_reset::reset_factors;
pub use family::{Family, KeySpans, LONGEST_KEY, LastRefresh, RefreshTerms, Rotation};
pub(crate) use find::find_refs;
pub use find::{find_self, find_user, list_users};
pub use known_devices::{KNOWN_DEVICE_RETENTION, MAX_KNOWN_DEVICES, remove_old_known_devices};
pub use known_networks::{KNOWN_NETWORK_RETENTION, MAX_KNOWN_NETWORKS, remove_old_known_networks};
pub use leave::delete_self;
pub use login::{HalfWay, LoginAttempt, LoginPorts, SignedIn, login};
#[cfg(test)]
pub(crate) use mail_order::MockMailQueue;
pub use mail_order::{MailOrder, MailQueue, NoMail, ResetAccount};
pub use mails::{MailPorts, write_mails};
pub use model::{
    DisplayName, Email, HashCost, NewBot, NewUser, Password, PasswordHash, PresenceSetting, ReceiptSetting,
    User, UserKind, UserRef, Username, UsernameKey,
};
pub(crate) use new_session::{Begun, SessionDraft, SessionSecrets, begin_session};
pub use new_session::{LoggedIn, Refreshable};
pub use origin::{Origin, UserAgent};
pub use own_password::OwnPasswordPorts;
pub(crate) use own_password::{owner_for_factors, owner_with_password};
pub use owned_bots::MAX_BOTS;
pub use passkey_login::{
    PasskeyAttempt, PasskeyLoginPorts, begin_passkey_factor, begin_passkey_login, login_with_passkey,
    login_with_passkey_factor,
};
pub use password::change_password;
#[cfg(test)]
pub(crate) use pending_account::MockPendingAccountRepository;
pub use pending_account::{NewPendingAccount, PendingAccount, PendingAccountRepository};
pub use permit::Reach;
pub(crate) use permit::{permit, reject_tokens};
pub use ports::{
    ApiKeys, AttemptPool, FailedLogin, HashCaller, IssuedKey, LoginJournal, LoginRateLimiter, NextPair,
    PasswordAttempt, PasswordCheck, PasswordHasher, Verification,
};
#[cfg(test)]
pub(crate) use ports::{MockApiKeys, MockLoginJournal, MockLoginRateLimiter, MockPasswordHasher};
pub use profile::edit_profile;
pub use refresh::{RefreshPorts, logout_by_refresh, refresh, remove_old_salts};
pub use refresh_token::{IssuedRefresh, RefreshToken, SELECTOR_BYTES, Salt, VERIFIER_BYTES};
pub use repository::{
    AccountRepository, BlockQuery, BlockRepository, KnownDeviceRepository, KnownNetworkRepository,
    LockStrength, NewTicket, SessionQuery, SessionRepository, TicketRepository, UserQuery,
};
#[cfg(test)]
pub(crate) use repository::{
    MockAccountRepository, MockBlockRepository, MockKnownDeviceRepository, MockKnownNetworkRepository,
    MockSessionRepository, MockTicketRepository,
};
pub use reset::{
    MAX_RESET_ACCOUNTS, MAX_RESETS, RESET_LIFETIME, RESET_WINDOW, ResetPorts, remove_old_resets,
    request_reset, reset_password,
};
#[cfg(test)]
pub(crate) use reset_repository::MockPasswordResetRepository;
pub use reset_repository::{NewReset, PasswordResetRepository, PendingReset};
pub(crate) use rights::{
    check, check_over, current_rights, lock_in_order, may, require_on_server, rights_held, rights_of,
};
pub use scope::{Scope, TokenGroups, TokenTerms};
pub use second_factor::{SecondFactorPorts, login_with_code};
pub use server_roles::{
    ServerRoleChanges, define_server_role, delete_server_role, edit_server_role, explain_on_server,
    give_server_role, list_roles_of_user, list_server_roles, take_server_role,
};
pub use session::{
    Actor, ClientInfo, DeviceName, KeyHash, LOGIN_LIFETIME, NewRefresh, NewSession, PROVISIONED_LIFETIME,
    RefreshHashes, SESSIONS_PER_USER, Secret, Session, SessionKind,
};
pub use sessions::{
    end_other_sessions, end_session, end_session_of, end_sessions_of, list_sessions, list_sessions_of,
    logout, remove_expired_sessions,
};
pub use temporary_password::set_temporary_password;
pub use ticket::{MAX_TICKETS, TICKET_LIFETIME, issue_ticket, redeem_ticket, remove_expired_tickets};
#[cfg(test)]
pub(crate) use welcome::MockWelcome;
pub use welcome::{NoWelcome, Welcome};
