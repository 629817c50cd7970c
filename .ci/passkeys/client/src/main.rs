//! Registers passkeys and signs in with them, by a client and an authenticator that neither the server's library nor a
//! browser has a part in. It does what a browser would not: it lies about the page it is on, and copies its keys.
//!
//! Takes the address of the server from `SITE`, and the password of the user admin from `PASSWORD`.

use std::env;

use passkey::authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey::client::{Client, DefaultClientData};
use passkey::crypto::rust_crypto::RustCryptoBackend;
use passkey::types::ctap2::{Aaguid, Ctap2Error};
use passkey::types::{Passkey, webauthn};
use public_suffix::PublicSuffixList;
use serde_json::{Value, json};
use url::Url;

const FINISH: &str = "/login/passkey/finish";

/// A user who holds the authenticator and, if asked, says who it is.
struct Holder {
    is_verified: bool,
}

#[async_trait::async_trait]
impl UserValidationMethod for Holder {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _hint: UiHint<'a, Passkey>,
        presence: bool,
        _verification: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck { presence, verification: self.is_verified })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        Some(true)
    }
}

type Browser = Client<Option<Passkey>, Holder, RustCryptoBackend, PublicSuffixList, ()>;

/// A client with an authenticator that counts its signatures and holds this key.
fn browser(key: Option<Passkey>, is_verified: bool) -> Browser {
    let mut authenticator =
        Authenticator::new(Aaguid::new_empty(), key, Holder { is_verified }, RustCryptoBackend);
    authenticator.set_make_credentials_with_signature_counter(true);
    Client::new(authenticator).allows_insecure_localhost(true)
}

/// The server, as its API shows it.
struct Server {
    agent: ureq::Agent,
    site: Url,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    fn call(&self, path: &str, body: &Value, key: Option<&str>) -> (u16, Value) {
        let url = self.site.join(&format!("/api{path}")).unwrap();
        let mut request = self.agent.post(url.as_str()).content_type("application/json");
        if let Some(key) = key {
            request = request.header("X-API-Key", key);
        }
        let mut answer = request.send(body.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or_default())
    }

    fn expect(&self, status: u16, path: &str, body: &Value, key: Option<&str>) -> Value {
        let (actual, body) = self.call(path, body, key);
        assert_eq!(actual, status, "{path}: {body}");
        body
    }

    /// Registers a passkey, as if the page were this one.
    fn register(&self, browser: &mut Browser, page: &Url, password: &str, key: &str) -> (u16, Value) {
        let begun = self.expect(200, "/users/me/mfa/passkeys", &json!({"password": password}), Some(key));
        let options = webauthn::CredentialCreationOptions { public_key: read(&begun["options"]) };
        let made = self.runtime.block_on(browser.register(page, options, DefaultClientData)).unwrap();
        let finish = json!({"ceremony": begun["ceremony"], "name": "Software", "credential": made});
        self.call("/users/me/mfa/passkeys/finish", &finish, Some(key))
    }

    /// What answers a ceremony, as if the page were this one.
    fn show(&self, browser: &mut Browser, page: &Url, begun: &Value) -> Value {
        let options = webauthn::CredentialRequestOptions { public_key: read(&begun["options"]) };
        let shown = self.runtime.block_on(browser.authenticate(page, options, DefaultClientData)).unwrap();
        json!({"ceremony": begun["ceremony"], "credential": shown})
    }

    fn sign_in(&self, browser: &mut Browser, page: &Url) -> (u16, Value) {
        let begun = self.expect(200, "/login/passkey", &json!({}), None);
        let finish = self.show(browser, page, &begun);
        self.call(FINISH, &finish, None)
    }
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

fn is_refused((status, body): (u16, Value)) {
    assert_eq!((status, &body["code"]), (401, &json!("invalid_passkey")), "{body}");
}

fn main() {
    let site: Url = env::var("SITE").unwrap().parse().unwrap();
    let server = Server {
        agent: ureq::Agent::config_builder().http_status_as_error(false).build().into(),
        site: site.clone(),
        runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
    };
    let admin = json!({"username": "admin", "password": env::var("PASSWORD").unwrap()});
    let admin = server.expect(200, "/login", &admin, None);
    let password = "a hundred quiet herons";
    let ada = json!({"username": "ada", "password": password});
    server.expect(201, "/users", &ada, admin["api_key"].as_str());
    let session = server.expect(200, "/login", &ada, None);
    let key = session["api_key"].as_str().unwrap();

    println!("registering");
    let elsewhere = Url::parse(&format!("http://localhost:{}", 1 + u32::from(site.port().unwrap()))).unwrap();
    let (status, body) = server.register(&mut browser(None, true), &elsewhere, password, key);
    assert_eq!((status, &body["code"]), (403, &json!("passkey_refused")), "of another page: {body}");
    let mut verified = browser(None, true);
    let (status, body) = server.register(&mut verified, &site, password, key);
    assert_eq!((status, body["recovery_codes"].as_array().map(Vec::len)), (200, Some(10)), "{body}");

    println!("as a second factor");
    let half = server.expect(401, "/login", &ada, None);
    assert_eq!(half["methods"], json!(["passkey", "recovery_code"]));
    let asked = server.expect(200, "/login/mfa/passkey", &json!({"ticket": half["ticket"]}), None);
    let mut finish = server.show(&mut verified, &site, &asked);
    finish["ticket"] = half["ticket"].clone();
    let whole = server.expect(200, "/login/mfa/passkey/finish", &finish, None);
    assert_eq!(whole["user"]["username"], "ada");

    println!("without a password");
    let begun = server.expect(200, "/login/passkey", &json!({}), None);
    let finish = server.show(&mut verified, &site, &begun);
    let (status, body) = server.call(FINISH, &finish, None);
    assert_eq!((status, &body["user"]["username"]), (200, &json!("ada")), "{body}");
    assert_eq!(server.call(FINISH, &finish, None).0, 401, "a second time");

    println!("an answer to another ceremony");
    let begun = server.expect(200, "/login/passkey", &json!({}), None);
    let mut finish = server.show(&mut verified, &site, &begun);
    finish["ceremony"] = server.expect(200, "/login/passkey", &json!({}), None)["ceremony"].clone();
    is_refused(server.call(FINISH, &finish, None));

    println!("an answer that was changed on its way");
    let begun = server.expect(200, "/login/passkey", &json!({}), None);
    let mut finish = server.show(&mut verified, &site, &begun);
    let signature = finish.pointer_mut("/credential/response/signature").unwrap();
    *signature = json!(signature.as_str().unwrap().chars().rev().collect::<String>());
    is_refused(server.call(FINISH, &finish, None));

    println!("a page elsewhere");
    is_refused(server.sign_in(&mut verified, &elsewhere));

    println!("a user who is not verified");
    let earlier = verified.authenticator().store().clone();
    let mut begun = server.expect(200, "/login/passkey", &json!({}), None);
    begun["options"]["userVerification"] = json!("discouraged");
    let finish = server.show(&mut browser(earlier.clone(), false), &site, &begun);
    is_refused(server.call(FINISH, &finish, None));

    println!("a copy of the authenticator");
    assert_eq!(server.sign_in(&mut verified, &site).0, 200);
    is_refused(server.sign_in(&mut browser(earlier, true), &site));
    println!("passkeys of another implementation work");
}
