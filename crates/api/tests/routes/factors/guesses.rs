//! Guessing passwords and codes.

use std::collections::BTreeSet;
use std::time::Duration;

use groupchat_api::ServerOptions;
use groupchat_domain::admissions::SignUpOpening;
use groupchat_infra::accounts::attempts::BucketSize;
use serde_json::{Value, json};

use super::{PASSWORD, Server, both, credentials, give_passkey, refused, set_up, start, ticket};
use crate::operations::operations;

#[actix_web::test]
async fn guesses_count_for_the_account_whatever_the_ticket_and_never_block_recovery_codes() {
    let server = start().await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let (authenticator, codes) = set_up(&ann).await;
    let (others, _) = set_up(&bob).await;
    let mut checked = 0;
    loop {
        let half = ticket(&server, "ann").await;
        let answer = server.nobody().post("/api/login/mfa", super::half(&half, "000000")).await;
        if answer.status() == 429 {
            answer.refused(429, "too_many_attempts");
            break;
        }
        answer.refused(401, "invalid_code");
        checked += 1;
    }
    assert_eq!(checked, BucketSize::PER_ACCOUNT.capacity, "one ticket each");
    // Not even the right one, while it lasts.
    let half = ticket(&server, "ann").await;
    refused(&server, &half, &authenticator.code(0), 429, "too_many_attempts").await;
    // Whoever guesses as ann keeps nobody else out, and not ann from recovery codes.
    super::finish(&server, &ticket(&server, "bob").await, &others.code(0)).await;
    super::finish(&server, &half, &codes[0]).await;
}

/// Each operation of the document that checks a password or a code says at some time that it is enough. One that is added
/// later is covered, too.
#[actix_web::test]
async fn every_operation_that_checks_a_secret_limits_guesses() {
    // What has a password in it that is not checked.
    let unchecked = BTreeSet::from(["createUser", "editUser", "signUp"]);
    let patient = BucketSize { capacity: 3, refill: Duration::from_secs(3_600) };
    let documented = operations(&Server::start().await).await;
    let mut found = BTreeSet::new();
    for operation in &documented {
        let schema = &operation.description["requestBody"]["content"]["application/json"]["schema"];
        let fields = fields_of(schema).await;
        let secrets: Vec<_> =
            ["password", "current", "code"].into_iter().filter(|field| fields.contains(*field)).collect();
        if secrets.is_empty() || unchecked.contains(operation.id()) {
            continue;
        }
        found.insert(operation.id().to_owned());
        let server = Server::limited(patient, patient).await;
        let public_url = Some("https://chat.example.org".to_owned());
        let options = ServerOptions { public_url, sign_up: SignUpOpening::Open, ..ServerOptions::default() };
        let server = server.with_options(options).await;
        let ann = server.user("ann").await;
        let passkey = give_passkey(&server, ann.id()).await;
        let path = operation.template.replace("{passkey_id}", &passkey.to_string());
        if !["setUpTotp", "confirmTotp", "changePassword", "login"].contains(&operation.id()) {
            give_factor(&server, ann.id()).await;
        }
        if operation.id() == "confirmTotp" {
            super::begin(&ann).await;
        }
        let mut last = 0;
        let is_sign_up = operation.id() == "confirmSignUp";
        let wrong_code = if is_sign_up { "00000-00000-00000-00000" } else { "000000" };
        for _ in 0..=if is_sign_up { 10 } else { patient.capacity } {
            let ticket = match operation.id() {
                "loginWithCode" => ticket(&server, "ann").await,
                _ => Value::Null,
            };
            let mut body = json!({"username": "ann", "new": "another password", "ticket": ticket});
            for field in &secrets {
                // Where both are asked for, the password is right.
                let right_password = *field != "code" && secrets.contains(&"code");
                body[field] = if right_password { json!(PASSWORD) } else { json!(wrong_code) };
            }
            last = ann.call(operation.method.clone(), &path, Some(&body)).await.status();
        }
        assert_eq!(last, 429, "{}", operation.row());
    }
    let expected = [
        "changePassword",
        "confirmSignUp",
        "confirmTotp",
        "deleteMe",
        "disableTotp",
        "exportMe",
        "login",
        "loginWithCode",
        "removePasskey",
        "renewRecoveryCodes",
        "setUpTotp",
    ];
    assert!(expected.iter().all(|id| found.contains(*id)), "{found:?}");
}

/// The names of the fields of a body.
async fn fields_of(schema: &Value) -> BTreeSet<String> {
    let server = Server::start().await;
    let document = server.nobody().get("/api/openapi.json").await.ok();
    let schema = match schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(path) => document.pointer(path).cloned().unwrap_or_default(),
        None => schema.clone(),
    };
    schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Confirmed one-time passwords, of which nobody has the secret.
async fn give_factor(server: &Server, user: i64) {
    let sealed = server.sealed(user, [7; 20]);
    server
        .run(move |tx| {
            let (user, now) = (groupchat_domain::ids::UserId::new(user), tx.now());
            tx.factors().begin_totp(user, &sealed, now).expect("the storage works");
            let none = groupchat_domain::factors::UsedSteps::default();
            tx.factors().update_totp(user, Some(now), &none).expect("the storage works");
        })
        .await;
}

#[actix_web::test]
async fn the_password_and_the_code_of_a_change_are_limited_for_themselves() {
    let patient = BucketSize { capacity: 3, refill: Duration::from_secs(3_600) };
    let server = Server::limited(patient, patient).await;
    let ann = server.user("ann").await;
    give_factor(&server, ann.id()).await;
    let path = "/api/users/me/mfa/totp/disable";
    for _ in 0..3 {
        ann.post(path, both("000000")).await.refused(403, "wrong_code");
    }
    ann.post(path, both("000000")).await.refused(429, "too_many_attempts");
    ann.post(path, both("0000-0000-0000-0000")).await.refused(403, "wrong_code");
    // Logins with a password are not held up by that.
    server.nobody().post("/api/login", credentials("ann")).await.refused(401, "mfa_required");
}
