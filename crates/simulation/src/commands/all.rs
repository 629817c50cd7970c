//! The table of commands: all that users, the operator and the server do. A new use case joins by an entry.

use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    self, Actor, ApiKeys, DeviceName, ExportPart, FactorPolicy, KNOWN_DEVICE_RETENTION,
    KNOWN_NETWORK_RETENTION, LoginAttempt, MailOrder, PasskeyAttempt, PasswordHash, PendingAccount,
    ProfileChanges, RefreshTerms, ResetAccount, Scope, ServerRoleChanges, TokenGroups, TokenTerms,
    UserChanges, UserDraft, UserQuery, UsernameKey, operator,
};
use groupchat_domain::admissions::{
    self, Confirmation, InvitationDraft, InviteGroups, InviteLinkQuery, LinkDraft, ServerInviteDraft, SignUp,
    SignUpOpening,
};
use groupchat_domain::audit::{self, AuditQuery, DifferentSetting, KnownSetting};
use groupchat_domain::bots::{self, BotDraft, BotQuery};
use groupchat_domain::codes::SecretCodes;
use groupchat_domain::events::{self, Cursor, Retention};
use groupchat_domain::factors::{self, Proof, SecretsCondition};
use groupchat_domain::groups::{
    self, GroupChanges, GroupDraft, GroupQuery, MemberChanges, MemberQuery, RestrictionDraft,
    RetentionBounds, RetentionChange, RoleChanges, SettingsChanges,
};
use groupchat_domain::ids::{GroupId, Position, Seq};
use groupchat_domain::jobs;
use groupchat_domain::messages::{
    self, BatchItem, ChangeTerms, FilterStart, ForwardDraft, MessageDraft, MessageFilter, MessageText,
};
use groupchat_domain::network::Network;
use groupchat_domain::operations;
use groupchat_domain::paging::Limit;
use groupchat_domain::permissions::RoleName;
use groupchat_domain::polls;
use groupchat_domain::retention::{self, RetentionBy, RetentionTerms};
use groupchat_domain::saved;
use groupchat_domain::scheduled::{self, ScheduledChanges};
use groupchat_domain::secrets::SecretKeyId;
use groupchat_domain::storage::{Access, Asking, Caller, Mode, Tx, WritePurpose, Writing};
use groupchat_domain::sync;
use groupchat_domain::time::Timestamp;
use groupchat_domain::tokens::{self, TokenDraft};
use groupchat_testing::Dice;

use crate::commands::answer::{Answer, FollowedThreads};
use crate::commands::argument::*;
use crate::commands::known::Known;
use crate::commands::ports::{Ports, QUOTAS, client};
use crate::commands::table::commands;

/// What those may choose who don't manage the server.
const RETENTION_BOUNDS: RetentionBounds = RetentionBounds { least: 2, most: Some(400) };

/// Events older than this go.
const LOG_AGE: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// How many events a reader of the log looks back at most.
const LOOK_BACK: i64 = 40;

/// A position a little before the head of the log.
fn lately(tx: &mut dyn Tx, back: Seq) -> Result<Position, Error> {
    Ok(Position::new((tx.events().head()?.get() - back.get() % LOOK_BACK).max(0)))
}

/// A token for one group, or for all.
fn token_draft(
    name: DeviceName,
    scope: Scope,
    group: Option<GroupId>,
    expires_at: Option<Timestamp>,
) -> TokenDraft {
    let groups = group.and_then(|group| TokenGroups::parse(vec![group]).ok());
    TokenDraft { name, terms: TokenTerms { scope, groups }, expires_at }
}

/// Does what is due; whatever fails would fail all backends.
async fn run_due(ports: &Ports<'_>) -> Result<jobs::DueRun, Error> {
    let due = jobs::DuePorts { storage: ports.storage, live: ports.live, name_of: &|_| "refused" };
    jobs::run_due(&due, |_, _| {}).await
}

commands! {
    // Users, as admins, the operator and users themselves change them.

    /// The very first user.
    1 flow CreateFirstAdmin[accounts::create_first_admin]()
        |ports| accounts::create_first_admin(ports.storage, &ports.own, &ports.own);
    /// An admin creates a user, with whose key somebody can act at once.
    6 flow CreateUser[accounts::create](
        name: AUsername, display: Option<ADisplayName>, email: Option<AnEmail>, admin: AFlag,
        password: APassword, default: Option<AGroup>
    )
        |ports| accounts::create(ports.storage, &ports.own, &ports.own, ports.welcome(default), ports.who, UserDraft {
            username: name, display_name: display, email, is_admin: admin, password,
        });
    /// The operator creates a user.
    2 flow CreateUserByOperator[accounts::create_by_operator](
        name: AUsername, display: Option<ADisplayName>, email: Option<AnEmail>, admin: AFlag,
        password: APassword, default: Option<AGroup>
    )
        |ports| accounts::create_by_operator(ports.storage, &ports.own, ports.welcome(default), UserDraft {
            username: name, display_name: display, email, is_admin: admin, password,
        });
    /// An admin deletes a user.
    1 write DeleteUser[accounts::delete_user](user: AUser) |tx, actor| accounts::delete_user(tx, actor, user);
    /// A user leaves.
    1 flow DeleteSelf[accounts::delete_self](current: ATypedPassword, code: Option<ATypedCode>)
        |ports| accounts::delete_self(ports.factors(), ports.who, Proof { password: current, code });
    /// The operator deletes a user.
    1 flow DeleteUserByOperator[operator::delete](name: AUsername)
        |ports| operator::delete(ports.storage, name.key());
    /// A user changes their own profile.
    4 write EditSelf[accounts::edit_self](
        display: Option<Option<ADisplayName>>, email: Option<Option<AnEmail>>, presence: Option<APresence>,
        receipts: Option<AReceipt>
    )
        |tx, actor| accounts::edit_self(tx, actor, &ProfileChanges {
            display_name: display.clone(), email: email.clone(), presence, receipts,
        });
    /// An admin changes a user.
    4 flow EditUser[accounts::edit_user](
        user: AUser, name: Option<AUsername>, display: Option<Option<ADisplayName>>,
        email: Option<Option<AnEmail>>, admin: Option<AFlag>, password: Option<APassword>
    )
        |ports| accounts::edit_user(ports.storage, &ports.own, ports.who, user, UserChanges {
            username: name, display_name: display, email, is_admin: admin, password, suspended: None,
        });
    /// An admin suspends a user, or ends that.
    3 flow Suspend[accounts::edit_user](user: AUser, suspended: AFlag)
        |ports| accounts::edit_user(ports.storage, &ports.own, ports.who, user, UserChanges {
            suspended: Some(suspended), ..UserChanges::default()
        });
    /// The operator suspends somebody, or ends that.
    3 flow SuspendByOperator[operator::set_suspended](name: AUsername, suspended: AFlag)
        |ports| operator::set_suspended(ports.storage, name.key(), suspended);
    /// An admin gives a user a password that is to be changed.
    1 flow SetTemporaryPassword[accounts::set_temporary_password](user: AUser)
        |ports| accounts::set_temporary_password(ports.storage, &ports.own, &ports.own, ports.who, user);
    /// An admin removes the second factors of a user.
    1 write ResetFactors[accounts::reset_factors](user: AUser)
        |tx, actor| accounts::reset_factors(tx, actor, user);
    /// The operator removes the second factors of a user.
    1 flow ResetFactorsByOperator[operator::reset_factors](name: AUsername)
        |ports| operator::reset_factors(ports.storage, name.key());
    /// The operator makes somebody an admin, or ends that.
    1 flow SetAdmin[operator::set_admin](name: AUsername, admin: AFlag)
        |ports| operator::set_admin(ports.storage, name.key(), admin);
    /// The operator sets a password.
    1 flow SetPassword[operator::set_password](name: AUsername, password: APassword)
        |ports| operator::set_password(ports.storage, &ports.own, name.key(), password);
    /// A user changes their password.
    2 flow ChangePassword[accounts::change_password](
        current: ATypedPassword, new: APassword, device: Option<ADevice>
    )
        |ports| {
            let device = device.map(|token| ports.own.digest(token.reveal()));
            accounts::change_password(ports.storage, &ports.own, &ports.own, ports.who, current, new, device)
        };
    /// A user changes their own profile where the server sends mail.
    1 flow EditProfile[accounts::edit_profile](
        display: Option<Option<ADisplayName>>, email: Option<Option<AnEmail>>, current: Option<ATypedPassword>
    )
        |ports| accounts::edit_profile(ports.proof(), ports.orders(), ports.who, ProfileChanges {
            display_name: display, email, presence: None, receipts: None,
        }, current);
    /// Somebody asks for a mail.
    1 flow RequestReset[accounts::request_reset](name: ATypedName, network: ANetwork) |ports| {
        let account = ResetAccount::Username(UsernameKey::of(&name));
        std::future::ready(accounts::request_reset(ports.orders(), account, client(network)))
    };
    /// Somebody wants a code that resets a password, by the name of an account.
    1 flow AskForReset[accounts::write_mails](name: ATypedName, network: ANetwork)
        |ports| accounts::write_mails(ports.mails(), MailOrder::Reset {
            account: ResetAccount::Username(UsernameKey::of(&name)), client: client(network),
        });
    /// Somebody wants codes for all accounts with an address.
    1 flow AskForResets[accounts::write_mails](email: AnEmail, network: ANetwork)
        |ports| accounts::write_mails(ports.mails(), MailOrder::Reset {
            account: ResetAccount::Email(email), client: client(network),
        });
    /// Somebody resets a password by a code.
    2 flow ResetPassword[accounts::reset_password](code: AResetCode, new: APassword, network: ANetwork)
        |ports| accounts::reset_password(ports.resets(), &code, new, client(network));
    /// The server removes codes.
    1 system RemoveOldResets[accounts::remove_old_resets]() |tx| accounts::remove_old_resets(tx);
    /// One's own account.
    1 read FindSelf[accounts::find_self]() |tx, actor| accounts::find_self(tx, actor);
    /// A user.
    2 read FindUser[accounts::find_user](user: AUser) |tx, actor| accounts::find_user(tx, actor, user);
    /// Users.
    3 read ListUsers[accounts::list_users](search: Option<ASearch>, after: Option<APlace>, limit: ALimit)
        |tx, actor| accounts::list_users(tx, actor, &UserQuery {
            search: search.clone(), after: after.map(|place| place.of("user")), limit,
        });
    /// Users, for the operator.
    1 flow ListUsersByOperator[operator::list](search: Option<ASearch>, after: Option<APlace>, limit: ALimit)
        |ports| operator::list(ports.storage, UserQuery {
            search, after: after.map(|place| place.of("user")), limit,
        });

    // Roles on the server.

    /// The roles on the server.
    1 read ListServerRoles[accounts::list_server_roles]() |tx, actor| accounts::list_server_roles(tx, actor);
    /// A role is defined.
    3 write DefineServerRole[accounts::define_server_role](name: AServerRoleName, permissions: AServerSet)
        |tx, actor| accounts::define_server_role(tx, actor, &name, permissions);
    /// A role is changed.
    1 write EditServerRole[accounts::edit_server_role](
        role: AServerRole, name: Option<AServerRoleName>, permissions: Option<AServerSet>
    )
        |tx, actor| accounts::edit_server_role(tx, actor, role, &ServerRoleChanges {
            name: name.clone(), permissions,
        });
    /// A role is deleted.
    1 write DeleteServerRole[accounts::delete_server_role](role: AServerRole)
        |tx, actor| accounts::delete_server_role(tx, actor, role);
    /// A user is given a role.
    4 write GiveServerRole[accounts::give_server_role](user: AUser, role: AServerRole)
        |tx, actor| accounts::give_server_role(tx, actor, user, role);
    /// A role is taken from a user.
    2 write TakeServerRole[accounts::take_server_role](user: AUser, role: AServerRole)
        |tx, actor| accounts::take_server_role(tx, actor, user, role);
    /// The roles of a user.
    1 read ListRolesOfUser[accounts::list_roles_of_user](user: AUser)
        |tx, actor| accounts::list_roles_of_user(tx, actor, user);
    /// Why somebody may do something on the server, or may not.
    1 read ExplainOnServer[accounts::explain_on_server](user: AUser)
        |tx, actor| accounts::explain_on_server(tx, actor, user);

    /// A user blocks another.
    2 write Block[groups::block](user: AUser) |tx, actor| groups::block(tx, actor, user);
    /// A user ends a block.
    2 write Unblock[groups::unblock](user: AUser) |tx, actor| groups::unblock(tx, actor, user);
    /// Whom a user has blocked.
    1 read ListBlocks[groups::list_blocks](after: Option<AUser>, limit: ALimit)
        |tx, actor| groups::list_blocks(tx, actor, after, limit);

    // Sessions and tickets.

    /// Somebody signs in.
    8 flow Login[accounts::login](
        name: ATypedName, password: ATypedPassword, network: ANetwork, on: Option<ADevice>
    )
        |ports| accounts::login(ports.login(), LoginAttempt {
            username: name, password, refresh: false, device_name: None, device: on, client: client(network),
        });
    /// Somebody signs in on a device that refreshes its session.
    4 flow LoginOnDevice[accounts::login](
        name: ATypedName, password: ATypedPassword, network: ANetwork, device: Option<ADeviceName>,
        on: Option<ADevice>
    )
        |ports| accounts::login(ports.login(), LoginAttempt {
            username: name, password, refresh: true, device_name: device, device: on, client: client(network),
        });
    /// Somebody finishes a login with a second factor.
    20 flow LoginWithCode[accounts::login_with_code](ticket: ALoginTicket, code: ATypedCode, network: ANetwork)
        |ports| accounts::login_with_code(ports.second_factor(), ticket, code, None, client(network));
    /// Somebody begins to finish half a login with a passkey.
    2 flow BeginPasskeyFactor[accounts::begin_passkey_factor](ticket: ALoginTicket, network: ANetwork)
        |ports| accounts::begin_passkey_factor(ports.passkey_login(), ticket, client(network));
    /// Somebody finishes half a login with a passkey.
    6 flow LoginWithPasskeyFactor[accounts::login_with_passkey_factor](
        ticket: ALoginTicket, shown: AShownPasskey, network: ANetwork
    )
        |ports| accounts::login_with_passkey_factor(ports.passkey_login(), ticket, shown, None, client(network));
    /// Somebody begins to sign in with a passkey alone.
    1 flow BeginPasskeyLogin[accounts::begin_passkey_login](network: ANetwork)
        |ports| accounts::begin_passkey_login(ports.passkey_login(), client(network));
    /// Somebody signs in with a passkey alone.
    3 flow LoginWithPasskey[accounts::login_with_passkey](shown: AShownPasskey, refresh: AFlag, network: ANetwork)
        |ports| accounts::login_with_passkey(ports.passkey_login(), PasskeyAttempt {
            shown, refresh, device_name: None, device: None, client: client(network),
        });
    /// A user begins to register a passkey.
    1 flow BeginPasskey[factors::begin_passkey](password: ATypedPassword)
        |ports| factors::begin_passkey(ports.passkeys(), ports.who, password);
    /// A user registers a passkey.
    4 flow RegisterPasskey[factors::register_passkey](shown: AShownPasskey, name: APasskeyName)
        |ports| factors::register_passkey(ports.passkeys(), ports.who, shown, name);
    /// A user gives a passkey another name.
    2 write RenamePasskey[factors::rename_passkey](passkey: APasskey, name: APasskeyName)
        |tx, actor| {
            let renamed = factors::rename_passkey(tx, actor, passkey, &name)?;
            Ok::<_, Error>(renamed.name.as_str().to_owned())
        };
    /// A server that starts looks whether passkeys are bound to another host.
    1 system_read PasskeysElsewhere[factors::passkeys_elsewhere](ours: AFlag)
        |tx| factors::passkeys_elsewhere(tx, ours.then_some("https://chat.example.org"))
            .map(|host| format!("{host:?}"));
    /// A user removes a passkey.
    3 flow RemovePasskey[factors::remove_passkey](
        passkey: APasskey, password: ATypedPassword, code: Option<ATypedCode>
    )
        |ports| factors::remove_passkey(ports.factors(), ports.who, passkey, password, code);
    /// A user begins to set up one-time passwords.
    3 flow SetUpTotp[factors::set_up_totp](password: ATypedPassword)
        |ports| factors::set_up_totp(ports.factors(), ports.who, password, "groupchat");
    /// A user confirms one-time passwords.
    3 flow ConfirmTotp[factors::confirm_totp](code: APasscode)
        |ports| factors::confirm_totp(ports.factors(), ports.who, code);
    /// A user disables one-time passwords.
    6 flow DisableTotp[factors::disable_totp](password: ATypedPassword, code: ATypedCode)
        |ports| factors::disable_totp(ports.factors(), ports.who, password, code);
    /// A user gets new recovery codes.
    2 flow RenewRecoveryCodes[factors::renew_recovery_codes](password: ATypedPassword, code: ATypedCode)
        |ports| factors::renew_recovery_codes(ports.factors(), ports.who, password, code);
    /// A user lets all that is stored about them be exported.
    1 flow BeginExport[accounts::begin_export](current: ATypedPassword, code: Option<ATypedCode>) |ports| {
        let proof = Proof { password: current, code };
        async move { accounts::begin_export(ports.factors(), ports.who, proof).await.map(drop) }
    };
    /// What is exported: how many rows each part has.
    2 read ExportPages[accounts::export_page]() |tx, actor| count_exported(tx, actor);
    /// A user's second factors.
    1 read FindFactors[factors::find_factors]() |tx, actor| factors::find_factors(tx, actor, FactorPolicy::Admins);
    /// Which keys the server needs.
    1 system_read KeysInUse[factors::keys_in_use]() |tx| factors::keys_in_use(tx).map(|keys| format!("{keys:?}"));
    /// The operator encrypts secrets again.
    1 flow ResealSecrets[factors::reseal_secrets]() |ports| {
        let sealer = ports.own.clone();
        let access = Access { mode: Mode::Write, caller: Caller::System };
        let reseal = move |tx: &mut dyn Tx| factors::reseal_secrets(tx, &sealer, SecretKeyId::new(2), None);
        async move { ports.storage.run(access, reseal).await.map(|next| next.is_some()) }
    };
    /// The operator checks whether secrets can be read.
    1 flow CheckSecrets[factors::check_secrets]() |ports| {
        let sealer = ports.own.clone();
        let access = Access { mode: Mode::Read, caller: Caller::System };
        let check = move |tx: &mut dyn Tx| {
            let nothing = SecretsCondition::default();
            factors::check_secrets(tx, &sealer, None, nothing).map(|(found, _)| format!("{found:?}"))
        };
        ports.storage.run(access, check)
    };
    /// The server removes logins that lack a second factor.
    1 system RemoveExpiredHalfLogins[factors::remove_expired_half_logins]()
        |tx| factors::remove_expired_half_logins(tx);
    /// A device refreshes its session.
    8 flow Refresh[accounts::refresh](token: ARefreshToken, network: ANetwork)
        |ports| accounts::refresh(ports.refresh(), token, client(network));
    /// A device signs out whose key has expired.
    1 flow LogoutByRefresh[accounts::logout_by_refresh](token: ARefreshToken, network: ANetwork)
        |ports| accounts::logout_by_refresh(ports.refresh(), token, client(network));
    /// The server forgets what it would answer to tokens that were used.
    1 system RemoveOldSalts[accounts::remove_old_salts]()
        |tx| accounts::remove_old_salts(tx, RefreshTerms::default().grace);
    /// A user signs out.
    1 write Logout[accounts::logout]() |tx, actor| accounts::logout(tx, actor);
    /// A user ends a session.
    1 write EndSession[accounts::end_session](session: ASession) |tx, actor| accounts::end_session(tx, actor, session);
    /// A user ends all sessions but one.
    1 write EndOtherSessions[accounts::end_other_sessions]() |tx, actor| accounts::end_other_sessions(tx, actor);
    /// A user's sessions.
    2 read ListSessions[accounts::list_sessions](below: Option<ASession>, limit: ALimit)
        |tx, actor| accounts::list_sessions(tx, actor, below, limit);
    /// An admin lists the sessions of a user.
    1 read ListSessionsOf[accounts::list_sessions_of](user: AUser, below: Option<ASession>, limit: ALimit)
        |tx, actor| accounts::list_sessions_of(tx, actor, user, below, limit);
    /// An admin ends the sessions of a user.
    1 write EndSessionsOf[accounts::end_sessions_of](user: AUser)
        |tx, actor| accounts::end_sessions_of(tx, actor, user);
    /// An admin ends a session of a user.
    1 write EndSessionOf[accounts::end_session_of](user: AUser, session: ASession)
        |tx, actor| accounts::end_session_of(tx, actor, user, session);
    /// A user issues a token, whose key is the number of the command.
    4 flow CreateToken[tokens::create_token](
        name: ADeviceName, scope: AScope, group: Option<AGroup>, end: Option<AnEnd>
    )
        |ports| {
            let draft = token_draft(name, scope, group, end);
            let key = ports.own.issued();
            ports.storage.write_as(ports.who, move |tx, actor| tokens::create_token(tx, actor, &draft, key))
        };
    /// The operator issues a token of somebody.
    1 flow CreateTokenByOperator[tokens::create_token_by_operator](
        user: AUsername, name: ADeviceName, scope: AScope, end: Option<AnEnd>
    )
        |ports| {
            let draft = token_draft(name, scope, None, end);
            let issued = tokens::create_token_by_operator(ports.storage, &ports.own, user.key(), draft);
            async move { issued.await.map(|(token, _)| token) }
        };
    /// A user ends a token.
    2 write EndToken[tokens::end_token](token: ASession)
        |tx, actor| tokens::end_token(tx, actor, token.into());
    /// A user's tokens.
    1 read ListTokens[tokens::list_tokens](below: Option<ASession>, limit: ALimit)
        |tx, actor| tokens::list_tokens(tx, actor, below.map(Into::into), limit);
    /// A user makes a bot.
    3 write CreateBot[bots::create_bot](name: AUsername, display: Option<ADisplayName>)
        |tx, actor| {
            let draft = BotDraft { username: name.clone(), display_name: display.clone() };
            bots::create_bot(tx, actor, &draft)
        };
    /// A user's bots.
    1 read ListBots[bots::list_bots](owner: Option<AUser>, after: Option<ABot>, limit: ALimit)
        |tx, actor| bots::list_bots(tx, actor, BotQuery { owner, after, limit });
    /// A user issues a token of a bot, whose key is the number of the command.
    3 flow CreateBotToken[bots::create_bot_token](bot: ABot, name: ADeviceName, scope: AScope, end: Option<AnEnd>)
        |ports| {
            let draft = token_draft(name, scope, None, end);
            let key = ports.own.issued();
            let create = move |tx: &mut dyn Tx, actor: &Actor| bots::create_bot_token(tx, actor, bot, &draft, key);
            ports.storage.write_as(ports.who, create)
        };
    /// A user looks for the tokens of a bot.
    1 read ListBotTokens[bots::list_bot_tokens](bot: ABot, below: Option<ASession>, limit: ALimit)
        |tx, actor| bots::list_bot_tokens(tx, actor, bot, below.map(Into::into), limit);
    /// A user ends a token of a bot.
    4 write EndBotToken[bots::end_bot_token](bot: ABot, token: ASession)
        |tx, actor| bots::end_bot_token(tx, actor, bot, token.into());
    /// A bot gets another owner.
    2 write HandOverBot[bots::hand_over_bot](bot: ABot, to: AUser)
        |tx, actor| bots::hand_over_bot(tx, actor, bot, to);
    /// A bot is deleted.
    1 write DeleteBot[bots::delete_bot](bot: ABot) |tx, actor| bots::delete_bot(tx, actor, bot);
    /// The server removes what has expired.
    1 system RemoveExpiredSessions[accounts::remove_expired_sessions]() |tx| accounts::remove_expired_sessions(tx);
    /// The server removes bans that have ended.
    1 system RemoveEndedBans[groups::remove_ended_bans]() |tx| groups::remove_ended_bans(tx);
    /// Somebody looks into the audit log.
    2 read ListAudit[audit::list_audit](
        by: Option<AUser>, about: Option<AUser>, group: Option<AGroup>, action: Option<AnAction>, since: Option<AWhile>,
        until: Option<AWhile>, below: Option<ASeq>, limit: ALimit
    )
        |tx, actor| {
            let ago = |ago: Duration| tx.now().minus(ago);
            let (since, until, below) = (since.map(ago), until.map(ago), below.map(|seq| (tx.now(), seq.get())));
            let target = about;
            let query = AuditQuery { actor: by, target, group, action, since, until, below, limit };
            audit::list_audit(tx, actor, &query)
        };
    /// Somebody looks into what was done in a group.
    2 read ListGroupAudit[audit::list_group_audit](group: AGroup, by: Option<AUser>, limit: ALimit)
        |tx, actor| {
            let query = AuditQuery { actor: by, ..AuditQuery::newest(limit) };
            audit::list_group_audit(tx, actor, group, &query)
        };
    /// The server removes old entries of the audit log.
    1 system PruneAudit[audit::prune_audit]() |tx| audit::prune_audit(tx, LOG_AGE);
    /// A server that starts looks which settings the last one had.
    1 system_read KnownSettings[audit::known_settings]()
        |tx| audit::known_settings(tx).map(|settings| format!("{settings:?}"));
    /// A server notes a setting, which another one may have changed meanwhile.
    2 system NoteSettings[audit::note_settings](
        workers: AFlag, noted: ALimit, known: Option<ALimit>, changed: AFlag
    )
        |tx| {
            let name = if workers { "workers" } else { "listen" };
            let digest = |limit: Limit| format!("{limit:?}");
            let now = KnownSetting { name: name.to_owned(), digest: digest(noted) };
            audit::note_settings(tx, &[DifferentSetting { now, known: known.map(digest), is_changed: changed }])
        };
    /// A client asks for a ticket.
    3 flow IssueTicket[accounts::issue_ticket]() |ports| {
        let ticket = ports.own.issued();
        ports.storage.write_as(ports.who, move |tx, actor| accounts::issue_ticket(tx, actor, ticket))
    };
    /// A client shows a ticket.
    3 flow RedeemTicket[accounts::redeem_ticket](ticket: ATicket)
        |ports| accounts::redeem_ticket(ports.storage, ticket, Network::UNKNOWN);
    /// The server removes tickets.
    1 system RemoveExpiredTickets[accounts::remove_expired_tickets]() |tx| accounts::remove_expired_tickets(tx);
    /// The server forgets networks.
    1 system RemoveOldNetworks[accounts::remove_old_known_networks]()
        |tx| accounts::remove_old_known_networks(tx, KNOWN_NETWORK_RETENTION);
    /// The server forgets devices.
    1 system RemoveOldDevices[accounts::remove_old_known_devices]()
        |tx| accounts::remove_old_known_devices(tx, KNOWN_DEVICE_RETENTION);

    // Groups and members.

    /// A user creates a group.
    6 write CreateGroup[groups::create](
        name: AGroupName, description: Option<ADescription>, visibility: AVisibility, history: AHistory
    )
        |tx, actor| groups::create(tx, actor, &GroupDraft {
            name: name.clone(), description: description.clone(), visibility, history,
        }, &QUOTAS);
    /// The server starts, and asks whether new users can be put into a group.
    1 system_read UnusableDefaults[groups::unusable_defaults](group: AGroup) |tx| {
        let unusable = groups::unusable_defaults(tx, &[group], &QUOTAS)?;
        Ok::<_, Error>(unusable.into_iter().map(|(group, _)| group).collect::<Vec<_>>())
    };
    /// A user talks to others.
    5 write StartDirect[groups::start_direct](people: SomePeople)
        |tx, actor| groups::start_direct(tx, actor, &people, &QUOTAS);
    /// A group's admin changes it.
    3 write EditGroup[groups::edit](
        group: AGroup, name: Option<AGroupName>, description: Option<Option<ADescription>>,
        topic: Option<Option<ATopic>>, slow_mode: Option<ASlowMode>,
        visibility: Option<AVisibility>, history: Option<AHistory>, receipts: Option<Option<AFlag>>,
        retention: Option<Option<ARetentionOfGroup>>
    )
        |tx, actor| groups::edit(tx, actor, group, &GroupChanges {
            name: name.clone(), description: description.clone(), topic: topic.clone(), slow_mode,
            visibility, history, receipts,
            retention: retention.map(|to| RetentionChange { to, within: RETENTION_BOUNDS }),
        });
    /// A group's admin archives it.
    1 write ArchiveGroup[groups::archive](group: AGroup) |tx, actor| groups::archive(tx, actor, group);
    /// A group's admin restores it.
    4 write RestoreGroup[groups::restore](group: AGroup) |tx, actor| groups::restore(tx, actor, group);
    /// A group's owner deletes it.
    1 write DeleteGroup[groups::delete](group: AGroup) |tx, actor| groups::delete(tx, actor, group);
    /// A group.
    2 read FindGroup[groups::find](group: AGroup) |tx, actor| groups::find(tx, actor, group);
    /// Groups.
    3 read ListGroups[groups::list](
        kind: AKind, search: Option<ASearch>, all: AFlag, mine: AFlag, ownerless: AFlag,
        after: Option<APlace>, limit: ALimit
    )
        |tx, actor| groups::list(tx, actor, &GroupQuery {
            viewer: actor.id(), kind, search: search.clone(), all, mine, ownerless, only: None,
            after: after.map(|place| place.of("gruppe ")), limit,
        });
    /// A member adds somebody.
    6 write AddMember[groups::add_member](group: AGroup, candidate: ACandidate, role: ARole)
        |tx, actor| groups::add_member(tx, actor, group, &candidate, &role, &QUOTAS);
    /// A member adds several users at once.
    4 write AddMembers[groups::add_members](group: AGroup, batch: ABatch)
        |tx, actor| groups::add_members(tx, actor, group, &batch, &QUOTAS);
    /// An owner changes a member's role.
    3 write ChangeRole[groups::change_role](group: AGroup, user: AUser, role: Option<ARole>)
        |tx, actor| groups::change_role(tx, actor, group, user, role.as_ref(), &QUOTAS);
    /// A member changes their own settings.
    3 write ChangeSettings[groups::change_settings](
        group: AGroup, notify: Option<ANotify>, pinned: Option<AFlag>, hidden: Option<AFlag>
    )
        |tx, actor| groups::change_settings(tx, actor, group, SettingsChanges { notify, pinned, hidden });
    /// A member is changed, in whatever way.
    2 write EditMember[groups::edit_member](
        group: AGroup, user: AUser, role: Option<ARole>, notify: Option<ANotify>
    )
        |tx, actor| groups::edit_member(tx, actor, group, user, &MemberChanges {
            role: role.clone(), settings: SettingsChanges { notify, ..SettingsChanges::default() },
        }, &QUOTAS);
    /// The roles of a group.
    1 read ListRoles[groups::list_roles](group: AGroup) |tx, actor| groups::list_roles(tx, actor, group);
    /// A role is defined.
    3 write DefineRole[groups::define_role](group: AGroup, name: ARole, role: ADefinition)
        |tx, actor| groups::define_role(tx, actor, group, &name, role);
    /// A role is changed.
    2 write EditRole[groups::edit_role](group: AGroup, name: ARole, moves: AFlag, role: ADefinition)
        |tx, actor| groups::edit_role(tx, actor, group, &name, RoleChanges {
            rank: moves.then_some(role.rank), permissions: Some(role.permissions),
        });
    /// A role is deleted.
    6 write DeleteRole[groups::delete_role](group: AGroup, name: ARole)
        |tx, actor| groups::delete_role(tx, actor, group, &name);
    /// Why somebody may do something, or may not.
    1 read Explain[groups::explain](group: AGroup, user: AUser)
        |tx, actor| groups::explain(tx, actor, group, user);
    /// A member leaves.
    2 write LeaveGroup[groups::remove_member](group: AGroup)
        |tx, actor| groups::remove_member(tx, actor, group, actor.id());
    /// A member is removed.
    2 write RemoveMember[groups::remove_member](group: AGroup, user: AUser)
        |tx, actor| groups::remove_member(tx, actor, group, user);
    /// Somebody is banned, perhaps for a while.
    2 write Ban[groups::ban](group: AGroup, user: AUser, reason: Option<AReason>, lasts: Option<AWhile>)
        |tx, actor| {
            let until = lasts.map(|lasts| tx.now().plus(lasts));
            groups::ban(tx, actor, group, user, &RestrictionDraft { reason: reason.clone(), until })
        };
    /// A ban is lifted.
    2 write Unban[groups::unban](group: AGroup, user: AUser)
        |tx, actor| groups::unban(tx, actor, group, user);
    /// A member is muted, perhaps for a while.
    5 write Mute[groups::mute](group: AGroup, user: AUser, reason: Option<AReason>, lasts: Option<AWhile>)
        |tx, actor| {
            let until = lasts.map(|lasts| tx.now().plus(lasts));
            groups::mute(tx, actor, group, user, &RestrictionDraft { reason: reason.clone(), until })
        };
    /// A mute is ended.
    2 write Unmute[groups::unmute](group: AGroup, user: AUser)
        |tx, actor| groups::unmute(tx, actor, group, user);
    /// Those who are banned.
    1 read ListBans[groups::list_bans](
        group: AGroup, search: Option<ASearch>, after: Option<APlace>, limit: ALimit
    )
        |tx, actor| groups::list_bans(tx, actor, &MemberQuery {
            group, search: search.clone(), after: after.map(|place| place.of("user")), limit,
        });
    /// Members.
    3 read ListMembers[groups::list_members](
        group: AGroup, search: Option<ASearch>, after: Option<APlace>, limit: ALimit
    )
        |tx, actor| groups::list_members(tx, actor, &MemberQuery {
            group, search: search.clone(), after: after.map(|place| place.of("user")), limit,
        });

    // Joining.

    /// A user joins a group, or asks for it.
    10 write JoinGroup[admissions::join](group: AGroup, message: Option<ANote>)
        |tx, actor| admissions::join(tx, actor, group, message.as_ref(), &QUOTAS);
    /// A group's admin lets in who has asked.
    12 write ApproveRequest[admissions::approve_request](group: AGroup, user: AUser)
        |tx, actor| admissions::approve_request(tx, actor, group, user, &QUOTAS);
    /// A group's admin refuses who has asked.
    8 write RefuseRequest[admissions::end_request](group: AGroup, user: AUser)
        |tx, actor| admissions::end_request(tx, actor, group, user);
    /// A user withdraws a request.
    6 write WithdrawRequest[admissions::end_request](group: AGroup)
        |tx, actor| admissions::end_request(tx, actor, group, actor.id());
    /// Those who have asked to join.
    2 read ListRequests[admissions::list_requests](
        group: AGroup, search: Option<ASearch>, after: Option<APlace>, limit: ALimit
    )
        |tx, actor| admissions::list_requests(tx, actor, &MemberQuery {
            group, search: search.clone(), after: after.map(|place| place.of("user")), limit,
        });

    // Invitations.

    /// A group's admin invites somebody.
    8 write Invite[admissions::invite](
        group: AGroup, candidate: ACandidate, role: Option<ARole>, note: Option<ANote>, end: Option<AnEnd>
    )
        |tx, actor| admissions::invite(tx, actor, group, &InvitationDraft {
            candidate: candidate.clone(), role: role.clone().unwrap_or(RoleName::MEMBER), note: note.clone(),
            expires_at: end,
        });
    /// A group's admin takes an invitation back.
    1 write WithdrawInvitation[admissions::withdraw](group: AGroup, invitation: AnInvitation)
        |tx, actor| admissions::withdraw(tx, actor, group, invitation);
    /// Invitations to a group.
    1 read ListInvitations[admissions::list_invitations](
        group: AGroup, below: Option<AnInvitation>, limit: ALimit
    )
        |tx, actor| admissions::list_invitations(tx, actor, group, below, limit);
    /// Whoever is invited looks at it.
    2 read ListOwnInvitations[admissions::list_own_invitations](below: Option<AnInvitation>, limit: ALimit)
        |tx, actor| admissions::list_own_invitations(tx, actor, below, limit);
    /// Somebody accepts an invitation.
    10 write AcceptInvitation[admissions::accept](invitation: AnInvitation)
        |tx, actor| admissions::accept(tx, actor, invitation, &QUOTAS);
    /// Somebody declines an invitation.
    3 write DeclineInvitation[admissions::decline](invitation: AnInvitation)
        |tx, actor| admissions::decline(tx, actor, invitation);

    // Invite links.

    /// A group's admin makes a link, whose code is the number of the command.
    6 flow CreateLink[admissions::create_link](
        group: AGroup, role: Option<ARole>, uses: Option<SomeUses>, note: Option<ANote>
    )
        |ports| {
            let draft = LinkDraft {
                role: role.unwrap_or(RoleName::MEMBER), max_uses: uses, expires_at: None, note,
            };
            let code = ports.own.digest_code(&ports.own.issue_code());
            ports.storage.write_as(ports.who, move |tx, actor| {
                admissions::create_link(tx, actor, group, &draft, code)
            })
        };
    /// Links to a group.
    1 read ListLinks[admissions::list_links](group: AGroup, below: Option<AnInviteLink>, limit: ALimit)
        |tx, actor| admissions::list_links(tx, actor, &InviteLinkQuery { group, below, limit });
    /// A group's admin revokes a link.
    1 write RevokeLink[admissions::revoke_link](group: AGroup, link: AnInviteLink)
        |tx, actor| admissions::revoke_link(tx, actor, group, link);
    /// Somebody looks where a link leads.
    2 flow LookUpLink[admissions::look_up_link](code: ACode)
        |ports| admissions::look_up_link(ports.links(), ports.who, &code);
    /// Somebody comes in by a link.
    8 flow AcceptLink[admissions::accept_link](code: ACode)
        |ports| admissions::accept_link(ports.links(), ports.who, &code, QUOTAS);

    // Invites to the server.

    /// Somebody makes an invite, whose code is the number of the command.
    4 flow CreateServerInvite[admissions::create_server_invite](
        first: Option<AGroup>, second: Option<AGroup>, uses: Option<SomeUses>, note: Option<ANote>
    )
        |ports| {
            let groups = InviteGroups::parse(first.into_iter().chain(second).collect());
            let draft = ServerInviteDraft {
                max_uses: uses, expires_at: None, groups: groups.unwrap_or_default(), note,
            };
            let code = ports.own.digest_code(&ports.own.issue_code());
            ports.storage.write_as(ports.who, move |tx, actor| {
                admissions::create_server_invite(tx, actor, &draft, code)
            })
        };
    /// Invites.
    1 read ListServerInvites[admissions::list_server_invites](below: Option<AServerInvite>, limit: ALimit)
        |tx, actor| admissions::list_server_invites(tx, actor, below, limit);
    /// Somebody revokes an invite.
    1 write RevokeServerInvite[admissions::revoke_server_invite](invite: AServerInvite)
        |tx, actor| admissions::revoke_server_invite(tx, actor, invite);
    /// Somebody signs up by an invite.
    6 flow SignUpInvited[admissions::sign_up](
        code: AnInviteCode, name: AUsername, display: Option<ADisplayName>, password: APassword,
        default: Option<AGroup>, network: ANetwork
    )
        |ports| admissions::sign_up(ports.sign_up(default, SignUpOpening::Closed), SignUp {
            draft: UserDraft { username: name, display_name: display, email: None, is_admin: false, password },
            invite: Some(code), refresh: false, device_name: None, client: client(network),
        });
    /// Somebody signs up without an invite.
    2 flow SignUp[admissions::sign_up](
        name: AUsername, email: Option<AnEmail>, password: APassword, opening: AnOpening, refresh: AFlag,
        network: ANetwork
    )
        |ports| admissions::sign_up(ports.sign_up(None, opening), SignUp {
            draft: UserDraft { username: name, display_name: None, email, is_admin: false, password },
            invite: None, refresh, device_name: None, client: client(network),
        });
    /// Somebody gets a code that confirms the address.
    3 flow SendConfirmation[accounts::write_mails](
        name: AUsername, display: Option<ADisplayName>, email: AnEmail, network: ANetwork
    )
        |ports| accounts::write_mails(ports.mails(), MailOrder::ConfirmAccount {
            account: Box::new(PendingAccount {
                username: name, display_name: display, email, password: PasswordHash::from_stored("hash".to_owned()),
            }),
            client: client(network),
        });
    /// Somebody confirms an address.
    4 flow ConfirmSignUp[admissions::confirm_sign_up](
        code: AConfirmation, name: Option<AUsername>, default: Option<AGroup>, opening: AnOpening, refresh: AFlag,
        network: ANetwork
    )
        |ports| admissions::confirm_sign_up(ports.sign_up(default, opening), Confirmation {
            code, username: name, refresh, device_name: None, client: client(network),
        });
    /// The server removes accounts that nobody confirmed.
    1 system RemoveOldPendingAccounts[accounts::remove_old_pending_accounts]()
        |tx| accounts::remove_old_pending_accounts(tx);

    // Messages.

    /// A member sends a message.
    40 write Send[messages::send](group: AGroup, text: AText, client_id: Option<AClientId>)
        |tx, actor| messages::send(tx, actor, &MessageDraft {
            group, text: text.clone(), client_id: client_id.clone(), thread: None,
            reply_to: None, poll: None,
        });
    /// Somebody sends a message, perhaps with a token for some groups.
    12 flow SendInGroups[messages::send](group: AGroup, text: AText, client_id: Option<AClientId>)
        |ports| {
            let draft = MessageDraft { group, text, client_id, thread: None, reply_to: None, poll: None };
            let writing = Writing::new(ports.who, WritePurpose::Grow).in_groups();
            ports.storage.write_as(writing, move |tx, actor| messages::send(tx, actor, &draft))
        };
    /// Somebody looks at groups, perhaps with a token for some.
    6 flow ListInGroups[groups::list](search: Option<ASearch>, limit: ALimit)
        |ports| {
            let asking = Asking::from(ports.who).in_groups();
            ports.storage.read_as(asking, move |tx, actor| {
                let query = GroupQuery { search: search.clone(), ..GroupQuery::of(actor.id(), limit) };
                groups::list(tx, actor, &query)
            })
        };
    /// A member sends two messages at once.
    6 write SendBatch[messages::send_batch](group: AGroup, first: AText, second: AText, client_id: Option<AClientId>)
        |tx, actor| messages::send_batch(tx, actor, group, &[
            BatchItem { text: first.clone(), client_id: client_id.clone(), author: None, created_at: None },
            BatchItem { text: second.clone(), client_id: None, author: None, created_at: None },
        ], &[]);
    /// A server admin imports what somebody else has written, and adds something.
    6 write Import[messages::send_batch](
        group: AGroup, author: AUser, text: AText, second: AText, client_id: Option<AClientId>, ago: AWhile
    )
        |tx, actor| {
            let created_at = Some(tx.now().minus(ago));
            messages::send_batch(tx, actor, group, &[
                BatchItem { text: text.clone(), client_id: client_id.clone(), author: Some(author), created_at },
                BatchItem { text: second.clone(), client_id: None, author: None, created_at: None },
            ], &[])
        };
    /// A member sends a message to all who are online, of whom there are two.
    4 write SendHere[messages::send_with_online](group: AGroup, one: AUser, other: AUser) |tx, actor| {
        let text = MessageText::parse("@here, please").unwrap_or_else(|_| unreachable!("a short text"));
        let draft = MessageDraft { group, text, client_id: None, thread: None, reply_to: None, poll: None };
        messages::send_with_online(tx, actor, &draft, &[one, other])
    };
    /// A member replies.
    30 write Reply[messages::send](root: ARoot, text: AText, client_id: Option<AClientId>)
        |tx, actor| messages::send(tx, actor, &MessageDraft {
            group: root.0, text: text.clone(), client_id: client_id.clone(), thread: Some(root.1),
            reply_to: None, poll: None,
        });
    /// A member quotes a message, perhaps in a thread.
    12 write Quote[messages::send](
        quoted: AMessage, root: Option<ARoot>, text: AText, client_id: Option<AClientId>
    )
        |tx, actor| messages::send(tx, actor, &MessageDraft {
            group: quoted.0, text: text.clone(), client_id: client_id.clone(), thread: root.map(|root| root.1),
            reply_to: Some(quoted.1), poll: None,
        });
    /// A member forwards a message.
    10 write Forward[messages::forward](message: AMessage, to: AGroup, client_id: Option<AClientId>)
        |tx, actor| messages::forward(tx, actor, &ForwardDraft {
            from: message.0, message: message.1, to, client_id: client_id.clone(),
        });
    /// A member follows a thread.
    4 write Follow[messages::follow](root: ARoot) |tx, actor| messages::follow(tx, actor, root.0, root.1);
    /// A member follows a thread no longer.
    3 write Unfollow[messages::unfollow](root: ARoot) |tx, actor| messages::unfollow(tx, actor, root.0, root.1);
    /// A member reads on in a thread.
    4 flow MarkThreadRead[messages::mark_thread_read_and_publish](root: ARoot, mark: AMark)
        |ports| messages::mark_thread_read_and_publish(ports.storage, ports.live, ports.who, root, mark);
    /// The same, and nobody is told.
    1 write MarkThreadReadQuietly[messages::mark_thread_read](root: ARoot, mark: AMark)
        |tx, actor| messages::mark_thread_read(tx, actor, root.0, root.1, mark);
    /// Replies.
    4 read ListReplies[messages::list_replies](root: ARoot, window: AWindow, limit: ALimit)
        |tx, actor| messages::list_replies(tx, actor, root.0, root.1, window, limit);
    /// The threads that a user follows.
    4 read ListThreads[messages::list_threads](unread: AFlag, before: Option<AMessage>, limit: ALimit) |tx, actor| {
        let before = before.map(|(_, reply)| reply);
        messages::list_threads(tx, actor, unread, before, limit).map(FollowedThreads)
    };
    /// A user types something for a group.
    4 write PutDraft[saved::put_draft](group: AGroup, text: ADraft)
        |tx, actor| saved::put_draft(tx, actor, (group, None), &text, None);
    /// A user types something for a thread, as one of two devices.
    6 write PutThreadDraft[saved::put_draft](root: ARoot, text: ADraft, seen: Option<AVersion>) |tx, actor| {
        let (group, root) = root;
        saved::put_draft(tx, actor, (group, Some(root)), &text, seen)
    };
    /// A user goes on with what they have typed, unless another device has done so.
    3 write GoOnWithDraft[saved::find_draft, saved::put_draft](group: AGroup, text: ADraft) |tx, actor| {
        let before = saved::find_draft(tx, actor, (group, None))?;
        saved::put_draft(tx, actor, (group, None), &text, Some(before.version))
    };
    /// What a user has typed for a thread.
    2 read FindThreadDraft[saved::find_draft](root: ARoot) |tx, actor| {
        let (group, root) = root;
        saved::find_draft(tx, actor, (group, Some(root)))
    };
    /// A user drops a draft.
    2 write RemoveDraft[saved::remove_draft](group: AGroup, seen: Option<AVersion>)
        |tx, actor| saved::remove_draft(tx, actor, (group, None), seen);
    /// A user is to be reminded of a message.
    6 write PutReminder[saved::put_reminder](message: AMessage, wait: AWhile) |tx, actor| {
        let at = tx.now().plus(wait);
        saved::put_reminder(tx, actor, message.1, at)
    };
    /// A user removes a reminder.
    2 write RemoveReminder[saved::remove_reminder](message: AMessage)
        |tx, actor| saved::remove_reminder(tx, actor, message.1);
    /// A user's reminders.
    3 read ListReminders[saved::list_reminders](limit: ALimit)
        |tx, actor| saved::list_reminders(tx, actor, None, limit);
    /// A user schedules a message.
    10 write Schedule[scheduled::schedule](group: AGroup, text: AText, client_id: Option<AClientId>, wait: AWhile)
        |tx, actor| {
            let draft = MessageDraft {
                group, text: text.clone(), client_id: client_id.clone(), thread: None, reply_to: None,
                poll: None,
            };
            let send_at = tx.now().plus(wait);
            scheduled::schedule(tx, actor, &draft, send_at)
        };
    /// A user schedules a reply, perhaps with a token for some groups.
    6 flow ScheduleReply[scheduled::schedule](root: ARoot, text: AText, wait: AWhile) |ports| {
        let (group, root) = root;
        let draft = MessageDraft { group, text, client_id: None, thread: Some(root), reply_to: Some(root), poll: None };
        let writing = Writing::new(ports.who, WritePurpose::Grow).in_groups();
        ports.storage.write_as(writing, move |tx, actor| {
            let send_at = tx.now().plus(wait);
            scheduled::schedule(tx, actor, &draft, send_at)
        })
    };
    /// A user changes a scheduled message.
    5 write EditScheduled[scheduled::edit_scheduled](
        group: AGroup, id: AScheduled, text: Option<AText>, wait: Option<AWhile>
    )
        |tx, actor| {
            let send_at = wait.map(|wait| tx.now().plus(wait));
            let changes = ScheduledChanges { text: text.clone(), send_at };
            scheduled::edit_scheduled(tx, actor, (group, id), &changes)
        };
    /// A user drops a scheduled message.
    3 write DropScheduled[scheduled::drop_scheduled](group: AGroup, id: AScheduled)
        |tx, actor| scheduled::drop_scheduled(tx, actor, (group, id));
    /// A user's scheduled messages.
    3 read ListScheduled[scheduled::list_scheduled](group: AGroup, before: Option<AScheduled>, limit: ALimit)
        |tx, actor| scheduled::list_scheduled(tx, actor, group, before, limit);
    /// The server does what is due.
    12 flow RunDue[jobs::run_due]() |ports| run_due(ports);
    /// A user bookmarks a message.
    8 write PutBookmark[saved::put_bookmark](message: AMessage, note: Option<ABookmarkNote>)
        |tx, actor| saved::put_bookmark(tx, actor, message.1, note.as_ref());
    /// A user removes a bookmark.
    2 write RemoveBookmark[saved::remove_bookmark](message: AMessage)
        |tx, actor| saved::remove_bookmark(tx, actor, message.1);
    /// A user's bookmarks.
    4 read ListBookmarks[saved::list_bookmarks](before: Option<ABookmarkPlace>, limit: ALimit)
        |tx, actor| saved::list_bookmarks(tx, actor, before, limit);
    /// The messages that mention a user.
    6 read ListMentions[messages::list_mentions](unread: AFlag, before: Option<AMessage>, limit: ALimit) |tx, actor| {
        let before = before.map(|(_, message)| message);
        messages::list_mentions(tx, actor, unread, before, limit)
    };
    /// An author edits a message.
    5 write EditMessage[messages::edit](message: AMessage, text: Option<AText>)
        |tx, actor| messages::edit(tx, actor, message.0, message.1, text.as_ref(), ChangeTerms::default());
    /// The same, if the message has this version, and while authors may.
    4 write EditOnTerms[messages::edit](
        message: AMessage, text: AText, if_version: Option<AVersion>, within: Option<AWhile>
    )
        |tx, actor| messages::edit(tx, actor, message.0, message.1, Some(&text), ChangeTerms { if_version, within });
    /// Somebody deletes a message.
    3 write DeleteMessage[messages::delete](message: AMessage)
        |tx, actor| messages::delete(tx, actor, message.0, message.1, ChangeTerms::default());
    /// The same, if the message has this version, and while authors may.
    1 write DeleteOnTerms[messages::delete](
        message: AMessage, if_version: Option<AVersion>, within: Option<AWhile>
    )
        |tx, actor| messages::delete(tx, actor, message.0, message.1, ChangeTerms { if_version, within });
    /// What a message said before.
    3 read ListHistory[messages::list_history](message: AMessage, before: Option<AVersion>, limit: ALimit)
        |tx, actor| messages::list_history(tx, actor, message.0, message.1, before, limit);
    /// A member likes a message.
    6 write Like[messages::like](message: AMessage) |tx, actor| messages::like(tx, actor, message.0, message.1);
    /// A member takes a like back.
    3 write Unlike[messages::unlike](message: AMessage) |tx, actor| messages::unlike(tx, actor, message.0, message.1);
    /// A member reacts to a message.
    8 write React[messages::react](message: AMessage, emoji: AnEmoji)
        |tx, actor| messages::react(tx, actor, message.0, message.1, emoji);
    /// A member takes a reaction back.
    3 write Unreact[messages::unreact](message: AMessage, emoji: AnEmoji)
        |tx, actor| messages::unreact(tx, actor, message.0, message.1, emoji);
    /// Who has given a reaction.
    2 read ListReactors[messages::list_reactors](message: AMessage, emoji: AnEmoji, after: Option<AUser>, limit: ALimit)
        |tx, actor| messages::list_reactors(tx, actor, (message.0, message.1, emoji), after, limit);
    /// A member asks something, perhaps in a thread.
    12 write SendPoll[messages::send](
        group: AGroup, root: Option<ARoot>, text: AText, poll: APoll, ends: Option<AWhile>, client_id: Option<AClientId>
    )
        |tx, actor| {
            let mut poll = poll.clone();
            poll.closes_at = ends.map(|ends| tx.now().plus(ends));
            messages::send(tx, actor, &MessageDraft {
                group: root.map_or(group, |root| root.0), text: text.clone(), client_id: client_id.clone(),
                thread: root.map(|root| root.1), reply_to: None,
                poll: Some(poll),
            })
        };
    /// A member votes.
    24 write Vote[polls::vote](poll: APollMessage, choices: SomeChoices)
        |tx, actor| polls::vote(tx, actor, poll.0, poll.1, choices);
    /// A member takes a vote back.
    4 write Unvote[polls::unvote](poll: APollMessage) |tx, actor| polls::unvote(tx, actor, poll.0, poll.1);
    /// Somebody closes a poll.
    2 write ClosePoll[polls::close](poll: APollMessage) |tx, actor| polls::close(tx, actor, poll.0, poll.1);
    /// A member adds an option.
    6 write AddOption[polls::add_option](poll: APollMessage, text: AnOptionText)
        |tx, actor| polls::add_option(tx, actor, poll.0, poll.1, &text);
    /// Who votes for an option.
    4 read ListVoters[polls::list_voters](poll: APollMessage, option: AnOption, after: Option<AUser>, limit: ALimit)
        |tx, actor| polls::list_voters(tx, actor, (poll.0, poll.1, option), after, limit);
    /// The server does what is due with polls.
    8 flow SettlePolls[polls::settle_all, polls::settle_due]() |ports| {
        async move { polls::settle_all(ports.storage).await.map(|_| ()) }
    };
    /// The operator encrypts the keys of anonymous polls again.
    1 flow ResealPollKeys[polls::reseal_poll_keys]() |ports| {
        let sealer = ports.own.clone();
        let access = Access { mode: Mode::Write, caller: Caller::System };
        let reseal = move |tx: &mut dyn Tx| polls::reseal_poll_keys(tx, &sealer, SecretKeyId::new(2), None);
        async move { ports.storage.run(access, reseal).await.map(|next| next.is_some()) }
    };
    /// The operator checks whether the keys of anonymous polls can be read.
    1 flow CheckPollKeys[polls::check_poll_keys]() |ports| {
        let sealer = ports.own.clone();
        let access = Access { mode: Mode::Read, caller: Caller::System };
        let check = move |tx: &mut dyn Tx| {
            let nothing = SecretsCondition::default();
            polls::check_poll_keys(tx, &sealer, None, nothing).map(|(found, _)| format!("{found:?}"))
        };
        ports.storage.run(access, check)
    };
    /// An admin pins a message.
    4 write Pin[messages::pin](message: AMessage) |tx, actor| messages::pin(tx, actor, message.0, message.1);
    /// An admin unpins a message.
    2 write Unpin[messages::unpin](message: AMessage) |tx, actor| messages::unpin(tx, actor, message.0, message.1);
    /// A member reads on, or marks messages as unread.
    4 flow MarkRead[messages::mark_read_and_publish](group: AGroup, mark: AMark)
        |ports| messages::mark_read_and_publish(ports.storage, ports.live, ports.who, group, mark);
    /// The same, and nobody is told.
    1 write MarkReadQuietly[messages::mark_read](group: AGroup, mark: AMark)
        |tx, actor| messages::mark_read(tx, actor, group, mark);
    /// A user marks everything as read.
    2 flow ReadAll[messages::read_all_and_publish, messages::read_groups, messages::read_threads,
        messages::read_mentioned_threads, messages::read_threads_of_all]()
        |ports| messages::read_all_and_publish(ports.storage, ports.live, ports.who);
    /// Who has read a message.
    3 read ListReaders[messages::list_readers](group: AGroup, seq: Option<ASeq>, after: Option<AUser>, limit: ALimit)
        |tx, actor| messages::list_readers(tx, actor, group, seq, after, limit);
    /// A message.
    2 read FindMessage[messages::find](message: AMessage) |tx, actor| messages::find(tx, actor, message.0, message.1);
    /// A message, whatever its group.
    2 read FindAnywhere[messages::find_anywhere](message: AMessage)
        |tx, actor| messages::find_anywhere(tx, actor, message.1);
    /// Messages of an author, or of a span of time.
    5 read ListFiltered[messages::list_filtered](
        group: AGroup, author: Option<AUser>, since: Option<AWhile>, until: Option<AWhile>, window: AWindow, limit: ALimit
    )
        |tx, actor| {
            let ago = |ago: Duration| tx.now().minus(ago);
            let filter = MessageFilter { author, since: since.map(ago), until: until.map(ago) };
            messages::list_filtered(tx, actor, (group, None), &filter, FilterStart::At(window), limit)
        };
    /// Messages.
    5 read ListMessages[messages::list](group: AGroup, window: AWindow, limit: ALimit)
        |tx, actor| messages::list(tx, actor, group, window, limit);
    /// Pins.
    2 read ListPins[messages::list_pins](group: AGroup, before: Option<APin>, limit: ALimit)
        |tx, actor| messages::list_pins(tx, actor, group, before, limit);

    // The log, jobs, and what the operator watches.

    /// A client comes back.
    3 read Replay[events::replay](back: ASeq) |tx, actor| {
        let after = lately(tx, back)?;
        events::replay(tx, actor, after)
    };
    /// A client starts.
    3 read Sync[sync::take]() |tx, actor| sync::take(tx, actor, None);
    /// A client that has been here before starts.
    5 read SyncSince[sync::take](back: ASeq) |tx, actor| {
        let position = lately(tx, back)?;
        let cursor = Cursor { position, ..tx.events().state()?.now() };
        sync::take(tx, actor, Some(&cursor))
    };
    /// What a user has read meanwhile.
    2 read ReadSince[events::read_since](back: ASeq) |tx, actor| {
        let after = lately(tx, back)?;
        events::read_since(tx, actor, after)
    };
    /// A server reads the log.
    1 system_read LoadAfter[events::load_after, events::load](back: ASeq) |tx| {
        let after = lately(tx, back)?;
        Ok::<_, Error>(events::load_after(tx, after, LOOK_BACK)?)
    };
    /// Where the log is.
    1 system_read LogState[events::log_state]() |tx| events::log_state(tx);
    /// The server removes old events.
    1 system Prune[events::prune](rows: ARetention) |tx| events::prune(tx, Retention { age: LOG_AGE, rows });
    /// The server does what is due.
    8 flow RunJobs[jobs::run_due_jobs]() |ports| jobs::run_due_jobs(ports.storage, |_, _| {});
    /// The server removes old messages.
    2 flow RunRetention[retention::run_retention, retention::trim](age: Option<AnAge>, keeps_pinned: AFlag) |ports| {
        let terms = RetentionTerms { age, keeps_pinned };
        retention::run_retention(ports.storage, move || terms, RetentionBy::Server, |_| true, || async {})
    };
    /// The operator asks which messages are old.
    2 flow PreviewRetention[retention::preview_retention](age: Option<AnAge>, keeps_pinned: AFlag)
        |ports| retention::preview_retention(ports.storage, RetentionTerms { age, keeps_pinned });
    /// The server looks for how long nothing has happened.
    1 system_read AheadOfNewest[operations::ahead_of_newest_event]()
        |tx| operations::ahead_of_newest_event(tx).map(|ahead| ahead.is_zero());
    /// The operator asks whether the clock is right.
    1 system_read DoubtClock[operations::doubt_clock]()
        |tx| operations::doubt_clock(tx, Timestamp::from_micros(0));
    /// A monitor asks whether the storage works.
    1 flow Probe[operations::probe]() |ports| operations::probe(ports.storage);
    /// A user logs out in a hurry, whatever else is written.
    1 flow LogoutSecurely[accounts::logout]() |ports| {
        let securing = Writing::new(ports.who, WritePurpose::Secure);
        ports.storage.write_as(securing, |tx, actor| accounts::logout(tx, actor))
    };
}

/// How many rows each part of an export has, whatever its pages are.
fn count_exported(tx: &mut dyn Tx, actor: &Actor) -> Result<String, Error> {
    let mut counted = String::new();
    for part in ExportPart::ALL {
        let (mut rows, mut after) = (0, None);
        loop {
            let page = accounts::export_page(tx, actor, *part, after)?;
            rows += page.rows.len();
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        counted.push_str(&format!("{} {rows}, ", part.name()));
    }
    Ok(counted)
}
