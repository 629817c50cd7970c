//! Settings from everywhere, what is rejected, and that each has its effect.

use std::path::Path;
use std::process::Output;

use reqwest::header::HeaderMap;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Server, data, folder, program, serve};

/// Runs the program in this folder to its end.
async fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let mut command = program();
    command.current_dir(folder).env_remove("GROUPCHAT_LOG_FILTER");
    let output = command.args(arguments).envs(variables.iter().copied()).output().await.unwrap();
    let Output { status, stdout, stderr } = output;
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[tokio::test]
async fn a_wrong_configuration_is_refused_at_the_start() {
    let folder = folder();
    std::fs::write(folder.path().join("groupchat.toml"), "listen = 5000\n[log]\ncolour = true\n").unwrap();
    for command in [&["serve"][..], &[], &["user", "list"], &["check"]] {
        let (code, _, words) = run(folder.path(), command, &[("GROUPCHAT_LISTEM", "x")]).await;
        assert_eq!(code, 2, "{words}");
        for name in ["log.colour (file groupchat.toml)", "GROUPCHAT_LISTEM (variable GROUPCHAT_LISTEM)"] {
            assert!(words.contains(name), "{words}");
        }
    }
    std::fs::write(folder.path().join("groupchat.toml"), "listen = 5000\n").unwrap();
    let (code, _, words) = run(folder.path(), &["serve", "--workers", "many"], &[]).await;
    assert_eq!(code, 2, "{words}");
    assert!(words.contains("workers = \"many\" (flag --workers): must be an integer"), "{words}");
    assert!(words.contains("listen = 5000, an integer (file groupchat.toml): must be an address"), "{words}");
    assert!(!folder.path().join("data").exists(), "nothing was begun");
}

#[tokio::test]
async fn what_holds_is_shown_with_where_it_comes_from() {
    let folder = folder();
    std::fs::write(folder.path().join("groupchat.toml"), "workers = 1\n[storage]\nreaders = 3\n").unwrap();
    let variables = [("GROUPCHAT_WORKERS", "2"), ("GROUPCHAT_DATA_DIR", "elsewhere")];
    let show = ["config", "show", "--log-format", "json", "--json"];
    let (code, shown, words) = run(folder.path(), &show, &variables).await;
    assert_eq!(code, 0, "{words}");
    let shown: Vec<Value> = serde_json::from_str(&shown).unwrap();
    let row = |name: &str| shown.iter().find(|row| row["name"] == name).unwrap();
    for (name, value, origin, place) in [
        ("workers", "2", "variable", json!("GROUPCHAT_WORKERS")),
        ("data_dir", "elsewhere", "variable", json!("GROUPCHAT_DATA_DIR")),
        ("storage.readers", "3", "file", json!("groupchat.toml")),
        ("log.format", "json", "flag", json!("--log-format")),
        ("login.lifetime", "30", "default", json!(null)),
    ] {
        let row = row(name);
        let found = (&row["value"], &row["origin"], &row["place"]);
        assert_eq!(found, (&json!(value), &json!(origin), &place), "{name}");
    }
    assert_eq!(row("login.lifetime")["unit"], "days");
    let (_, text, _) = run(folder.path(), &["config", "show"], &variables).await;
    let line = text.lines().find(|line| line.starts_with("workers ")).unwrap();
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["workers", "2", "variable", "GROUPCHAT_WORKERS"]
    );
}

#[tokio::test]
async fn a_database_that_cant_be_used_is_refused_without_its_password() {
    let folder = folder();
    let mut refused = vec![("mysql://root:hunter2@db/chat", "must be empty")];
    if cfg!(not(feature = "postgres")) {
        refused.push(("postgres://ann:hunter2@db/chat", "built without PostgreSQL"));
    }
    for (url, reason) in refused {
        for command in [&["serve"][..], &["user", "list"], &["check"], &["backup", "x"], &["config", "show"]]
        {
            let (code, out, words) = run(folder.path(), command, &[("GROUPCHAT_DATABASE_URL", url)]).await;
            assert_eq!(code, 2, "{words}");
            assert!(words.contains(reason) && !format!("{out}{words}").contains("hunter2"), "{words}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was begun");
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn the_password_of_the_database_is_not_shown() {
    let folder = folder();
    std::fs::write(folder.path().join("groupchat.toml"), "database_url = 'postgres://ann:hunter2@db/chat'")
        .unwrap();
    for form in [None, Some("--json"), Some("--markdown")] {
        let arguments: Vec<_> = ["config", "show"].into_iter().chain(form).collect();
        let (code, shown, words) = run(folder.path(), &arguments, &[]).await;
        assert_eq!(code, 0, "{words}");
        assert!(!format!("{shown}{words}").contains("hunter2"), "{shown}");
        assert!(form == Some("--markdown") || shown.contains("postgres://ann:********@db/chat"), "{shown}");
    }
}

#[tokio::test]
async fn the_documentation_lists_every_setting() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");
    let text = std::fs::read_to_string(FILE).unwrap();
    let (begin, end) = ("<!-- table of settings -->\n", "<!-- end of table -->");
    let (before, rest) = text.split_once(begin).expect("the table begins");
    let (table, after) = rest.split_once(end).expect("the table ends");
    let (_, expected, _) = run(folder().path(), &["config", "show", "--markdown"], &[]).await;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let blank = |text: &str| text.chars().take_while(|c| c.is_whitespace()).collect::<String>();
        let (lead, tail) = (blank(table), &table[table.trim_end().len()..]);
        let page = format!("{before}{begin}{lead}{}{tail}{end}{after}", expected.trim());
        std::fs::write(FILE, page).unwrap();
        return;
    }
    let missing: Vec<_> = expected.lines().filter(|row| !table.lines().any(|known| known == *row)).collect();
    assert!(
        missing.is_empty(),
        "docs/OPERATIONS.md lacks (or run `UPDATE_DOCS=1 cargo test`): {}",
        missing.join("\n")
    );
    assert_eq!(table.trim(), expected.trim());
}

#[tokio::test]
async fn settings_take_effect() {
    let data = data();
    let file = data.path().join("chat.toml");
    let text = "public_url = \"https://chat.example.org\"\ntrusted_proxies = [\"127.0.0.0/8\"]\nworkers = 1\n\
                [login]\nlifetime = 1\nattempts_per_account = 1\n[storage]\nreaders = 1\nqueue = 8\n";
    std::fs::write(&file, text).unwrap();
    let mut command = serve(&data);
    command.arg("--config").arg(&file).env("GROUPCHAT_PASSWORD_COST", "10");
    let server = Server::spawn(command).await;

    let document = server.anonymous().get("/openapi.json").await.expect(StatusCode::OK);
    assert_eq!(document["servers"], json!([{"url": "https://chat.example.org"}]));

    let login = |password: String| {
        let body = json!({"username": "admin", "password": password});
        let headers = [("X-Forwarded-For", "198.51.100.7, 192.0.2.5, 127.0.0.2")];
        let headers: HeaderMap = headers
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .into_iter()
            .collect();
        let url = format!("{}/login", server.url);
        async move { Client::new().post(url).headers(headers).json(&body).send().await.unwrap() }
    };
    let answer: Value = login(server.password.clone().unwrap()).await.json().await.unwrap();
    let admin = server.anonymous().with_key(answer["api_key"].as_str().unwrap());
    let sessions = admin.get("/sessions").await.expect(StatusCode::OK);
    let session = &sessions["items"][0];
    assert_eq!(session["address"], "192.0.2.5");
    let day = |time: &Value| time.as_str().unwrap()[..10].parse::<jiff::civil::Date>().unwrap();
    let days = day(&session["expires_at"]) - day(&session["created_at"]);
    assert_eq!(days.get_days(), 1);

    let wrong = || login("wrong password".to_owned());
    assert_eq!(wrong().await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(wrong().await.status(), StatusCode::TOO_MANY_REQUESTS);
    server.stop().await;
}
