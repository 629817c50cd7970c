//! Whether somebody or something exists can't be told by the time of an answer. That of a request for a mail needs no clock:
//! the routes' tests show that it looks at nothing.

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Data, Server, data, serve};
use crate::secrets::Person;

/// How often each way is timed.
const TIMED: usize = 30;

/// The most rounds. A machine that does much else may be off in some, but not in all of them.
const ROUNDS: usize = 30;

/// The mean, without the slowest tenth: something else happens on every machine.
fn mean(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let kept = &times[..times.len() - times.len() / 10];
    kept.iter().sum::<Duration>().as_secs_f64() / kept.len() as f64
}

/// Asks in each of these ways, from a network of its own each time, until the means of 30 tries each are within 10 %.
pub(crate) async fn take_equally_long<const N: usize>(ask: impl AsyncFn(usize, String)) {
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let mut times = [const { Vec::new() }; N];
        for nth in 0..TIMED {
            // In turns, so that all meet the same load.
            for (way, times) in times.iter_mut().enumerate() {
                let (from, begun) = (format!("10.{round}.{nth}.1"), Instant::now());
                ask(way, from).await;
                times.push(begun.elapsed());
            }
        }
        let means = times.map(|mut times| mean(&mut times));
        let least = means.iter().copied().fold(f64::MAX, f64::min);
        if means.iter().all(|mean| *mean <= 1.1 * least) {
            return;
        }
        all.push(means);
    }
    panic!("{all:?}");
}

/// A server that believes this machine when it says for whom it asks.
async fn start(data: &Data, settings: &[(&str, &str)]) -> Server {
    let mut command = serve(data);
    command.env("GROUPCHAT_TRUSTED_PROXIES", "127.0.0.1").env("GROUPCHAT_PASSWORD_COST", "10");
    command.envs(settings.iter().copied());
    Server::spawn(command).await
}

/// Sends this for somebody in a network; the status and the code of the answer.
async fn post(http: &Client, url: String, from: String, body: &Value) -> (StatusCode, Value) {
    let answer = http.post(url).header("X-Forwarded-For", from).json(body).send().await.unwrap();
    let status = answer.status();
    let body = answer.bytes().await.unwrap();
    (status, serde_json::from_slice::<Value>(&body).map_or(Value::Null, |body| body["code"].clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_a_ticket_of_half_a_login_ever_existed_takes_equally_long() {
    let data = data();
    let server = start(&data, &[]).await;
    let mut person = Person::create(&server.admin().await, &server, "ann").await;
    let login = json!({"username": "ann", "password": "correct horse"});
    let half = server.anonymous().post("/login", login).await.expect(StatusCode::UNAUTHORIZED);
    let used = json!({"ticket": half["ticket"], "code": person.code()});
    server.anonymous().post("/login/mfa", used.clone()).await.expect(StatusCode::OK);
    let (mut never, http) = (used.clone(), Client::new());
    let ticket = used["ticket"].as_str().unwrap();
    // Another of the same form.
    let other: String = ticket.chars().rev().take(20).collect();
    never["ticket"] = format!("{}{other}", &ticket[..ticket.len() - 20]).into();
    let bodies = [used, never];
    take_equally_long::<2>(async |way, from| {
        let asked = post(&http, format!("{}/login/mfa", server.url), from, &bodies[way]).await;
        assert_eq!(asked, (StatusCode::UNAUTHORIZED, json!("invalid_ticket")));
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_an_invite_or_a_code_ever_existed_takes_equally_long() {
    let data = data();
    let server = start(&data, &[]).await;
    let admin = server.admin().await;
    let made = admin.post("/invites", json!({})).await.expect(StatusCode::CREATED);
    admin.delete(&format!("/invites/{}", made["invite"]["id"])).await.expect(StatusCode::NO_CONTENT);
    let revoked = made["code"].as_str().unwrap();
    let never = revoked.chars().rev().collect::<String>();
    let http = Client::new();
    take_equally_long::<2>(async |way, from| {
        let invite = [revoked, &never][way];
        let body = json!({"username": "new", "password": "correct horse", "invite": invite});
        let asked = post(&http, format!("{}/sign-up", server.url), from, &body).await;
        assert_eq!(asked, (StatusCode::NOT_FOUND, json!("invite_not_found")));
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_address_it_is_that_signs_up_takes_equally_long() {
    let data = data();
    let settings = [
        ("GROUPCHAT_SIGN_UP_OPEN", "confirmed"),
        ("GROUPCHAT_PUBLIC_URL", "https://chat.example.org"),
        // Nobody is there: mails are sent beside the requests.
        ("GROUPCHAT_MAIL_SERVER", "smtp://127.0.0.1:1"),
        ("GROUPCHAT_MAIL_FROM", "chat@example.org"),
    ];
    let server = start(&data, &settings).await;
    let user = json!({"username": "ann", "password": "correct horse", "email": "ann@example.org"});
    server.admin().await.post("/users", user).await.expect(StatusCode::CREATED);
    let http = Client::new();
    take_equally_long::<3>(async |way, from| {
        let (name, host) = [("ann", "example.org"), ("nobody", "example.org"), ("new", "example.net")][way];
        // Each address gets a few mails, and one that has an account another one; that is told nobody.
        let email = if way == 2 { format!("{}@{host}", from.replace('.', "-")) } else { format!("{name}@{host}") };
        let body = json!({"username": format!("new{}", from.replace('.', "")), "password": "correct horse", "email": email});
        let (status, code) = post(&http, format!("{}/sign-up", server.url), from, &body).await;
        assert_eq!((status, code), (StatusCode::ACCEPTED, Value::Null));
    })
    .await;
    server.stop().await;
}
