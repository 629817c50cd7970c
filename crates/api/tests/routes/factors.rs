//! Second factors: one-time passwords, recovery codes, and logins that lack one.

mod guesses;
mod passkeys;
mod required;

use std::time::Duration;

use groupchat_domain::time::Timestamp;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

pub(crate) use self::passkeys::give_passkey;
use crate::harness::{Client, PASSWORD, Server, assert_fields};

/// When tests begin, in seconds: at the beginning of a step.
const START: i64 = 1_800_000_000;
const STEP: Duration = Duration::from_secs(30);

/// An authenticator app, and the clock of its device.
pub(crate) struct Authenticator {
    secret: Vec<u8>,
    seconds: u64,
}

impl Authenticator {
    /// One that was shown this secret.
    fn new(secret: &Value) -> Self {
        let secret = Secret::try_from_base32(secret.as_str().expect("a secret")).expect("base 32");
        let seconds = u64::try_from(START).expect("a time of today");
        Self { secret: secret.as_bytes().to_vec(), seconds }
    }

    /// The code so many steps from now.
    fn code(&self, steps: i64) -> String {
        let at = self.seconds.checked_add_signed(30 * steps).expect("a time");
        Builder::new().with_secret(self.secret.clone()).build_noncompliant().generate(at).to_string()
    }

    fn wait(&mut self, server: &Server) {
        self.seconds += STEP.as_secs();
        server.advance_clock(STEP);
    }
}

async fn start() -> Server {
    Server::standing_at(Timestamp::from_micros(START * 1_000_000)).await
}

async fn begin(client: &Client) -> Value {
    client.post("/api/users/me/mfa/totp", json!({"password": PASSWORD})).await.ok()
}

/// Sets one-time passwords up, by the code of the step before. Returns the recovery codes, too.
async fn set_up(client: &Client) -> (Authenticator, Vec<String>) {
    let authenticator = Authenticator::new(&begin(client).await["secret"]);
    let code = json!({"code": authenticator.code(-1)});
    let confirmed = client.post("/api/users/me/mfa/totp/confirm", code).await.ok();
    let codes = confirmed["recovery_codes"].as_array().expect("codes").clone();
    (authenticator, codes.iter().map(|code| code.as_str().expect("text").to_owned()).collect())
}

fn credentials(name: &str) -> Value {
    json!({"username": name, "password": PASSWORD})
}

/// The ticket of half a login.
async fn ticket(server: &Server, name: &str) -> Value {
    server.nobody().post("/api/login", credentials(name)).await.refused(401, "mfa_required")["ticket"].clone()
}

fn half(ticket: &Value, code: &str) -> Value {
    json!({"ticket": ticket, "code": code})
}

async fn refused(server: &Server, ticket: &Value, code: &str, status: u16, problem: &str) {
    server.nobody().post("/api/login/mfa", half(ticket, code)).await.refused(status, problem);
}

async fn finish(server: &Server, ticket: &Value, code: &str) -> Value {
    server.nobody().post("/api/login/mfa", half(ticket, code)).await.ok()
}

async fn factors(client: &Client) -> Value {
    client.get("/api/users/me/mfa").await.ok()
}

fn both(code: &str) -> Value {
    json!({"password": PASSWORD, "code": code})
}

#[actix_web::test]
async fn a_set_up_is_asked_for_nowhere_until_it_is_confirmed() {
    let server = start().await;
    let ann = server.user("ann").await;
    assert_eq!(
        factors(&ann).await,
        json!({"totp": false, "passkeys": [], "recovery_codes_left": 0, "required": false})
    );
    let begun = begin(&ann).await;
    assert_fields(&begun, &["secret", "uri", "qr_svg"]);
    let secret = begun["secret"].as_str().unwrap();
    let uri = format!(
        "otpauth://totp/groupchat:ann?secret={secret}&issuer=groupchat&algorithm=SHA1&digits=6&period=30"
    );
    assert_eq!(begun["uri"], uri);
    assert!(begun["qr_svg"].as_str().unwrap().contains("<svg "));
    server.nobody().post("/api/login", credentials("ann")).await.ok();

    let wrong = json!({"code": "000000"});
    ann.post("/api/users/me/mfa/totp/confirm", wrong).await.refused(403, "wrong_code");
    let (_, codes) = set_up(&ann).await;
    assert_eq!(codes.len(), 10);
    assert_eq!(
        factors(&ann).await,
        json!({"totp": true, "passkeys": [], "recovery_codes_left": 10, "required": false})
    );
    let again = json!({"password": PASSWORD});
    ann.post("/api/users/me/mfa/totp", again).await.refused(409, "factor_exists");
    ann.post("/api/users/me/mfa/totp/confirm", json!({"code": "000000"})).await.refused(409, "factor_exists");
}

#[actix_web::test]
async fn a_set_up_takes_the_password_and_a_quarter_of_an_hour_at_most() {
    let server = start().await;
    let ann = server.user("ann").await;
    let wrong = json!({"password": "another password"});
    ann.post("/api/users/me/mfa/totp", wrong).await.refused(403, "wrong_password");
    let confirm = |code: String| ann.post("/api/users/me/mfa/totp/confirm", json!({"code": code}));
    confirm("123456".to_owned()).await.refused(404, "factor_not_found");
    let mut authenticator = Authenticator::new(&begin(&ann).await["secret"]);
    for _ in 0..30 {
        authenticator.wait(&server);
    }
    confirm(authenticator.code(0)).await.refused(404, "factor_not_found");
}

#[actix_web::test]
async fn a_login_asks_for_a_code_and_gives_what_was_asked_for() {
    let server = start().await;
    let ann = server.user("ann").await;
    let (authenticator, _) = set_up(&ann).await;
    let asking = json!({"username": "ann", "password": PASSWORD, "refresh": true, "device_name": "phone"});
    let asked = server.nobody().post("/api/login", asking).await.refused(401, "mfa_required");
    assert_eq!(asked["methods"], json!(["totp", "recovery_code"]));
    assert_eq!(asked["expires_at"], "2027-01-15T08:05:00.000000Z");
    let login = finish(&server, &asked["ticket"], &authenticator.code(0)).await;
    assert_fields(
        &login,
        &["api_key", "expires_at", "refresh_token", "refresh_expires_at", "device_token", "user"],
    );
    assert!(login["refresh_token"].is_string());
    let client = server.with_key(login["api_key"].as_str().map(str::to_owned));
    let sessions = client.list("/api/sessions", "").await;
    assert_eq!(sessions[0]["device_name"], "phone");
    // The first session goes on.
    ann.get("/api/users/me").await.ok();
}

#[actix_web::test]
async fn only_the_right_password_tells_of_a_second_factor() {
    let server = start().await;
    let ann = server.user("ann").await;
    set_up(&ann).await;
    let wrong = json!({"username": "ann", "password": "another password"});
    server.nobody().post("/api/login", wrong).await.refused(401, "invalid_credentials");
}

#[actix_web::test]
async fn a_ticket_is_no_key_and_no_other_ticket() {
    let server = start().await;
    let ann = server.user("ann").await;
    let (authenticator, _) = set_up(&ann).await;
    let half = ticket(&server, "ann").await;
    let text = half.as_str().unwrap();
    assert!(text.starts_with("gch_"));
    server.with_key(text.to_owned()).get("/api/users/me").await.refused(401, "invalid_key");
    server.nobody().get(&format!("/api/events/stream?ticket={text}")).await.refused(401, "invalid_ticket");
    let other = ann.post_empty("/api/events/ticket").await.created();
    refused(&server, &other["ticket"], &authenticator.code(0), 401, "invalid_ticket").await;
    refused(&server, &json!("gch_"), &authenticator.code(0), 401, "invalid_ticket").await;
    finish(&server, &half, &authenticator.code(0)).await;
    refused(&server, &half, &authenticator.code(1), 401, "invalid_ticket").await;
}

#[actix_web::test]
async fn a_code_works_once_wherever_it_is_shown() {
    let server = start().await;
    let ann = server.user("ann").await;
    let (mut authenticator, _) = set_up(&ann).await;
    // Confirming has used one up.
    let half = ticket(&server, "ann").await;
    refused(&server, &half, &authenticator.code(-1), 401, "invalid_code").await;
    let code = authenticator.code(0);
    finish(&server, &half, &code).await;
    let next = ticket(&server, "ann").await;
    refused(&server, &next, &code, 401, "invalid_code").await;
    for path in ["/api/users/me/mfa/recovery-codes", "/api/users/me/mfa/totp/disable"] {
        ann.post(path, both(&code)).await.refused(403, "wrong_code");
    }
    authenticator.wait(&server);
    finish(&server, &next, &authenticator.code(0)).await;
}

#[actix_web::test]
async fn one_step_of_drift_is_allowed_and_a_clock_set_back_locks_nobody_out() {
    let server = start().await;
    let ann = server.user("ann").await;
    let (authenticator, _) = set_up(&ann).await;
    let half = ticket(&server, "ann").await;
    for steps in [-2, 2] {
        refused(&server, &half, &authenticator.code(steps), 401, "invalid_code").await;
    }
    finish(&server, &half, &authenticator.code(1)).await;
    // A later code was used, and this one still works.
    finish(&server, &ticket(&server, "ann").await, &authenticator.code(0)).await;
}

#[actix_web::test]
async fn a_ticket_ends_after_five_minutes() {
    let server = start().await;
    let ann = server.user("ann").await;
    let (mut authenticator, _) = set_up(&ann).await;
    let (early, late) = (ticket(&server, "ann").await, ticket(&server, "ann").await);
    for _ in 0..9 {
        authenticator.wait(&server);
    }
    finish(&server, &early, &authenticator.code(0)).await;
    authenticator.wait(&server);
    refused(&server, &late, &authenticator.code(0), 401, "invalid_ticket").await;
}

#[actix_web::test]
async fn a_ticket_ends_after_five_wrong_codes() {
    let server = start().await;
    let ann = server.user("ann").await;
    let (authenticator, _) = set_up(&ann).await;
    let half = ticket(&server, "ann").await;
    for _ in 0..5 {
        refused(&server, &half, "000000", 401, "invalid_code").await;
    }
    refused(&server, &half, &authenticator.code(0), 401, "invalid_ticket").await;
    finish(&server, &ticket(&server, "ann").await, &authenticator.code(0)).await;
}

#[actix_web::test]
async fn what_ends_sessions_ends_half_logins() {
    let server = start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let (authenticator, _) = set_up(&ann).await;
    let path = format!("/api/users/{}", ann.id());
    let other = "another password";
    for way in 0..3 {
        let half = ticket(&server, "ann").await;
        match way {
            0 => ann.delete("/api/sessions").await.no_content(),
            1 => root.delete(&format!("{path}/sessions")).await.no_content(),
            _ => drop(root.patch(&path, json!({"password": other})).await.ok()),
        }
        refused(&server, &half, &authenticator.code(0), 401, "invalid_ticket").await;
    }
    // The second factor stays with another password.
    let login = json!({"username": "ann", "password": other});
    server.nobody().post("/api/login", login).await.refused(401, "mfa_required");
}

#[actix_web::test]
async fn a_recovery_code_works_once_until_there_are_others() {
    let server = start().await;
    let ann = server.user("ann").await;
    let (authenticator, codes) = set_up(&ann).await;
    let half = ticket(&server, "ann").await;
    // However it is written.
    finish(&server, &half, &codes[0].to_lowercase().replace('-', " ")).await;
    assert_eq!(factors(&ann).await["recovery_codes_left"], 9);
    let half = ticket(&server, "ann").await;
    refused(&server, &half, &codes[0], 401, "invalid_code").await;
    let renewed = ann.post("/api/users/me/mfa/recovery-codes", both(&codes[1])).await.ok();
    let renewed = renewed["recovery_codes"].as_array().unwrap().clone();
    refused(&server, &half, &codes[2], 401, "invalid_code").await;
    finish(&server, &half, renewed[0].as_str().unwrap()).await;
    // Without any left, only the authenticator is asked for.
    for code in &renewed[1..] {
        finish(&server, &ticket(&server, "ann").await, code.as_str().unwrap()).await;
    }
    let asked = server.nobody().post("/api/login", credentials("ann")).await.refused(401, "mfa_required");
    assert_eq!(asked["methods"], json!(["totp"]));
    finish(&server, &asked["ticket"], &authenticator.code(0)).await;
}

#[actix_web::test]
async fn one_time_passwords_are_disabled_with_password_and_code() {
    let server = start().await;
    let ann = server.user("ann").await;
    ann.post("/api/users/me/mfa/totp/disable", both("123456")).await.refused(404, "factor_not_found");
    let (authenticator, codes) = set_up(&ann).await;
    let half = ticket(&server, "ann").await;
    let wrong = json!({"password": "another password", "code": authenticator.code(0)});
    ann.post("/api/users/me/mfa/totp/disable", wrong).await.refused(403, "wrong_password");
    ann.post("/api/users/me/mfa/totp/disable", both(&authenticator.code(0))).await.no_content();
    assert_eq!(
        factors(&ann).await,
        json!({"totp": false, "passkeys": [], "recovery_codes_left": 0, "required": false})
    );
    refused(&server, &half, &codes[0], 401, "invalid_ticket").await;
    server.nobody().post("/api/login", credentials("ann")).await.ok();
}

#[actix_web::test]
async fn who_manages_users_resets_the_factors_of_somebody_who_has_lost_them() {
    let server = start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let id = ann.id();
    let path = format!("/api/users/{id}/mfa");
    let (_, codes) = set_up(&ann).await;
    let half = ticket(&server, "ann").await;
    ann.delete(&path).await.refused(403, "admin_only");
    root.delete(&format!("/api/users/{}/mfa", root.id())).await.refused(403, "current_password_required");
    root.delete("/api/users/4000000000/mfa").await.refused(404, "user_not_found");
    root.delete(&path).await.no_content();
    // Nothing that was begun before goes on.
    ann.get("/api/users/me").await.refused(401, "invalid_key");
    refused(&server, &half, &codes[0], 401, "invalid_ticket").await;
    let ann = server.sign_in_again("ann").await;
    assert_eq!(
        factors(&ann).await,
        json!({"totp": false, "passkeys": [], "recovery_codes_left": 0, "required": false})
    );
    let told = root.get("/api/audit?action=factors.reset").await.ok();
    assert_eq!(told["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(told["items"][0]["target_id"], id);
    // Also if there are none: whoever comes from outside can't tell.
    root.delete(&path).await.no_content();
    ann.get("/api/users/me").await.refused(401, "invalid_key");
}

#[actix_web::test]
async fn a_key_that_came_with_the_account_changes_no_factors() {
    let server = start().await;
    let root = server.admin("root").await;
    let bob = root.post("/api/users", credentials("bob")).await.created();
    let bob = server.with_key(bob["api_key"].as_str().map(str::to_owned));
    let password = json!({"password": PASSWORD});
    bob.post("/api/users/me/mfa/totp", password).await.refused(403, "provisioned_key");
    bob.post("/api/users/me/mfa/totp/confirm", json!({"code": "123456"}))
        .await
        .refused(403, "provisioned_key");
    bob.post("/api/users/me/mfa/totp/disable", both("123456")).await.refused(403, "provisioned_key");
}

#[actix_web::test]
async fn the_audit_log_tells_what_became_of_factors_and_no_secret() {
    let server = start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let (authenticator, codes) = set_up(&ann).await;
    let half = ticket(&server, "ann").await;
    refused(&server, &half, "000000", 401, "invalid_code").await;
    finish(&server, &half, &codes[0]).await;
    ann.post("/api/users/me/mfa/recovery-codes", both("000000")).await.refused(403, "wrong_code");
    ann.post("/api/users/me/mfa/totp/disable", both(&authenticator.code(0))).await.no_content();
    let listed = root.get(&format!("/api/audit?target={}", ann.id())).await.ok();
    let entries = listed["items"].as_array().expect("items");
    let told: Vec<_> = entries
        .iter()
        .rev()
        .map(|entry| format!("{} {}", entry["action"].as_str().unwrap(), entry["outcome"].as_str().unwrap()))
        .collect();
    let expected = [
        "totp.set_up ok",
        "totp.confirmed ok",
        "login.factor_asked ok",
        "login.factor failed",
        "recovery_code.used ok",
        "login ok",
        "recovery_codes.renewed failed",
        "totp.disabled ok",
    ];
    assert_eq!(told, expected);
    let all = listed.to_string();
    for secret in [half.as_str().unwrap(), &codes[0], &authenticator.code(0)] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn a_deleted_account_has_no_way_in_left() {
    let server = start().await;
    let (root, ann) = (server.admin("root").await, server.user("ann").await);
    let (_, codes) = set_up(&ann).await;
    let half = ticket(&server, "ann").await;
    root.delete(&format!("/api/users/{}", ann.id())).await.no_content();
    refused(&server, &half, &codes[0], 401, "invalid_ticket").await;
}

#[actix_web::test]
async fn deleting_the_account_takes_a_code_which_works_once() {
    let server = start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (authenticator, _) = set_up(&ann).await;
    let (_, recovery) = set_up(&bob).await;
    let path = "/api/users/me/delete";
    let password = json!({"password": PASSWORD});
    ann.post(path, json!({"password": "guess"})).await.refused(403, "wrong_password");
    for path in [path, "/api/users/me/export"] {
        ann.post(path, password.clone()).await.refused(403, "code_required");
        ann.post(path, both("000000")).await.refused(403, "wrong_code");
    }
    ann.post(path, json!({"password": "guess", "code": authenticator.code(0)}))
        .await
        .refused(403, "wrong_password");
    ann.post(path, both(&authenticator.code(-1))).await.refused(403, "wrong_code");
    ann.post(path, both("12")).await.invalid(&[("code", "invalid_format")]);
    ann.get("/api/users/me").await.ok();
    ann.post(path, both(&authenticator.code(0))).await.no_content();
    bob.post(path, both(&recovery[3])).await.no_content();
    for gone in [&ann, &bob] {
        gone.get("/api/users/me").await.refused(401, "invalid_key");
    }
}
