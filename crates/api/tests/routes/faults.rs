//! What callers learn when the storage fails: that it did, when to try again, and nothing of why.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    HashCaller, KeyHash, Password, PasswordCheck, PasswordHash, PasswordHasher, Verification,
};
use groupchat_domain::events::LoggedEvent;
use groupchat_domain::storage::{Access, BoxFuture, Condition, Done, EventSink, Storage, StorageFault, Work};
use groupchat_infra::clock::SystemClock;
use serde_json::json;

use crate::harness::{Answer, Database, Outbox, PASSWORD, Server, assert_fields};

/// A storage of which every command fails alike.
struct Faulty {
    fault: StorageFault,
    knows_keys: bool,
}

impl Storage for Faulty {
    fn submit(&self, _: Access, _: Work) -> Done {
        let fault = self.fault.clone();
        Box::pin(async { Err(fault) })
    }

    fn knows_key(&self, _: &KeyHash) -> bool {
        self.knows_keys
    }
}

/// Some reads, some writes, some flows of several commands; on a storage that fails.
async fn answers(fault: StorageFault) -> Vec<Answer> {
    let mut answers = Vec::new();
    for knows_keys in [false, true] {
        let server = Server::on(Arc::new(Faulty { fault: fault.clone(), knows_keys })).await;
        let client = server.with_key("gc_any".to_owned());
        let (path, login) = ("/api/users/me/password", json!({"username": "ann", "password": PASSWORD}));
        answers.extend([
            client.get("/api/users/me").await,
            client.get("/api/groups?q=x").await,
            client.post("/api/groups", json!({"name": "x"})).await,
            client.post("/api/groups/1/messages", json!({"text": "x"})).await,
            client.delete("/api/users/1").await,
            client.put(path, json!({"current": PASSWORD, "new": PASSWORD})).await,
            client.post("/api/users", login.clone()).await,
            client.patch("/api/users/1", json!({"password": PASSWORD})).await,
            client.post_empty("/api/logout").await,
            server.nobody().post("/api/login", login).await,
            server.nobody().get("/api/health").await,
        ]);
    }
    answers
}

/// Checks that all answers are alike and tell no more than they must.
async fn assert_answered(fault: StorageFault, status: u16, code: &str, retry_after: Option<&str>) {
    for answer in answers(fault).await {
        assert_eq!(answer.header("retry-after"), retry_after, "{answer}");
        assert!(!answer.text().contains("users.db"), "{answer}");
        let problem = answer.refused(status, code);
        let mut members = vec!["type", "title", "status", "code", "detail"];
        members.extend((status == 500).then_some("request_id"));
        assert_fields(&problem, &members);
    }
}

fn reason() -> String {
    "I/O error at users.db".to_owned()
}

#[actix_web::test]
async fn a_full_queue_tells_when_to_come_again() {
    let fault = StorageFault::Overloaded { retry_after: Duration::from_millis(6_001) };
    assert_answered(fault, 503, "overloaded", Some("7")).await;
}

#[actix_web::test]
async fn a_database_that_cannot_be_used_is_a_503() {
    assert_answered(StorageFault::Unavailable { reason: reason() }, 503, "unavailable", Some("1")).await;
}

#[actix_web::test]
async fn a_read_that_takes_too_long_is_a_503() {
    assert_answered(StorageFault::TimedOut, 503, "overloaded", Some("1")).await;
}

#[actix_web::test]
async fn an_unknown_outcome_is_called_so() {
    assert_answered(StorageFault::OutcomeUnknown, 503, "outcome_unknown", Some("1")).await;
}

#[actix_web::test]
async fn a_command_that_panics_is_a_500() {
    assert_answered(StorageFault::Panicked, 500, "internal", None).await;
}

#[actix_web::test]
async fn an_unforeseen_failure_is_a_500() {
    assert_answered(StorageFault::Internal { reason: reason() }, 500, "internal", None).await;
}

/// A storage that breaks the handler itself.
struct Panicking;

impl Storage for Panicking {
    fn submit(&self, _: Access, _: Work) -> Done {
        panic!("in a test")
    }

    fn knows_key(&self, _: &KeyHash) -> bool {
        true
    }
}

#[actix_web::test]
async fn a_handler_that_panics_is_a_500_and_the_next_request_is_served() {
    let server = Server::on(Arc::new(Panicking)).await;
    let client = server.with_key("gc_any".to_owned());
    let problem = client.get("/api/users/me").await.refused(500, "internal");
    assert_fields(&problem, &["type", "title", "status", "code", "detail", "request_id"]);
    client.post("/api/groups", json!({"name": "x"})).await.refused(500, "internal");
    client.get("/api/version").await.ok();
}

/// Nor can the time of the answer tell whether there is such an account.
#[actix_web::test]
async fn a_request_for_a_mail_looks_at_nothing() {
    let outbox = Arc::new(Outbox::with_room(2));
    let server = Server::on(Arc::new(Panicking)).await.with_mails(outbox).await;
    for account in [json!({"username": "ann"}), json!({"email": "ann@example.org"})] {
        let answer = server.nobody().post("/api/password-resets", account).await;
        assert_eq!(answer.status(), 202, "{answer}");
    }
}

/// A storage that never answers a write.
struct Stuck;

impl Storage for Stuck {
    fn submit(&self, _: Access, _: Work) -> Done {
        Box::pin(std::future::pending())
    }

    fn knows_key(&self, _: &KeyHash) -> bool {
        true
    }
}

#[actix_web::test]
async fn a_server_whose_database_hangs_is_not_well() {
    let server = Server::on(Arc::new(Stuck)).await;
    server.nobody().get("/api/health").await.refused(503, "unavailable");
}

/// A hasher for which too many wait already.
struct Busy;

impl PasswordHasher for Busy {
    fn hash(&self, _: HashCaller, _: Password) -> BoxFuture<'static, Result<PasswordHash, Error>> {
        Box::pin(async { Err(Error::Busy { retry_after: Duration::from_secs(5) }) })
    }

    fn verify(&self, _: HashCaller, _: PasswordCheck) -> BoxFuture<'static, Result<Verification, Error>> {
        Box::pin(async { Err(Error::Busy { retry_after: Duration::from_secs(5) }) })
    }
}

#[actix_web::test]
async fn a_burst_of_logins_is_told_when_to_come_again() {
    let server = Server::start().await;
    let (root, bob) = (server.admin("root").await, server.user("bob").await);
    let busy = server.with_hasher(Arc::new(Busy)).await;
    let root = busy.with_key(root.key().to_owned());
    let login = json!({"username": "root", "password": PASSWORD});
    let draft = json!({"username": "ann", "password": PASSWORD});
    for answer in [
        busy.nobody().post("/api/login", login).await,
        root.post("/api/users", draft).await,
        root.put("/api/users/me/password", json!({"current": PASSWORD, "new": PASSWORD})).await,
        root.patch(&format!("/api/users/{}", bob.id()), json!({"password": PASSWORD})).await,
    ] {
        assert_eq!(answer.header("retry-after"), Some("5"), "{answer}");
        answer.refused(503, "overloaded");
    }
    root.post("/api/groups", json!({"name": "still works"})).await.created();
}

/// A storage that works, and says that it is in some condition.
struct InCondition(Arc<dyn Storage>, Condition);

impl Storage for InCondition {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(&*self.0)
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.0.submit(access, work)
    }

    fn condition(&self) -> Condition {
        self.1
    }
}

struct Unheard;

impl EventSink for Unheard {
    fn publish(&self, _: &[LoggedEvent]) {}
}

#[actix_web::test]
async fn health_tells_the_condition_of_what_is_stored() {
    let database = Database::create();
    let storage = database.open(Arc::new(SystemClock), Arc::new(Unheard));
    for (condition, status) in [(Condition::Sound, "ok"), (Condition::Checking, "checking")] {
        let server = Server::on(Arc::new(InCondition(storage.clone(), condition))).await;
        assert_eq!(server.nobody().get("/api/health").await.ok()["status"], status);
    }
    for condition in [Condition::Damaged, Condition::NoRoom] {
        let server = Server::on(Arc::new(InCondition(storage.clone(), condition))).await;
        server.nobody().get("/api/health").await.refused(503, "unavailable");
    }
}
