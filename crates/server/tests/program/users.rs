//! Users managed on the command line while the server runs: it takes effect at the next request.

use reqwest::StatusCode;
use serde_json::json;

use crate::commands::{complaint, json, printed, run, run_with_input};
use crate::harness::{Server, data, folder};

#[tokio::test]
async fn a_demoted_admin_and_a_promoted_user_change_places_at_the_next_request() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    // A key of her own: the one that came with the account changes no credentials.
    admin.create_user("ada").await;
    let ada = server.login("ada", "correct horse").await;
    let create = |name: &str| json!({"username": name, "password": "correct horse"});
    ada.post("/users", create("one")).await.expect(StatusCode::FORBIDDEN);

    let promoted = json(&run(&data, &["user", "promote", "ADA", "--json"]).await);
    assert_eq!((&promoted["username"], &promoted["is_admin"]), (&json!("ada"), &json!(true)));
    ada.post("/users", create("two")).await.expect(StatusCode::CREATED);
    printed(&run(&data, &["user", "demote", "admin"]).await);
    admin.post("/users", create("three")).await.expect(StatusCode::FORBIDDEN);

    let words = complaint(&run(&data, &["user", "demote", "ada"]).await);
    assert!(words.contains("last server admin"), "{words}");
    let words = complaint(&run(&data, &["user", "delete", "ada"]).await);
    assert!(words.contains("last server admin"), "{words}");
    server.stop().await;
}

#[tokio::test]
async fn a_deleted_users_key_ends_at_the_next_request() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let ada = admin.create_user("ada").await;
    ada.get("/users/me").await.expect(StatusCode::OK);
    printed(&run(&data, &["user", "delete", "ada"]).await);
    ada.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    // The name is free again, and the server goes on numbering events after those of the other process.
    admin.create_user("ada").await;
    let words = complaint(&run(&data, &["user", "delete", "nobody"]).await);
    assert!(words.contains("no such user"), "{words}");
    server.stop().await;
}

#[tokio::test]
async fn a_suspended_user_is_signed_out_until_resumed() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    admin.create_user("ada").await;
    let ada = server.login("ada", "correct horse").await;
    let suspended = json(&run(&data, &["user", "suspend", "ADA", "--json"]).await);
    assert_eq!((&suspended["username"], &suspended["suspended"]), (&json!("ada"), &json!(true)));
    ada.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    let listed = printed(&run(&data, &["user", "list"]).await);
    assert!(listed.contains("suspended"), "{listed}");
    printed(&run(&data, &["user", "resume", "ada"]).await);
    server.login("ada", "correct horse").await.get("/users/me").await.expect(StatusCode::OK);
    let words = complaint(&run(&data, &["user", "suspend", "admin"]).await);
    assert!(words.contains("last server admin"), "{words}");
    server.stop().await;
}

#[tokio::test]
async fn a_user_without_their_authenticator_is_let_in_again() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    admin.create_user("ada").await;
    let ada = server.login("ada", "correct horse").await;
    let printed = printed(&run(&data, &["user", "reset-mfa", "ADA"]).await);
    assert!(printed.contains("ada (id 2) has no second factor"), "{printed}");
    ada.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    server.login("ada", "correct horse").await.get("/users/me/mfa").await.expect(StatusCode::OK);
    let words = complaint(&run(&data, &["user", "reset-mfa", "nobody"]).await);
    assert!(words.contains("no such user"), "{words}");
    server.stop().await;
}

#[tokio::test]
async fn a_new_password_ends_every_session() {
    let data = data();
    let server = Server::start(&data).await;
    let admin = server.admin().await;
    let set = ["user", "set-password", "admin", "--password-stdin"];
    printed(&run_with_input(&data, &set, "battery staple\n").await);
    admin.get("/users/me").await.expect(StatusCode::UNAUTHORIZED);
    server.login("admin", "battery staple").await.get("/users/me").await.expect(StatusCode::OK);

    let made_up = json(&run(&data, &["user", "set-password", "admin", "--json"]).await);
    server.login("admin", made_up["password"].as_str().unwrap()).await;
    let words = complaint(&run_with_input(&data, &set, "short\n").await);
    assert!(words.contains("at least 8 characters"), "{words}");
    let words = complaint(&run_with_input(&data, &set, "password1\n").await);
    assert!(words.contains("is easy to guess"), "{words}");
    let own = folder();
    let config = own.path().join("own.toml");
    std::fs::write(&config, "[password]\ncheck = \"off\"\n").unwrap();
    let any = [&set[..], &["--config", config.to_str().unwrap()]].concat();
    printed(&run_with_input(&data, &any, "password1\n").await);
    server.stop().await;
}

#[tokio::test]
async fn the_list_is_whole_in_json_and_readable_in_a_table() {
    let data = data();
    let made = ["user", "create", "--json", "--username", "zoe", "--display-name", "Zoë", "--admin"];
    let zoe = json(&run(&data, &made).await);
    assert!(zoe["password"].is_string(), "a password was made up");
    run(&data, &["user", "create", "--username", "ada", "--email", "ada@example.org"]).await;

    let listed = json(&run(&data, &["user", "list", "--json"]).await);
    let names: Vec<_> = listed.as_array().unwrap().iter().map(|user| user["username"].clone()).collect();
    assert_eq!(names, ["ada", "zoe"]);
    assert_eq!(listed[0]["email"], "ada@example.org");
    assert_eq!(listed[1], {
        let mut zoe = zoe;
        zoe.as_object_mut().unwrap().remove("password");
        zoe
    });
    let found = json(&run(&data, &["user", "list", "--json", "--search", "ZOË"]).await);
    assert_eq!(found.as_array().unwrap().len(), 1);

    let table = printed(&run(&data, &["user", "list"]).await);
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("ID  ROLE   CREATED"), "{table}");
    assert!(lines[2].starts_with("1   admin  20") && lines[2].ends_with("Zoë"), "{table}");
}

#[tokio::test]
async fn a_command_that_cant_be_understood_ends_with_2() {
    let data = data();
    for arguments in
        [&["user", "promote"][..], &["backup"], &["restore", "--nonsense"], &["completions", "dos"]]
    {
        assert_eq!(run(&data, arguments).await.status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test]
async fn every_shell_gets_its_script() {
    let data = data();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = printed(&run(&data, &["completions", shell]).await);
        assert!(script.contains("set-password"), "{shell}");
    }
}
