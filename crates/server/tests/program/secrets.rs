//! Other keys for secrets, while servers run and people sign in with one-time passwords.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use groupchat_domain::factors::Totp;
use groupchat_domain::ids::UserId;
use groupchat_domain::secrets::Sealer;
use groupchat_infra::secrets::{KeySource, RingSealer, SecretKey, read_key_file, write_key_file};
use reqwest::StatusCode;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::check::outcome_of;
use crate::commands::{complaint, json, printed, run};
use crate::harness::{Api, Data, Database, Server, data, program, serve};

const KEYS_IN_USE: &str = "SELECT count(DISTINCT key_id) AS count FROM totp";

async fn start(data: &Data) -> Server {
    let mut command = serve(data);
    command.args(["--password-cost", "10"]);
    Server::spawn(command).await
}

/// All servers of a test: two where two can use one database.
async fn servers(data: &Data) -> Vec<Server> {
    let mut servers = vec![start(data).await];
    if cfg!(feature = "postgres") {
        servers.push(start(data).await);
    }
    servers
}

fn key_file(data: &Data) -> PathBuf {
    data.path().join("secrets.key")
}

/// Lets the file look as if nobody had changed it lately.
fn settle(data: &Data) {
    let file = File::options().write(true).open(key_file(data)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(120)).unwrap();
}

/// Somebody with an authenticator.
pub(crate) struct Person {
    name: String,
    secret: Vec<u8>,
    used: Vec<u64>,
}

impl Person {
    /// Creates an account with one-time passwords.
    pub(crate) async fn create(admin: &Api, server: &Server, name: &str) -> Self {
        admin.create_user(name).await;
        let own = server.login(name, "correct horse").await;
        let begun = own.post("/users/me/mfa/totp", json!({"password": "correct horse"})).await;
        let begun = begun.expect(StatusCode::OK);
        let secret = Secret::try_from_base32(begun["secret"].as_str().unwrap()).unwrap();
        let mut person = Self { name: name.to_owned(), secret: secret.as_bytes().to_vec(), used: Vec::new() };
        let code = json!({"code": person.code()});
        own.post("/users/me/mfa/totp/confirm", code).await.expect(StatusCode::OK);
        person
    }

    /// A code that is good now and wasn't used yet: there are three.
    pub(crate) fn code(&mut self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30;
        // The oldest that is certainly good for a while first.
        let step =
            [now, now + 1, now - 1].into_iter().find(|step| !self.used.contains(step)).expect("a code");
        self.used.push(step);
        let totp = Builder::new().with_secret(self.secret.clone()).build_noncompliant();
        totp.generate(step * 30).to_string()
    }

    /// Signs in with password and code; what comes of the code.
    async fn sign_in(&mut self, server: &Server) -> (StatusCode, Value) {
        let ticket = self.begin(server).await;
        self.finish(server, &ticket).await
    }

    /// Shows the password, for a ticket.
    pub(crate) async fn begin(&self, server: &Server) -> Value {
        let login = json!({"username": self.name, "password": "correct horse"});
        let half = server.anonymous().post("/login", login).await.expect(StatusCode::UNAUTHORIZED);
        assert_eq!(half["code"], "mfa_required");
        half["ticket"].clone()
    }

    /// Shows the ticket with a code; what comes of it.
    async fn finish(&mut self, server: &Server, ticket: &Value) -> (StatusCode, Value) {
        let answer =
            server.anonymous().post("/login/mfa", json!({"ticket": ticket, "code": self.code()})).await;
        (answer.status, answer.body)
    }
}

/// What `groupchat check` says about secrets.
async fn secrets_of(data: &Data) -> Value {
    outcome_of(&json(&run(data, &["check", "--json", "--quick"]).await), "secrets")
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rotate_while_people_sign_in() {
    let data = data();
    let servers = servers(&data).await;
    let admin = servers[0].admin().await;
    let mut people = Vec::new();
    for nth in 0..8 {
        people.push(Person::create(&admin, &servers[0], &format!("user{nth}")).await);
    }
    let first = read_key_file(&key_file(&data)).unwrap().unwrap();

    // The key is rotated four times. Each time, one shows a code meanwhile, and one after that with a ticket from before.
    for (nth, pair) in people.chunks_mut(2).enumerate() {
        let [meanwhile, after] = pair else { panic!("a pair") };
        let at = |nth: usize| &servers[nth % servers.len()];
        let tickets = [meanwhile.begin(at(nth)).await, after.begin(at(nth + 1)).await];
        let options = ["secrets", "rotate", "--json"];
        let (rotated, (status, body)) =
            tokio::join!(run(&data, &options), meanwhile.finish(at(nth), &tickets[0]));
        assert_eq!(status, StatusCode::OK, "{body}");
        let shown = json(&rotated);
        assert_eq!(
            (&shown["added"], &shown["secrets"], &shown["unreadable"]),
            (&json!(true), &json!(8), &json!(0))
        );
        let (status, body) = after.finish(at(nth + 1), &tickets[1]).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    let ring = read_key_file(&key_file(&data)).unwrap().unwrap();
    assert_eq!(ring.keys().len(), 5);
    assert_eq!(ring.keys().last(), first.keys().last(), "the old ones stay behind the new ones");
    assert_eq!(Database::open(&data).count(KEYS_IN_USE), 1);

    // Without the old keys all goes on.
    settle(&data);
    let dropped = json(&run(&data, &["secrets", "prune", "--json"]).await);
    assert_eq!(dropped["dropped"].as_array().unwrap().len(), 4);
    assert_eq!(read_key_file(&key_file(&data)).unwrap().unwrap().keys(), [ring.newest().clone()]);
    assert!(printed(&run(&data, &["secrets", "prune"]).await).contains("none was dropped"));
    for (nth, person) in people.iter_mut().enumerate() {
        let (status, body) = person.sign_in(&servers[(nth + 1) % servers.len()]).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
    assert_eq!(secrets_of(&data).await, "ok");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(key_file(&data)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "as before");
    }
    for (action, times) in [("secrets.key_rotated", 4), ("secrets.keys_pruned", 1)] {
        let audited = format!(
            "SELECT count(*) AS count FROM audit_log WHERE party = 'operator' AND action = '{action}'"
        );
        assert_eq!(Database::open(&data).count(&audited), times, "{action}");
    }
    for server in servers {
        server.stop().await;
    }
}

/// Users with secrets, more than a step takes, without anybody who could use them.
fn fill(data: &Data, sealer: &RingSealer, users: i64) {
    let mut database = Database::open(data);
    database.execute(&format!(
        "INSERT INTO users (username, username_key, is_admin, password_hash, version, created_at)
            WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {users})
            SELECT 'bulk' || n, 'bulk' || n, FALSE, 'hash', 1, 1 FROM numbers"
    ));
    let first = database.count("SELECT min(id) AS count FROM users WHERE username LIKE 'bulk%'");
    let blob = |bytes: &[u8]| {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if cfg!(feature = "postgres") { format!("'\\x{digits}'::bytea") } else { format!("x'{digits}'") }
    };
    let rows = (first..first + users).map(|id| {
        let sealed = sealer.seal(&Totp::context(UserId::new(id)), &[7; 20]).unwrap();
        format!("({id}, {}, {}, 1, {})", blob(&sealed.bytes), sealed.key.get(), blob(&[]))
    });
    let rows = rows.collect::<Vec<_>>().join(", ");
    database.execute(&format!(
        "INSERT INTO totp (user_id, secret, key_id, created_at, used_steps) VALUES {rows}"
    ));
}

/// Whenever a rotation is killed, every secret can be read with what is in the file; and the next one finishes it.
#[tokio::test]
async fn a_rotation_that_is_killed_loses_nothing_and_is_finished_by_the_next() {
    let data = data();
    let server = start(&data).await;
    let sealer = RingSealer::new(KeySource::File(key_file(&data))).unwrap();
    fill(&data, &sealer, 450);
    let begun = std::time::Instant::now();
    json(&run(&data, &["secrets", "rotate", "--json"]).await);
    let whole = begun.elapsed();
    let mut unfinished = 0;
    for part in 1..=12 {
        let mut command = program();
        command.args(["secrets", "rotate"]).args(data.arguments()).envs(data.key_file());
        let mut rotation = command.spawn().unwrap();
        tokio::time::sleep(whole * part / 12).await;
        rotation.kill().await.unwrap();
        unfinished += Database::open(&data).count(KEYS_IN_USE) - 1;
        assert_eq!(secrets_of(&data).await, "ok");
        if read_key_file(&key_file(&data)).unwrap().unwrap().keys().len() > 15 {
            break;
        }
    }
    // Where it was killed between two steps, no other key is added.
    let keys = read_key_file(&key_file(&data)).unwrap().unwrap().keys().len();
    let is_unfinished = Database::open(&data).count(KEYS_IN_USE) > 1;
    let shown = json(&run(&data, &["secrets", "rotate", "--json"]).await);
    assert_eq!(
        (&shown["secrets"], &shown["unreadable"]),
        (&json!(450), &json!(0)),
        "{unfinished} were killed halfway"
    );
    if is_unfinished {
        assert_eq!(shown["added"], false);
        assert_eq!(read_key_file(&key_file(&data)).unwrap().unwrap().keys().len(), keys);
    }
    assert_eq!(Database::open(&data).count(KEYS_IN_USE), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_key_that_was_added_but_not_used_is_finished_without_another() {
    let data = data();
    let server = start(&data).await;
    let path = key_file(&data);
    fill(&data, &RingSealer::new(KeySource::File(path.clone())).unwrap(), 3);
    let old = read_key_file(&path).unwrap().unwrap();
    // As a rotation leaves it that was killed right after it had written the file.
    let both = old.with_newest(SecretKey::generate()).unwrap();
    write_key_file(&path, &both).unwrap();
    assert_eq!(json(&run(&data, &["secrets", "rotate", "--json"]).await)["added"], false);
    assert_eq!(read_key_file(&path).unwrap().unwrap(), both);
    // A key that is in use is never dropped.
    settle(&data);
    Database::open(&data).execute(&format!("UPDATE totp SET key_id = {}", old.newest().id().get()));
    assert_eq!(json(&run(&data, &["secrets", "prune", "--json"]).await)["dropped"], json!([]));
    server.stop().await;
}

/// Without the key, or with another one, codes don't work; all else does, and it is said.
#[tokio::test]
async fn a_wrong_or_missing_key_is_told_and_locks_nobody_out_for_good() {
    let data = data();
    let server = start(&data).await;
    let admin = server.admin().await;
    let mut ann = Person::create(&admin, &server, "ann").await;
    server.stop().await;
    let path = key_file(&data);
    let right = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let missing = complaint(&run(&data, &["secrets", "rotate"]).await);
    assert!(missing.contains("no file with keys"), "{missing}");
    std::fs::write(&path, format!("{}\n", SecretKey::generate().reveal())).unwrap();
    let server = start(&data).await;
    let (status, body) = ann.sign_in(&server).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &json!("not_configured")));
    let shown = json(&run(&data, &["secrets", "rotate", "--json"]).await);
    assert_eq!((&shown["secrets"], &shown["unreadable"]), (&json!(0), &json!(1)));
    let failed = run(&data, &["check", "--json", "--quick"]).await;
    assert_eq!(outcome_of(&serde_json::from_slice(&failed.stdout).unwrap(), "secrets"), "failed");
    // The server takes the right one as soon as it is there.
    std::fs::write(&path, right).unwrap();
    let (status, body) = ann.sign_in(&server).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    server.stop().await;
}

#[tokio::test]
async fn keys_in_a_setting_are_rotated_by_their_owner() {
    let data = data();
    let [old, new] = [0, 1].map(|_| SecretKey::generate());
    let with = |keys: &[&SecretKey]| {
        let keys: Vec<_> = keys.iter().map(|key| key.reveal()).collect();
        let mut command = program();
        command.args(data.arguments()).env("GROUPCHAT_SECRETS_KEY", keys.join(","));
        command
    };
    let mut serve = with(&[&old]);
    serve.args(["serve", "--listen", "127.0.0.1:0"]);
    let server = Server::spawn(serve).await;
    let ring = groupchat_infra::secrets::KeyRing::new(vec![old.clone()]).unwrap();
    fill(&data, &RingSealer::new(KeySource::Fixed(ring)).unwrap(), 2);
    let refused = with(&[&old]).args(["secrets", "rotate"]).output().await.unwrap();
    assert!(complaint(&refused).contains("--no-new-key"));
    let done =
        with(&[&new, &old]).args(["secrets", "rotate", "--no-new-key", "--json"]).output().await.unwrap();
    assert_eq!(json(&done)["secrets"], 2);
    let unused = printed(&with(&[&new, &old]).args(["secrets", "prune"]).output().await.unwrap());
    assert!(unused.contains("number 2 of the setting"), "{unused}");
    let key = printed(&with(&[]).args(["secrets", "new-key"]).output().await.unwrap());
    assert!(SecretKey::parse(key.trim()).is_some());
    server.stop().await;
}

/// Servers on several machines have copies of the file: until the new key is there, what is encrypted with it can't be
/// read, and nothing has to be restarted.
#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_server_with_a_copy_of_the_file_needs_the_new_one() {
    let data = data();
    let one = start(&data).await;
    let copy = data.path().join("copy.key");
    std::fs::copy(key_file(&data), &copy).unwrap();
    let mut command = serve(&data);
    command.args(["--password-cost", "10"]).env("GROUPCHAT_SECRETS_KEY_FILE", &copy);
    let other = Server::spawn(command).await;
    let mut ann = Person::create(&one.admin().await, &one, "ann").await;
    // With the key in both files first, none of them is without it.
    let ring = read_key_file(&copy).unwrap().unwrap();
    let behind = |last: SecretKey| [ring.keys(), &[last]].concat();
    let new = SecretKey::generate();
    let both = groupchat_infra::secrets::KeyRing::new(behind(new.clone())).unwrap();
    write_key_file(&copy, &both).unwrap();
    write_key_file(&key_file(&data), &ring.with_newest(new).unwrap()).unwrap();
    assert_eq!(json(&run(&data, &["secrets", "rotate", "--no-new-key", "--json"]).await)["secrets"], 1);
    assert_eq!(ann.sign_in(&other).await.0, StatusCode::OK);
    // Without, not until it is copied.
    json(&run(&data, &["secrets", "rotate", "--json"]).await);
    assert_eq!(ann.sign_in(&other).await.1["code"], "not_configured");
    std::fs::copy(key_file(&data), &copy).unwrap();
    one.stop().await;
    other.stop().await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn without_a_key_nobody_sets_up_one_time_passwords_and_a_start_says_so() {
    let data = data();
    let log = data.path().join("log");
    std::fs::create_dir_all(data.path()).unwrap();
    let mut command = serve(&data);
    command.env_remove("GROUPCHAT_SECRETS_KEY_FILE").stderr(File::create(&log).unwrap());
    command.args(["--password-cost", "10", "--public-url", "https://chat.example.org"]);
    let server = Server::spawn(command).await;
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(
        said.contains("the server has no key for secrets") && said.contains("secrets.key_file"),
        "{said}"
    );
    let admin = server.admin().await;
    admin.create_user("ann").await;
    let ann = server.login("ann", "correct horse").await;
    for path in ["/users/me/mfa/totp", "/users/me/mfa/passkeys"] {
        let refused =
            ann.post(path, json!({"password": "correct horse"})).await.expect(StatusCode::FORBIDDEN);
        assert_eq!(refused["code"], "not_configured", "{refused}");
    }
    server.stop().await;
    // Nothing was made where nobody would look for it.
    assert!(!key_file(&data).exists());
}
