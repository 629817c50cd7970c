//! Passkeys, with an authenticator in a few lines. Chromium has one that is not ours (`.ci/passkeys/run`).

use std::rc::Rc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use groupchat_api::ServerOptions;
use groupchat_domain::accounts::{ApiKeys, FactorPolicy};
use groupchat_domain::audit::AuditQuery;
use groupchat_domain::factors::{CredentialId, CredentialRecord, NewPasskey, PasskeyName};
use groupchat_domain::ids::UserId;
use groupchat_domain::paging::Limit;
use groupchat_infra::accounts::keys::RandomKeys;
use rcgen::{KeyPair, PublicKeyData, SigningKey};
use serde_json::{Value, json};

use super::{credentials, factors, start, ticket};
use crate::harness::{Client, PASSWORD, Server};

const SITE: &str = "https://chat.example.org";

/// A device whose browser is at a site, with room for one passkey (WebAuthn, section 6.1).
#[derive(Clone)]
pub(super) struct Device {
    site: &'static str,
    key: Rc<KeyPair>,
    id: [u8; 16],
    /// Whom the passkey is of.
    user: Value,
    /// How often it has signed, if it counts that.
    count: Option<u32>,
}

/// What an authenticator says of itself: its user is there, and has unlocked it; and here is a passkey.
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const MAY_BACK_UP: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

fn base64(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn sha256(text: &str) -> [u8; 32] {
    *RandomKeys.digest(text).as_bytes()
}

impl Device {
    pub(super) fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut id = [0; 16];
        id.copy_from_slice(&key.der_bytes()[10..26]);
        Self { site: SITE, key: Rc::new(key), id, user: Value::Null, count: Some(0) }
    }

    /// What it says for a server: with these flags.
    fn says(&self, party: &Value, flags: u8) -> Vec<u8> {
        let party = sha256(party.as_str().expect("the id of a server"));
        [&party[..], &[flags], &self.count.unwrap_or(0).to_be_bytes()].concat()
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        json!({"type": kind, "challenge": options["challenge"], "origin": self.site}).to_string()
    }

    /// Makes a passkey, as these options say: an answer without attestation, in CBOR.
    fn make(&mut self, options: &Value) -> Value {
        self.user = options["user"]["id"].clone();
        let point = self.key.der_bytes();
        let (x, y) = (&point[1..33], &point[33..65]);
        let public = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32][..], x, &[0x22, 0x58, 32], y].concat();
        let said = self.says(&options["rp"]["id"], PRESENT | VERIFIED | ATTESTED);
        let said = [&said[..], &[0; 16], &[0, 16], &self.id, &public].concat();
        let length = u8::try_from(said.len()).expect("a short text");
        let object = [&b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"[..], &[length], &said].concat();
        let data = self.client_data("webauthn.create", options);
        self.answer(json!({"attestationObject": base64(object), "clientDataJSON": base64(data)}))
    }

    /// Shows the passkey, as these options say.
    fn show(&mut self, options: &Value) -> Value {
        self.show_as(options, PRESENT | VERIFIED)
    }

    fn show_as(&mut self, options: &Value, flags: u8) -> Value {
        self.count = self.count.map(|count| count + 1);
        let (said, data) = (self.says(&options["rpId"], flags), self.client_data("webauthn.get", options));
        let signature = self.key.sign(&[&said[..], &sha256(&data)].concat()).expect("a signature");
        self.answer(json!({
            "authenticatorData": base64(said),
            "clientDataJSON": base64(data),
            "signature": base64(signature),
            "userHandle": self.user,
        }))
    }

    fn answer(&self, response: Value) -> Value {
        let id = base64(self.id);
        json!({"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": {}})
    }
}

/// The server where passkeys are bound to.
async fn at_site(server: Server) -> Server {
    let options = ServerOptions { public_url: Some(SITE.to_owned()), ..ServerOptions::default() };
    server.with_options(options).await
}

async fn begin(client: &Client) -> Value {
    client.post("/api/users/me/mfa/passkeys", json!({"password": PASSWORD})).await.ok()
}

fn named(begun: &Value, credential: &Value) -> Value {
    json!({"ceremony": begun["ceremony"], "name": " Ann's phone ", "credential": credential})
}

/// Registers a passkey of the client.
async fn register(client: &Client, device: &mut Device) -> Value {
    let begun = begin(client).await;
    let made = device.make(&begun["options"]);
    client.post("/api/users/me/mfa/passkeys/finish", named(&begun, &made)).await.ok()
}

async fn begin_login(server: &Server) -> Value {
    server.nobody().post_empty("/api/login/passkey").await.ok()
}

fn login(begun: &Value, shown: &Value) -> Value {
    json!({"ceremony": begun["ceremony"], "credential": shown})
}

async fn begin_factor(server: &Server, ticket: &Value) -> Value {
    server.nobody().post("/api/login/mfa/passkey", json!({"ticket": ticket})).await.ok()
}

fn factor(ticket: &Value, begun: &Value, shown: &Value) -> Value {
    json!({"ticket": ticket, "ceremony": begun["ceremony"], "credential": shown})
}

const LOGIN: &str = "/api/login/passkey/finish";
const FACTOR: &str = "/api/login/mfa/passkey/finish";

#[actix_web::test]
async fn a_passkey_is_a_second_factor() {
    let server = at_site(start().await).await;
    let ann = server.user("ann").await;
    let wrong = json!({"password": "another password"});
    ann.post("/api/users/me/mfa/passkeys", wrong).await.refused(403, "wrong_password");
    let mut device = Device::new();
    let registered = register(&ann, &mut device).await;
    assert_eq!(registered["passkey"]["name"], "Ann's phone");
    let codes = registered["recovery_codes"].as_array().expect("codes");
    assert_eq!(codes.len(), 10);
    let found = factors(&ann).await;
    assert_eq!((&found["totp"], &found["recovery_codes_left"]), (&json!(false), &json!(10)));
    assert_eq!(found["passkeys"], json!([registered["passkey"]]));
    // The second one comes without codes.
    let mut other = Device::new();
    assert_eq!(register(&ann, &mut other).await["recovery_codes"], json!(null));

    let refused = server.nobody().post("/api/login", credentials("ann")).await.refused(401, "mfa_required");
    assert_eq!(refused["methods"], json!(["passkey", "recovery_code"]));
    let half = refused["ticket"].clone();
    let begun = begin_factor(&server, &half).await;
    assert_eq!(begun["options"]["allowCredentials"].as_array().map(Vec::len), Some(2));
    let shown = device.show(&begun["options"]);
    let signed_in = server.nobody().post(FACTOR, factor(&half, &begun, &shown)).await.ok();
    let key = signed_in["api_key"].as_str().expect("a key").to_owned();
    server.with_key(key).get("/api/groups").await.ok();
    // The ticket is used up, and with another the ceremony is none.
    server.nobody().post(FACTOR, factor(&half, &begun, &shown)).await.refused(401, "invalid_ticket");
    let next = ticket(&server, "ann").await;
    server.nobody().post(FACTOR, factor(&next, &begun, &shown)).await.refused(401, "invalid_passkey");
    // A recovery code does in its place.
    let code = json!({"ticket": next, "code": codes[0]});
    server.nobody().post("/api/login/mfa", code).await.ok();
}

#[actix_web::test]
async fn a_passkey_gets_another_name() {
    let server = at_site(start().await).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let mut device = Device::new();
    let registered = register(&ann, &mut device).await;
    let path = format!("/api/users/me/mfa/passkeys/{}", registered["passkey"]["id"]);
    let name = json!({"name": "  Ann's key "});
    let renamed = ann.patch(&path, name.clone()).await.ok();
    assert_eq!((&renamed["id"], &renamed["name"]), (&registered["passkey"]["id"], &json!("Ann's key")));
    assert_eq!(factors(&ann).await["passkeys"], json!([renamed]));
    // It signs in as before.
    let begun = begin_login(&server).await;
    let shown = device.show(&begun["options"]);
    server.nobody().post(LOGIN, login(&begun, &shown)).await.ok();
    // That of another is none.
    bob.patch(&path, name).await.refused(404, "factor_not_found");
    for wrong in ["", " ", "two\nlines", &"x".repeat(101)] {
        assert_eq!(ann.patch(&path, json!({"name": wrong})).await.status(), 400, "{wrong}");
    }
    let told = server.run(|tx| tx.audit().list(&AuditQuery::newest(Limit::DEFAULT)).expect("entries")).await;
    assert_eq!(told.iter().filter(|entry| entry.action == "passkey.renamed").count(), 1);
}

#[actix_web::test]
async fn a_passkey_signs_in_by_itself_and_each_answer_once() {
    let server = at_site(start().await).await;
    let ann = server.user("ann").await;
    let mut device = Device { count: None, ..Device::new() };
    register(&ann, &mut device).await;
    let begun = begin_login(&server).await;
    assert_eq!(begun["options"]["rpId"], "chat.example.org");
    let shown = device.show(&begun["options"]);
    let mut body = login(&begun, &shown);
    body["refresh"] = json!(true);
    body["device_name"] = json!("phone");
    let signed_in = server.nobody().post(LOGIN, body.clone()).await.ok();
    assert_eq!(signed_in["user"]["username"], "ann");
    assert!(signed_in["refresh_token"].is_string() && signed_in["device_token"].is_string());
    let key = signed_in["api_key"].as_str().expect("a key").to_owned();
    let sessions = server.with_key(key).get("/api/sessions").await.ok();
    assert_eq!(sessions["items"][0]["device_name"], "phone");
    assert_ne!(factors(&ann).await["passkeys"][0]["last_used_at"], json!(null));
    // Whoever has seen the answer gets nothing by it, though this authenticator counts nothing.
    server.nobody().post(LOGIN, body).await.refused(401, "invalid_passkey");
    let begun = begin_login(&server).await;
    server.nobody().post(LOGIN, login(&begun, &shown)).await.refused(401, "invalid_passkey");
    let shown = device.show(&begun["options"]);
    server.nobody().post(LOGIN, login(&begun, &shown)).await.ok();
}

#[actix_web::test]
async fn what_an_authenticator_did_not_sign_for_this_is_refused() {
    let server = at_site(start().await).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (mut device, mut other) = (Device::new(), Device::new());
    register(&ann, &mut device).await;
    register(&bob, &mut other).await;

    // Another site, though of the same domain.
    let begun = begin_login(&server).await;
    let mut elsewhere = Device { site: "https://chat.example.org:444", ..device.clone() };
    let shown = elsewhere.show(&begun["options"]);
    server.nobody().post(LOGIN, login(&begun, &shown)).await.refused(401, "invalid_passkey");
    // Without unlocking the authenticator, as a script could ask for.
    let mut options = begun["options"].clone();
    options["userVerification"] = json!("discouraged");
    let shown = device.show_as(&options, PRESENT);
    server.nobody().post(LOGIN, login(&begun, &shown)).await.refused(401, "invalid_passkey");
    // By another user, as a second factor.
    let half = ticket(&server, "ann").await;
    let begun = begin_factor(&server, &half).await;
    let mut options = begun["options"].clone();
    options.as_object_mut().expect("an object").remove("allowCredentials");
    let shown = other.show(&options);
    server.nobody().post(FACTOR, factor(&half, &begun, &shown)).await.refused(401, "invalid_passkey");
    // For another purpose.
    let shown = device.show(&begun["options"]);
    server.nobody().post(LOGIN, login(&begun, &shown)).await.refused(401, "invalid_passkey");
    let sign_in = begin_login(&server).await;
    let shown = device.show(&sign_in["options"]);
    server.nobody().post(FACTOR, factor(&half, &sign_in, &shown)).await.refused(401, "invalid_passkey");
    // With another signature, or none.
    let mut forged = device.show(&sign_in["options"]);
    forged["response"]["signature"] = json!("MEUCIQ");
    server.nobody().post(LOGIN, login(&sign_in, &forged)).await.refused(401, "invalid_passkey");
    server.nobody().post(LOGIN, login(&sign_in, &json!({}))).await.refused(401, "invalid_passkey");
    server.nobody().post(LOGIN, login(&sign_in, &json!([]))).await.invalid(&[("credential", "invalid_type")]);
    // Too late.
    let shown = device.show(&sign_in["options"]);
    server.advance_clock(Duration::from_secs(301));
    server.nobody().post(LOGIN, login(&sign_in, &shown)).await.refused(401, "invalid_passkey");
}

#[actix_web::test]
async fn an_authenticator_may_begin_to_back_up_its_passkeys_and_not_deny_it_later() {
    let server = at_site(start().await).await;
    let ann = server.user("ann").await;
    let mut device = Device::new();
    register(&ann, &mut device).await;
    for flags in [0, MAY_BACK_UP, MAY_BACK_UP | BACKED_UP, MAY_BACK_UP] {
        let begun = begin_login(&server).await;
        let shown = device.show_as(&begun["options"], PRESENT | VERIFIED | flags);
        server.nobody().post(LOGIN, login(&begun, &shown)).await.ok();
    }
    let mut other = Device::new();
    register(&ann, &mut other).await;
    let both = PRESENT | VERIFIED | MAY_BACK_UP | BACKED_UP;
    for (flags, status) in [(both, 200), (PRESENT | VERIFIED, 401), (both, 200)] {
        let begun = begin_login(&server).await;
        let shown = other.show_as(&begun["options"], flags);
        assert_eq!(server.nobody().post(LOGIN, login(&begun, &shown)).await.status(), status);
    }
}

#[actix_web::test]
async fn a_copy_of_an_authenticator_is_noticed() {
    let server = at_site(start().await).await;
    let ann = server.user("ann").await;
    let mut device = Device::new();
    register(&ann, &mut device).await;
    let mut copy = device.clone();
    for _ in 0..2 {
        let begun = begin_login(&server).await;
        let shown = device.show(&begun["options"]);
        server.nobody().post(LOGIN, login(&begun, &shown)).await.ok();
    }
    let begun = begin_login(&server).await;
    let shown = copy.show(&begun["options"]);
    server.nobody().post(LOGIN, login(&begun, &shown)).await.refused(401, "invalid_passkey");
    let root = server.admin("root").await;
    let told = root.get(&format!("/api/audit?target={}", ann.id())).await.ok();
    let newest: Vec<_> = told["items"].as_array().expect("items").iter().take(3).collect();
    assert_eq!((&newest[0]["action"], &newest[0]["outcome"]), (&json!("login"), &json!("failed")));
    assert_eq!((&newest[1]["action"], &newest[2]["action"]), (&json!("login"), &json!("passkey.used")));
}

#[actix_web::test]
async fn a_ticket_ends_after_five_wrong_passkeys() {
    let server = at_site(start().await).await;
    let ann = server.user("ann").await;
    let mut device = Device::new();
    register(&ann, &mut device).await;
    let half = ticket(&server, "ann").await;
    let begun = begin_factor(&server, &half).await;
    for _ in 0..5 {
        let wrong = factor(&half, &begun, &json!({}));
        server.nobody().post(FACTOR, wrong).await.refused(401, "invalid_passkey");
    }
    let shown = device.show(&begun["options"]);
    server.nobody().post(FACTOR, factor(&half, &begun, &shown)).await.refused(401, "invalid_ticket");
}

#[actix_web::test]
async fn a_registration_is_of_its_user_and_of_the_password_of_then() {
    let server = at_site(start().await).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    const FINISH: &str = "/api/users/me/mfa/passkeys/finish";
    let begun = begin(&ann).await;
    let made = Device::new().make(&begun["options"]);
    bob.post(FINISH, named(&begun, &made)).await.refused(403, "passkey_refused");
    let mut spoilt = named(&begun, &made);
    spoilt["credential"]["response"]["clientDataJSON"] = json!("e30");
    ann.post(FINISH, spoilt).await.refused(403, "passkey_refused");
    let change = json!({"current": PASSWORD, "new": "another password"});
    ann.put("/api/users/me/password", change).await.no_content();
    ann.post(FINISH, named(&begun, &made)).await.refused(403, "passkey_refused");
    // Bob's own, twice: the second time it is known.
    let begun = begin(&bob).await;
    let made = Device::new().make(&begun["options"]);
    bob.post(FINISH, named(&begun, &made)).await.ok();
    bob.post(FINISH, named(&begun, &made)).await.refused(409, "factor_exists");
    let late = begin(&bob).await;
    let made = Device::new().make(&late["options"]);
    server.advance_clock(Duration::from_secs(301));
    bob.post(FINISH, named(&late, &made)).await.refused(403, "passkey_refused");
}

#[actix_web::test]
async fn the_last_factor_is_removed_with_a_code() {
    let server = at_site(start().await).await;
    let ann = server.user("ann").await;
    let mut device = Device::new();
    let registered = register(&ann, &mut device).await;
    let path = format!("/api/users/me/mfa/passkeys/{}/remove", registered["passkey"]["id"]);
    let password = json!({"password": PASSWORD});
    ann.post(&path, json!({"password": "another password"})).await.refused(403, "wrong_password");
    ann.post(&path, password.clone()).await.refused(403, "code_required");
    server.user("bob").await.post(&path, password.clone()).await.refused(404, "factor_not_found");
    let second = register(&ann, &mut Device::new()).await;
    let other = format!("/api/users/me/mfa/passkeys/{}/remove", second["passkey"]["id"]);
    ann.post(&other, password).await.no_content();
    let begun = begin_login(&server).await;
    let shown = device.show(&begun["options"]);
    let both = json!({"password": PASSWORD, "code": registered["recovery_codes"][0]});
    ann.post(&path, both).await.no_content();
    assert_eq!(factors(&ann).await["recovery_codes_left"], 0);
    server.nobody().post(LOGIN, login(&begun, &shown)).await.refused(401, "invalid_passkey");
    server.nobody().post("/api/login", credentials("ann")).await.ok();
}

#[actix_web::test]
async fn one_time_passwords_and_passkeys_stand_side_by_side() {
    let server = at_site(start().await).await;
    let ann = server.user("ann").await;
    let (authenticator, _) = super::set_up(&ann).await;
    let registered = register(&ann, &mut Device::new()).await;
    assert_eq!(registered["recovery_codes"], json!(null));
    let refused = server.nobody().post("/api/login", credentials("ann")).await.refused(401, "mfa_required");
    assert_eq!(refused["methods"], json!(["totp", "passkey", "recovery_code"]));
    let both = json!({"password": PASSWORD, "code": authenticator.code(0)});
    ann.post("/api/users/me/mfa/totp/disable", both).await.no_content();
    // The codes are still good for the passkey.
    let found = factors(&ann).await;
    assert_eq!((&found["totp"], &found["recovery_codes_left"]), (&json!(false), &json!(10)));
}

#[actix_web::test]
async fn suspended_users_get_in_by_no_passkey_and_a_passkey_is_a_factor_that_is_required() {
    let server = at_site(start().await).await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let mut device = Device::new();
    let requiring = at_site(server.requiring_factors(FactorPolicy::Everybody).await).await;
    let held_up = requiring.take_over(&ann);
    held_up.get("/api/groups").await.refused(403, "factor_required");
    register(&held_up, &mut device).await;
    held_up.get("/api/groups").await.ok();
    root.patch(&format!("/api/users/{}", ann.id()), json!({"suspended": true})).await.ok();
    let begun = begin_login(&server).await;
    let shown = device.show(&begun["options"]);
    server.nobody().post(LOGIN, login(&begun, &shown)).await.refused(403, "account_suspended");
}

#[actix_web::test]
async fn without_a_public_address_there_are_none() {
    let server = start().await;
    let ann = server.user("ann").await;
    let password = json!({"password": PASSWORD});
    ann.post("/api/users/me/mfa/passkeys", password).await.refused(403, "not_configured");
    server.nobody().post_empty("/api/login/passkey").await.refused(403, "not_configured");
}

/// A passkey that nobody has; its id.
pub(crate) async fn give_passkey(server: &Server, user: i64) -> i64 {
    server
        .run(move |tx| {
            let passkey = NewPasskey {
                user: UserId::new(user),
                credential: CredentialId::new(user.to_be_bytes().repeat(2)).expect("an id"),
                record: CredentialRecord::from_stored("{}".to_owned()),
                name: PasskeyName::parse("phone").expect("a name"),
                host: "chat.example.org".to_owned(),
                created_at: tx.now(),
            };
            tx.passkeys().insert(&passkey).expect("the storage works").expect("a new one").get()
        })
        .await
}
