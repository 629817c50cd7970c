//! A running server takes over new settings when it is told to.

use std::fs::{self, File};
use std::path::PathBuf;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{Api, Data, Server, data, serve, until};

/// A server with a file of settings, and its log.
struct Configured {
    server: Server,
    file: PathBuf,
    log: PathBuf,
    data: Data,
}

impl Configured {
    async fn start(settings: &str) -> Self {
        let data = data();
        fs::create_dir_all(data.path()).unwrap();
        let (file, log) = (data.path().join("groupchat.toml"), data.path().join("log"));
        fs::write(&file, settings).unwrap();
        let mut command = serve(&data);
        command.env_remove("GROUPCHAT_LOG_FILTER");
        command.arg("--config").arg(&file).stderr(File::create(&log).unwrap());
        Self { server: Server::spawn(command).await, file, log, data }
    }

    /// Reloads these settings, and waits until the log says so. Returns what it says.
    async fn reload(&self, settings: &str, says: &str) -> String {
        let before = self.lines();
        fs::write(&self.file, settings).unwrap();
        self.server.signal("HUP").await;
        let new = || self.lines()[before.len()..].to_owned();
        until(says, || new().contains(says)).await;
        new()
    }

    fn lines(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

/// Whether the author of a message may edit it. To say the same again is always possible.
async fn edits(api: &Api, message: &str) -> bool {
    let text = api.get(message).await.expect(StatusCode::OK)["text"].as_str().map(|text| format!("{text}!"));
    api.patch(message, json!({"text": text})).await.status == StatusCode::OK
}

const RELOADED: &str = "the configuration is reloaded";

#[tokio::test]
async fn live_settings_are_taken_over_while_requests_are_answered() {
    let configured = Configured::start("").await;
    let admin = configured.server.admin().await;
    let group = admin.create_group("Team").await;
    let path = format!("/groups/{group}/messages");
    let sent = admin.post(&path, json!({"text": "hi"})).await.expect(StatusCode::CREATED);
    let message = format!("{path}/{}", sent["id"]);
    assert!(edits(&admin, &message).await);
    let asking = async {
        for _ in 0..50 {
            admin.get(&path).await.expect(StatusCode::OK);
        }
    };
    let settings = "[messages]\nedit_window = 1\n[rates]\nsearch = \"1/s burst 2\"\n[log]\nfilter = \"warn,groupchat=info\"\n";
    let (says, ()) = tokio::join!(configured.reload(settings, RELOADED), asking);
    for name in ["log.filter", "rates.search", "messages.edit_window"] {
        assert!(says.contains(name), "{says}");
    }
    // The message is older than a second soon.
    let deadline = tokio::time::Instant::now() + crate::harness::DEADLINE;
    while edits(&admin, &message).await {
        assert!(tokio::time::Instant::now() < deadline);
    }
    let searches: Vec<_> = futures_util::future::join_all((0..5).map(|_| admin.get("/groups?q=team"))).await;
    assert!(searches.iter().any(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS));
    // Requests are no longer logged.
    let lines = configured.lines();
    admin.get("/users/me").await.expect(StatusCode::OK);
    configured.server.stop().await;
    let last = fs::read_to_string(&configured.log).unwrap();
    assert!(!last[lines.len()..].contains("/api/users/me"), "{last}");
    drop(configured.data);
}

/// A new login of the admin that asks for a refresh token.
async fn log_in(server: &Server) -> Value {
    let body = json!({"username": "admin", "password": server.password, "refresh": true});
    server.anonymous().post("/login", body).await.expect(StatusCode::OK)
}

/// How many minutes the key and the refresh token of a new login last.
async fn lifetimes(server: &Server) -> [i64; 2] {
    let login = log_in(server).await;
    ["expires_at", "refresh_expires_at"].map(|field| {
        let end: jiff::Timestamp = login[field].as_str().unwrap().parse().unwrap();
        (end.duration_since(jiff::Timestamp::now()).as_secs() + 30) / 60
    })
}

#[tokio::test]
async fn settings_of_sessions_sign_up_and_factors_are_taken_over() {
    const DAY: i64 = 24 * 60;
    let always = "[password]\ncheck = \"off\"\n";
    let configured = Configured::start(always).await;
    let (server, admin) = (&configured.server, configured.server.admin().await);
    let sign_up = async |name: &str| {
        let body = json!({"username": name, "password": "password1"});
        server.anonymous().post("/sign-up", body).await
    };
    let refresh = async |login: &Value| {
        let body = json!({"refresh_token": login["refresh_token"]});
        server.anonymous().post("/login/refresh", body).await.status
    };
    assert_eq!(lifetimes(server).await, [60, 30 * DAY]);
    assert_eq!(sign_up("ada").await.status, StatusCode::FORBIDDEN);
    let login = log_in(server).await;
    assert_eq!([refresh(&login).await, refresh(&login).await], [StatusCode::OK; 2]);

    let settings =
        "[login]\nkey_minutes = 5\nrefresh_idle_days = 2\nrefresh_grace = 0\n[sign_up]\nopen = \"on\"\n";
    configured.reload(&format!("{always}{settings}"), RELOADED).await;
    assert_eq!(lifetimes(server).await, [5, 2 * DAY]);
    let login = log_in(server).await;
    assert_eq!([refresh(&login).await, refresh(&login).await], [StatusCode::OK, StatusCode::UNAUTHORIZED]);
    sign_up("ada").await.expect(StatusCode::CREATED);

    let settings = "[login]\nrefresh_idle_days = 2\nrefresh_days = 1\nfactor_required_of = \"admins\"\n";
    configured.reload(&format!("{always}{settings}"), RELOADED).await;
    assert_eq!(lifetimes(server).await, [60, DAY]);
    let refused = admin.get("/groups").await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::FORBIDDEN, &json!("factor_required")));
    let ada = server.login("ada", "password1").await;
    ada.get("/groups").await.expect(StatusCode::OK);
    configured.reload(&format!("{always}[login]\nfactor_required_of = \"all\"\n"), RELOADED).await;
    assert_eq!(ada.get("/groups").await.status, StatusCode::FORBIDDEN);
    configured.server.stop().await;
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing_and_the_next_one_does() {
    let configured = Configured::start("[http]\nallowed_origins = [\"https://a.example\"]\n").await;
    let broken = "[http]\nallowed_origins = []\n[rates]\nsend = \"fast\"\n[colour]\nred = 1\n";
    let says = configured.reload(broken, "the configuration stays as it was").await;
    assert!(says.contains("rates.send") && says.contains("colour.red"), "{says}");
    let reader = async || {
        let url = format!("{}/version", configured.server.url);
        let asked = reqwest::Client::new().get(url).header("Origin", "https://a.example");
        asked.send().await.unwrap().headers().contains_key("access-control-allow-origin")
    };
    assert!(reader().await);
    let says = configured.reload("[http]\nallowed_origins = []\n", RELOADED).await;
    assert!(says.contains("http.allowed_origins"), "{says}");
    assert!(!reader().await);
    configured.server.stop().await;
}

#[tokio::test]
async fn what_needs_a_restart_is_named() {
    let configured = Configured::start("").await;
    let says = configured.reload("workers = 3\n", "these need a restart").await;
    assert!(says.contains("workers"), "{says}");
    configured.server.anonymous().get("/health").await.expect(StatusCode::OK);
    configured.server.stop().await;
}
