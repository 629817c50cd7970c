//! The operations that the OpenAPI document lists, and a good call of each.

use std::time::Duration;

use actix_web::http::Method;
use groupchat_api::FEATURES;
use groupchat_domain::accounts::{
    ApiKeys, ClientInfo, DeviceName, NewBot, NewRefresh, NewReset, NewSession, RESET_LIFETIME, Scope,
    SessionKind, TokenGroups, TokenTerms, User, Username,
};
use groupchat_domain::admissions::JoinRequest;
use groupchat_domain::codes::SecretCodes;
use groupchat_domain::factors::{FactorCodes, HALF_LOGIN_LIFETIME, NewHalfLogin, RecoveryCode, UsedSteps};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::{Tx, Unique};
use groupchat_domain::tokens::NO_END;
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_infra::factors::codes::RandomFactorCodes;
use serde_json::{Value, json};

use crate::harness::{Client, PASSWORD, Server, id_in};

/// An operation of the document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// Its method.
    pub method: Method,
    /// Its path, with names in braces.
    pub template: String,
    /// What the document says of it.
    pub description: Value,
}

impl Operation {
    /// Method and path, as the matrix writes them.
    pub(crate) fn row(&self) -> String {
        format!("{:<6} {}", self.method.as_str(), self.template)
    }

    /// Its id, without what tells two methods apart that do the same.
    pub(crate) fn id(&self) -> &str {
        let id = self.description["operationId"].as_str().expect("an operation has an id");
        id.strip_suffix("ByPut").or_else(|| id.strip_suffix("ByPost")).unwrap_or(id)
    }

    /// The tag of its feature.
    pub(crate) fn tag(&self) -> &str {
        self.description["tags"][0].as_str().expect("an operation has a tag")
    }

    /// Where its feature says what it rejects.
    pub(crate) fn file(&self) -> &'static str {
        FEATURES
            .iter()
            .find(|feature| feature.tag == self.tag())
            .map_or("crates/api/src/routes.rs", |feature| feature.file)
    }

    /// Whether the operation needs a key.
    pub(crate) fn needs_key(&self) -> bool {
        self.description["security"].as_array().is_some_and(|schemes| !schemes.is_empty())
    }

    /// Whether it takes a second factor, which of the callers of a scene only `readonly` has.
    pub(crate) fn needs_factor(&self) -> bool {
        matches!(self.id(), "disableTotp" | "renewRecoveryCodes")
    }

    /// Whether the operation takes a body.
    pub(crate) fn takes_body(&self) -> bool {
        self.description["requestBody"].is_object()
    }

    /// Whether it returns a list in pages.
    pub(crate) fn is_list(&self) -> bool {
        let parameters = self.description["parameters"].as_array();
        let takes = |name| parameters.into_iter().flatten().any(|parameter| parameter["name"] == name);
        self.method == Method::GET && takes("cursor") && takes("limit")
    }

    /// The names in the path.
    pub(crate) fn parameters(&self) -> Vec<&str> {
        self.template.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
    }
}

/// Every operation of the server's document.
pub(crate) async fn operations(server: &Server) -> Vec<Operation> {
    let document = server.nobody().get("/api/openapi.json").await.ok();
    let mut operations = Vec::new();
    for (template, methods) in document["paths"].as_object().expect("the document has paths") {
        for (method, description) in methods.as_object().expect("a path has operations") {
            let method = method.to_uppercase().parse().expect("a method");
            operations.push(Operation {
                method,
                template: template.clone(),
                description: description.clone(),
            });
        }
    }
    assert!(operations.len() > 30, "the document lists {} operations", operations.len());
    operations
}

/// What members with the role `Teacher` may do, which the scene's group has defined.
const TEACHERS: [&str; 10] = [
    "view",
    "read_history",
    "send",
    "react",
    "edit_own",
    "delete_own",
    "pin",
    "delete_any",
    "remove_members",
    "mute_members",
];

/// What calls are about: a public group with an owner, an admin, a member and another member, the peer, who has
/// sent a message and replied to it, one in the role `readonly` and one in a role of the group's own; a user, one who is invited, one who
/// is banned, and a server admin, who are not in it; and three users
/// whom nobody knows yet.
pub(crate) struct Scene {
    /// The group's path.
    pub group: String,
    /// The path of the peer's message.
    pub message: String,
    /// The path of the invitation of the caller `invited`.
    pub invitation: String,
    /// The callers with their names in the matrix.
    pub callers: Vec<(&'static str, Client)>,
    peer: i64,
    peer_name: String,
    newcomer: i64,
    /// A role on the server: one that is not there, unless the scene defines one.
    role: i64,
    /// The code of an invite link to the group, and its id.
    pub code: String,
    link: i64,
    /// An invite to the server.
    invite: i64,
    /// Its code.
    invite_code: String,
    /// Who is invited next, and asks to join.
    guest: i64,
    /// Who asks to join, and is approved next.
    asker: i64,
    /// A refresh token of the peer.
    refresh_token: String,
    /// A code that resets the password of the first newcomer.
    reset_code: String,
    /// The ticket of a login of the peer that lacks a second factor.
    login_ticket: String,
    /// A token of the peer.
    token: i64,
    /// A bot of the owner.
    bot: i64,
    /// A token of the bot.
    bot_token: i64,
    /// Another group of the owner, which a token is for.
    pub den: String,
    /// An hour after the beginning of the scene.
    soon: String,
    /// A message that the owner has scheduled then.
    scheduled: i64,
    /// The one-time password of the peer at the beginning of the scene.
    passcode: String,
}

/// The caller with a token of the owner for another group than that of the scene.
pub(crate) const TOKEN_ELSEWHERE: &str = "token elsewhere";

/// A recovery code that every caller has.
const RECOVERY_CODE: &str = "0000-0000-0000-0000";

/// What a browser returns, without anything that counts: the server has no public address.
fn credential() -> Value {
    json!({"id": "AQID", "rawId": "AQID", "type": "public-key", "response": {}})
}

/// The secret of everybody's one-time passwords.
const TOTP_SECRET: [u8; 20] = *b"12345678901234567890";

/// Gives users one-time passwords, which only one of them has confirmed, and a recovery code. Returns the ticket of half a
/// login of the peer, and a one-time password of now.
async fn equip(server: &Server, users: &[i64], peer: i64, confirmed: i64) -> (String, String) {
    let sealed: Vec<_> =
        users.iter().map(|user| (UserId::new(*user), server.sealed(*user, TOTP_SECRET))).collect();
    let (ticket, peer, confirmed) =
        (RandomKeys.issue_login_ticket(), UserId::new(peer), UserId::new(confirmed));
    let code = RecoveryCode::parse(RECOVERY_CODE).expect("a code");
    let (code, hash) = (RandomFactorCodes.digest_recovery_code(&code), ticket.hash);
    let equip = move |tx: &mut dyn Tx| {
        let now = tx.now();
        for (user, sealed) in &sealed {
            tx.factors().begin_totp(*user, sealed, now).expect("the storage works");
            tx.factors().replace_recovery_codes(*user, &[code]).expect("the storage works");
            if *user == confirmed {
                let none = UsedSteps::default();
                tx.factors().update_totp(*user, Some(now), &none).expect("the storage works");
            }
        }
        let proven = tx.accounts().password(peer).expect("the storage works").expect("a password");
        let expires_at = now.plus(HALF_LOGIN_LIFETIME);
        let half =
            NewHalfLogin { ticket: hash, user: peer, proven, refresh: false, device_name: None, expires_at };
        tx.half_logins().insert(&half).expect("the storage works");
        now
    };
    let now = server.run(equip).await;
    let totp = totp_rs::Builder::new().with_secret(TOTP_SECRET.to_vec()).build_noncompliant();
    let seconds = u64::try_from(now.as_micros() / 1_000_000).expect("a time of today");
    (ticket.secret.reveal().to_owned(), totp.generate(seconds).to_string())
}

/// Gives a user a session with a refresh token, which is returned.
async fn refreshing(server: &Server, user: i64) -> String {
    let (key, refresh) = (RandomKeys.issue().hash, RandomKeys.issue_refresh());
    let hashes = refresh.hashes;
    let begin = move |tx: &mut dyn Tx| {
        let (created_at, hour) = (tx.now(), Duration::from_secs(3600));
        let session = NewSession {
            user: UserId::new(user),
            kind: SessionKind::Login,
            key,
            created_at,
            expires_at: created_at.plus(2 * hour),
            client: ClientInfo::default(),
            name: None,
            refresh: Some(NewRefresh {
                hashes,
                key_expires_at: created_at.plus(hour),
                ends_at: created_at.plus(3 * hour),
            }),
        };
        tx.sessions().insert(&session).expect("the storage works");
    };
    server.run(begin).await;
    refresh.secret.reveal().to_owned()
}

/// Issues a token of a user, for these groups or for all, past all rules. Returns its id and its key.
pub(crate) async fn issue_token(
    server: &Server,
    user: i64,
    scope: Scope,
    group: Option<i64>,
) -> (i64, String) {
    let (key, user) = (RandomKeys.issue_token(), UserId::new(user));
    let (groups, hash) = (group.map(|group| vec![GroupId::new(group)]), key.hash);
    let groups = groups.map(|groups| TokenGroups::parse(groups).expect("a group"));
    let issue = move |tx: &mut dyn Tx| {
        let token = NewSession {
            user,
            kind: SessionKind::Token(TokenTerms { scope, groups: groups.clone() }),
            key: hash,
            created_at: tx.now(),
            expires_at: NO_END,
            client: ClientInfo::default(),
            name: DeviceName::parse("Deploys").ok(),
            refresh: None,
        };
        tx.sessions().insert(&token).expect("the storage works").get()
    };
    (server.run(issue).await, key.secret.reveal().to_owned())
}

/// Stores a bot of a user, past all rules; its id.
async fn own_bot(server: &Server, owner: i64, name: &str) -> i64 {
    let (username, owner) = (Username::parse(name).expect("a username"), UserId::new(owner));
    let create = move |tx: &mut dyn Tx| {
        let bot = NewBot { username: username.clone(), display_name: None, owner, created_at: tx.now() };
        match tx.accounts().insert_bot(&bot).expect("the storage works") {
            Unique::Stored(id) => id.get(),
            Unique::Taken => panic!("there is a user {username:?} already"),
        }
    };
    server.run(create).await
}

/// Has a user with a session change the password first, and suspends another, past all rules.
async fn hold_up(server: &Server, must_change: i64, suspended: i64) {
    let change = move |tx: &mut dyn Tx| {
        let must_change = UserId::new(must_change);
        let hash = tx.accounts().password(must_change).expect("the storage works").expect("there is one");
        tx.accounts().set_temporary_password(must_change, &hash).expect("the storage works");
        let user = tx.accounts().find(UserId::new(suspended)).expect("the storage works");
        let user = User { suspended: true, ..user.expect("the user is there") };
        tx.accounts().update(&user).expect("the storage works");
    };
    server.run(change).await;
}

/// Issues a code that resets the password of a user, which is returned.
async fn resetting(server: &Server, user: i64) -> String {
    let code = RandomKeys.issue_code();
    let (user, hash) = (UserId::new(user), RandomKeys.digest_code(&code));
    let issue = move |tx: &mut dyn Tx| {
        let password = tx.accounts().password(user).expect("the storage works").expect("a password");
        // The user has no address.
        let state = RandomKeys.digest(&format!("{}\n", password.as_str()));
        let (created_at, expires_at) = (tx.now(), tx.now().plus(RESET_LIFETIME));
        let reset = NewReset { user, code: hash, state, created_at, expires_at };
        tx.password_resets().insert(&reset).expect("the storage works");
    };
    server.run(issue).await;
    code.reveal()
}

/// Users ask to join the group, as if that had been closed.
async fn ask(server: &Server, group: &str, users: &[i64]) {
    let (group, users) = (GroupId::new(id_in(group)), users.to_vec());
    let ask = move |tx: &mut dyn Tx| {
        for user in &users {
            let user = tx.accounts().find(UserId::new(*user)).expect("the storage works");
            let user = user.expect("the user is there").as_ref();
            let request = JoinRequest { user, message: None, created_at: tx.now() };
            tx.join_requests().insert(group, &request).expect("the storage works");
        }
    };
    server.run(ask).await;
}

impl Scene {
    /// Sets a fresh scene. `number` tells it from others on the same server.
    pub(crate) async fn set(server: &Server, number: usize) -> Self {
        let roles = [
            "user",
            "invited",
            "member",
            "group admin",
            "owner",
            "peer",
            "server admin",
            "newcomer",
            "guest",
            "asker",
            "banned",
            "readonly",
            "teacher",
            "must change",
            "suspended",
        ];
        let named =
            roles.map(|role| (format!("{}-{number}", role.replace(' ', "-")), role == "server admin"));
        let users = server.users(&named).await;
        let [
            user,
            invited,
            member,
            admin,
            owner,
            peer,
            root,
            newcomer,
            guest,
            asker,
            banned,
            readonly,
            teacher,
            must_change,
            suspended,
        ] = users.try_into().ok().expect("fifteen users");
        let group = owner.new_group(&format!("Group {number}")).await;
        owner.add(&group, &admin, "admin").await;
        owner.add(&group, &member, "member").await;
        owner.add(&group, &peer, "member").await;
        owner.add(&group, &readonly, "readonly").await;
        owner
            .post(&format!("{group}/roles"), json!({"name": "Teacher", "rank": 30, "permissions": TEACHERS}))
            .await
            .created();
        owner.add(&group, &teacher, "Teacher").await;
        for signed_in in [&must_change, &suspended] {
            owner.add(&group, signed_in, "member").await;
        }
        hold_up(server, must_change.id(), suspended.id()).await;
        let draft = json!({"user_id": invited.id()});
        let invitation = owner.post(&format!("{group}/invitations"), draft).await.created();
        let invitation = format!("{group}/invitations/{}", invitation["id"]);
        let message = peer.ask_at(&group, "hi").await;
        peer.reply_to(&message, "hi myself").await;
        owner.put(&format!("{group}/bans/{}", banned.id()), json!({})).await.ok();
        let role = json!({"name": "Guest", "rank": 7, "permissions": ["view"]});
        owner.post(&format!("{group}/roles"), role).await.created();
        let (peer_id, newcomer, guest, asker) = (peer.id(), newcomer.id(), guest.id(), asker.id());
        ask(server, &group, &[guest, asker]).await;
        let link = owner.post(&format!("{group}/invite-links"), json!({})).await.created();
        let invite = root.post("/api/invites", json!({})).await.created();
        let peer_name = format!("peer-{number}");
        let refresh_token = refreshing(server, peer_id).await;
        let equipped = [&user, &invited, &member, &admin, &owner, &peer, &root, &banned, &readonly, &teacher];
        let equipped: Vec<_> = equipped.iter().map(|client| client.id()).collect();
        let (login_ticket, passcode) = equip(server, &equipped, peer_id, readonly.id()).await;
        let (token, _) = issue_token(server, peer_id, Scope::Write, None).await;
        let (of_member, of_root) = (member.id(), root.id());
        let mut tokens = Vec::new();
        for (caller, user, scope) in [
            ("read token", of_member, Scope::Read),
            ("write token", of_member, Scope::Write),
            ("write token of admin", of_root, Scope::Write),
            ("admin token", of_root, Scope::Admin),
        ] {
            let (_, key) = issue_token(server, user, scope, None).await;
            tokens.push((caller, server.with_key(key)));
        }
        let now = server.run(|tx| tx.now()).await.plus(Duration::from_secs(3600));
        let soon = jiff::Timestamp::from_microsecond(now.as_micros()).expect("a time of today").to_string();
        let draft = json!({"text": "Good evening", "send_at": soon});
        let scheduled = owner.post(&format!("{group}/scheduled-messages"), draft).await.created();
        let scheduled = scheduled["id"].as_i64().expect("an id");
        let den = owner.new_group(&format!("Den {number}")).await;
        for (caller, user, scope, only) in [
            ("group token", of_member, Scope::Write, &group),
            (TOKEN_ELSEWHERE, owner.id(), Scope::Admin, &den),
        ] {
            let (_, key) = issue_token(server, user, scope, Some(id_in(only))).await;
            tokens.push((caller, server.with_key(key)));
        }
        let bot = own_bot(server, owner.id(), &format!("bot-{number}")).await;
        let (bot_token, _) = issue_token(server, bot, Scope::Write, None).await;
        let reset_code = resetting(server, newcomer).await;
        let callers = [
            ("nobody", server.nobody()),
            ("user", user),
            ("invited", invited),
            ("member", member),
            ("group admin", admin),
            ("owner", owner),
            ("peer", peer),
            ("server admin", root),
            ("banned", banned),
            ("readonly", readonly),
            ("teacher", teacher),
            ("must change", must_change),
            ("suspended", suspended),
            ("half login", server.with_key(login_ticket.clone())),
        ];
        Self {
            group,
            message,
            invitation,
            callers: callers.into_iter().chain(tokens).collect(),
            peer: peer_id,
            peer_name,
            newcomer,
            role: 4_000_000_000,
            code: link["code"].as_str().expect("a code").to_owned(),
            link: link["link"]["id"].as_i64().expect("an id"),
            invite: invite["invite"]["id"].as_i64().expect("an id"),
            invite_code: invite["code"].as_str().expect("a code").to_owned(),
            guest,
            asker,
            refresh_token,
            login_ticket,
            token,
            bot,
            bot_token,
            den,
            soon,
            scheduled,
            passcode,
            reset_code,
        }
    }

    /// Has the owner send and edit the next message, which the admin reads, reacts to and votes in, too, and be invited by the peer, and
    /// another newcomer and guest come: what could
    /// be added once can be added again.
    pub(crate) async fn renew(&mut self, server: &Server) {
        self.message = self.caller("owner").ask_at(&self.group, "hi again").await;
        self.caller("owner").reply_to(&self.message, "and again").await;
        for text in ["hi once more", "hi for the last time"] {
            self.caller("owner").patch(&self.message, json!({"text": text})).await.ok();
        }
        let (owner, peer) = (self.caller("owner"), self.caller("peer"));
        for reactor in [owner, self.caller("group admin")] {
            // 🎉
            reactor.put_empty(&format!("{}/reactions/%F0%9F%8E%89", self.message)).await.ok();
            reactor.put(&format!("{}/poll/vote", self.message), json!({"options": [1]})).await.ok();
        }
        self.caller("group admin").post_empty("/api/read-all").await.no_content();
        let elsewhere = peer.new_group(&format!("Group for {}", self.newcomer)).await;
        let draft = json!({"user_id": owner.id()});
        peer.post(&format!("{elsewhere}/invitations"), draft).await.created();
        self.guest = server.user(&format!("guest-after-{}", self.newcomer)).await.id();
        self.asker = server.user(&format!("asker-after-{}", self.newcomer)).await.id();
        ask(server, &self.group, &[self.guest, self.asker]).await;
        self.newcomer = server.user(&format!("after-{}", self.newcomer)).await.id();
    }

    /// Defines a role on the server, which has not room for one in every scene.
    pub(crate) async fn define_role(&mut self) {
        let draft = json!({"name": format!("Role {}", self.newcomer), "permissions": ["view_audit"]});
        let role = self.caller("server admin").post("/api/roles", draft).await.created();
        self.role = role["id"].as_i64().expect("a role has an id");
    }

    /// The caller of this name.
    pub(crate) fn caller(&self, name: &str) -> &Client {
        let found = self.callers.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("there is no caller {name}")).1
    }

    /// The path of an operation, with the ids of this scene.
    pub(crate) fn path(&self, template: &str, session: i64) -> String {
        let message = template.replace("/api/groups/{group_id}/messages/{message_id}", &self.message);
        let banned = format!("{}/bans/{}", self.group, self.caller("user").id());
        let path = message
            .replace("/api/messages/{message_id}", &format!("/api/messages/{}", id_in(&self.message)))
            .replace("/api/groups/{group_id}/bans/{user_id}", &banned)
            .replace("/api/groups/{group_id}/invitations/{invitation_id}", &self.invitation)
            .replace("/join-requests/{user_id}", &format!("/join-requests/{}", self.asker))
            .replace("/api/groups/{group_id}", &self.group)
            .replace("{invitation_id}", &id_in(&self.invitation).to_string())
            .replace("{link_id}", &self.link.to_string())
            .replace("{invite_id}", &self.invite.to_string())
            .replace("/api/password-resets/{code}", &format!("/api/password-resets/{}", self.reset_code))
            .replace("{code}", &self.code)
            .replace("{name}", "Guest")
            // 🎉
            .replace("{emoji}", "%F0%9F%8E%89")
            .replace("{option_id}", "1")
            // The peer can't block themselves.
            .replace("/api/users/{user_id}/block", &format!("/api/users/{}/block", self.newcomer))
            .replace("{user_id}", &self.peer.to_string())
            .replace("{role_id}", &self.role.to_string())
            .replace(
                "/api/bots/{bot_id}/tokens/{token_id}",
                &format!("/api/bots/{}/tokens/{}", self.bot, self.bot_token),
            )
            .replace("{bot_id}", &self.bot.to_string())
            .replace("{token_id}", &self.token.to_string())
            .replace("{passkey_id}", "4000000000")
            .replace("{scheduled_id}", &self.scheduled.to_string())
            .replace("{session_id}", &session.to_string());
        assert!(!path.contains('{'), "no id for {template}");
        path
    }

    /// A good body for an operation; `None` where it takes none.
    pub(crate) fn body(&self, operation: &Operation) -> Option<Value> {
        let unique = format!("x{}", self.newcomer);
        Some(match operation.row().as_str() {
            "POST   /api/login" => json!({"username": self.peer_name, "password": PASSWORD}),
            "POST   /api/login/refresh" => json!({"refresh_token": self.refresh_token}),
            "POST   /api/password-resets" => json!({"username": self.peer_name}),
            "PUT    /api/password-resets/{code}" => json!({"new": "another password"}),
            "POST   /api/logout" => json!({}),
            "POST   /api/login/mfa" => json!({"ticket": self.login_ticket, "code": RECOVERY_CODE}),
            "POST   /api/users/me/mfa/totp" => json!({"password": PASSWORD}),
            "POST   /api/users/me/mfa/totp/confirm" => json!({"code": self.passcode}),
            "POST   /api/users/me/mfa/totp/disable"
            | "POST   /api/users/me/mfa/recovery-codes"
            | "POST   /api/users/me/export"
            | "POST   /api/users/me/delete" => {
                json!({"password": PASSWORD, "code": RECOVERY_CODE})
            }
            "POST   /api/sign-up" => {
                json!({"username": format!("signed-up-{unique}"), "password": PASSWORD, "invite": self.invite_code})
            }
            "POST   /api/sign-up/confirm" => json!({"code": "00000-00000-00000-00000"}),
            "POST   /api/invites" => json!({"max_uses": 20}),
            "POST   /api/login/mfa/passkey" => json!({"ticket": self.login_ticket}),
            "POST   /api/login/mfa/passkey/finish" => {
                json!({"ticket": self.login_ticket, "ceremony": "x", "credential": credential()})
            }
            "POST   /api/login/passkey/finish" => json!({"ceremony": "x", "credential": credential()}),
            "POST   /api/users/me/mfa/passkeys" | "POST   /api/users/me/mfa/passkeys/{passkey_id}/remove" => {
                json!({"password": PASSWORD})
            }
            "PATCH  /api/users/me/mfa/passkeys/{passkey_id}" => json!({"name": "tablet"}),
            "POST   /api/users/me/mfa/passkeys/finish" => {
                json!({"ceremony": "x", "name": "phone", "credential": credential()})
            }
            "POST   /api/users" => json!({"username": unique, "password": PASSWORD}),
            "PUT    /api/users/me/password" => json!({"current": PASSWORD, "new": "another password"}),
            "POST   /api/tokens" | "POST   /api/bots/{bot_id}/tokens" => {
                json!({"name": "Deploys", "scopes": ["write"]})
            }
            "POST   /api/bots" => json!({"username": format!("bot-{unique}")}),
            "PUT    /api/bots/{bot_id}/owner" => json!({"user_id": self.newcomer}),
            "POST   /api/roles" => json!({"name": unique, "permissions": ["create_groups"]}),
            "POST   /api/groups" => json!({"name": unique}),
            "PUT    /api/groups/{group_id}/members/{user_id}/mute" => json!({"reason": "noise"}),
            "PUT    /api/groups/{group_id}/bans/{user_id}" => json!({"reason": "spam"}),
            "POST   /api/direct" => json!({"user_ids": [self.newcomer]}),
            "POST   /api/groups/{group_id}/invite-links" => json!({"max_uses": 20}),
            "POST   /api/groups/{group_id}/join" => json!({"message": "Let me in"}),
            "POST   /api/groups/{group_id}/members" => json!({"user_id": self.newcomer}),
            "POST   /api/groups/{group_id}/members/batch" => json!({"user_ids": [self.newcomer]}),
            "POST   /api/groups/{group_id}/invitations" => json!({"user_id": self.guest}),
            "POST   /api/groups/{group_id}/roles" => {
                json!({"name": unique, "rank": 9, "permissions": ["view"]})
            }
            "POST   /api/groups/{group_id}/messages" => json!({"text": "hello"}),
            "POST   /api/groups/{group_id}/messages/batch" => json!({"messages": [{"text": "hello"}]}),
            "PUT    /api/groups/{group_id}/messages/{message_id}/poll/vote" => json!({"options": [1]}),
            "POST   /api/groups/{group_id}/messages/{message_id}/poll/options" => json!({"text": "never"}),
            "POST   /api/groups/{group_id}/messages/{message_id}/forward" => {
                json!({"group_id": id_in(&self.group)})
            }
            "PUT    /api/groups/{group_id}/draft"
            | "PUT    /api/groups/{group_id}/messages/{message_id}/draft" => json!({"text": "I think"}),
            "POST   /api/groups/{group_id}/scheduled-messages" => {
                json!({"text": "Good morning", "send_at": self.soon()})
            }
            "PUT    /api/messages/{message_id}/reminder" | "POST   /api/messages/{message_id}/reminder" => {
                json!({"at": self.soon()})
            }
            "PUT    /api/messages/{message_id}/bookmark" => json!({"note": "Ask Grace"}),
            "PUT    /api/groups/{group_id}/read"
            | "PUT    /api/groups/{group_id}/messages/{message_id}/read" => json!({"seq": 1}),
            _ => return self.edit(operation),
        })
    }

    /// A time of which the clocks of the tests are before, by less than a year.
    fn soon(&self) -> String {
        self.soon.clone()
    }

    fn edit(&self, operation: &Operation) -> Option<Value> {
        Some(match operation.template.as_str() {
            _ if !operation.takes_body() => return None,
            "/api/users/me" | "/api/users/{user_id}" => json!({"display_name": "New"}),
            "/api/roles/{role_id}" => json!({"permissions": ["manage_users"]}),
            "/api/groups/{group_id}" => json!({"description": "new"}),
            "/api/groups/{group_id}/members/{user_id}" => json!({"role": "admin"}),
            "/api/groups/{group_id}/roles/{name}" => json!({"rank": 8}),
            "/api/groups/{group_id}/messages/{message_id}"
            | "/api/groups/{group_id}/scheduled-messages/{scheduled_id}" => json!({"text": "new"}),
            _ => panic!("crates/api/tests/routes/operations.rs lacks a body for {}", operation.row()),
        })
    }
}
