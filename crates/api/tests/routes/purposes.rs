//! What an operation says its write is for, compared with what holds the write up.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use groupchat_api::problem::Code;
use groupchat_api::{FEATURES, ServerOptions};
use groupchat_domain::storage::{Access, Caller, DiskSpace, Done, Storage, Work, WriteLimiter, WritePurpose};

use serde_json::json;

use crate::harness::Server;
use crate::operations::{Operation, Scene, operations};

/// A storage that holds writes up.
struct Strained {
    inner: Arc<dyn Storage>,
    is_full: bool,
    is_limited: bool,
}

impl Storage for Strained {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(self.inner.as_ref())
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.inner.submit(access, work)
    }

    fn write_limiter(&self) -> Option<&dyn WriteLimiter> {
        self.is_limited.then_some(self)
    }

    fn disk_space(&self) -> Option<&dyn DiskSpace> {
        self.is_full.then_some(self)
    }
}

impl WriteLimiter for Strained {
    fn take(&self, _: Caller, _: usize) -> Result<(), Duration> {
        Err(Duration::from_secs(1))
    }
}

/// A storage that lets no large writes through.
struct Frugal(Arc<dyn Storage>);

impl Storage for Frugal {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(self.0.as_ref())
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        self.0.submit(access, work)
    }

    fn write_limiter(&self) -> Option<&dyn WriteLimiter> {
        Some(self)
    }
}

impl WriteLimiter for Frugal {
    fn take(&self, _: Caller, bytes: usize) -> Result<(), Duration> {
        if bytes < 64 << 10 { Ok(()) } else { Err(Duration::from_secs(2)) }
    }
}

impl DiskSpace for Strained {
    fn is_nearly_full(&self) -> bool {
        true
    }
}

/// The same server in three kinds of need.
struct Servers {
    full: Server,
    limited: Server,
    /// No user may have a request in flight.
    busy: Server,
}

impl Servers {
    async fn of(server: &Server) -> Self {
        let strained = |is_full, is_limited| {
            let inner = server.state().storage.clone();
            server.with_storage(Arc::new(Strained { inner, is_full, is_limited }))
        };
        let options = ServerOptions { requests_per_caller: 0, ..ServerOptions::default() };
        Self {
            full: strained(true, false).await,
            limited: strained(false, true).await,
            busy: server.with_options(options).await,
        }
    }

    /// Which of them reject a call of an operation, each in a scene of its own: some calls end the session.
    async fn rejecting(&self, server: &Server, operation: &Operation, number: usize) -> [bool; 3] {
        let mut rejecting = [false; 3];
        let strained = [(&self.full, 507), (&self.limited, 429), (&self.busy, 429)];
        for (index, (strained, status)) in strained.into_iter().enumerate() {
            let scene = Scene::set(server, number * 3 + index).await;
            let caller = scene.caller(match operation {
                _ if is_for_admins(operation) => "server admin",
                _ if operation.needs_factor() => "readonly",
                _ => "owner",
            });
            // A key counts as its user's once it was used.
            caller.get("/api/users/me").await.ok();
            let (path, body) = (scene.path(&operation.template, 1), scene.body(operation));
            let client = strained.with_key(caller.key().to_owned());
            let answer = client.call(operation.method.clone(), &path, body.as_ref()).await;
            rejecting[index] = answer.status() == status;
        }
        rejecting
    }
}

fn declared(operation: &Operation) -> groupchat_api::feature::Operation {
    let mut declared = FEATURES.iter().flat_map(|feature| feature.operations);
    *declared.find(|declared| declared.id == operation.id()).expect("a feature has the operation")
}

fn is_for_admins(operation: &Operation) -> bool {
    declared(operation).refusals.contains(&Code::AdminOnly)
}

/// What should be rejected while the disk is full, above the rate limit, and with too many requests in flight. Admins
/// go on while the disk is full.
fn expected(operation: &Operation) -> [bool; 3] {
    let purpose = declared(operation).purpose;
    let is_held_up = purpose != WritePurpose::Secure;
    [purpose == WritePurpose::Grow && !is_for_admins(operation), is_held_up, is_held_up]
}

#[actix_web::test]
async fn each_write_is_held_up_by_what_its_purpose_says() {
    let server = Server::start().await;
    let servers = Servers::of(&server).await;
    let writes = operations(&server).await.into_iter();
    let writes = writes.filter(|operation| operation.method != Method::GET && operation.needs_key());
    // What comes before the write takes an authenticator.
    let writes = writes.filter(|operation| !operation.template.contains("/passkeys"));
    let mut wrong = Vec::new();
    for (number, operation) in writes.enumerate() {
        let found = servers.rejecting(&server, &operation, number).await;
        if found != expected(&operation) {
            wrong.push(format!(
                "{}: rejected on a full disk, above the rate limit, with too many requests in flight: {found:?}. Make \
                 its handler, {} and crates/api/src/limits/admission.rs agree",
                operation.row(),
                operation.file(),
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[actix_web::test]
async fn a_batch_counts_as_much_as_its_users_one_by_one() {
    let server = Server::start().await;
    let frugal = server.with_storage(Arc::new(Frugal(server.state().storage.clone()))).await;
    let ann = server.user("ann").await;
    let group = ann.new_group("Team").await;
    let ann = frugal.with_key(ann.key().to_owned());
    let batch = |users: i64| json!({"user_ids": Vec::from_iter(1_000..1_000 + users)});
    let path = format!("{group}/members/batch");
    ann.post(&path, batch(64)).await.ok();
    let answer = ann.post(&path, batch(65)).await;
    assert_eq!(answer.header("retry-after"), Some("2"));
    answer.refused(429, "too_many_requests");
}

#[actix_web::test]
async fn an_invitation_and_a_request_count_as_much_as_many_messages() {
    let server = Server::start().await;
    let frugal = server.with_storage(Arc::new(Frugal(server.state().storage.clone()))).await;
    let (ann, bob) = (server.user("ann").await, server.user("bob").await);
    let group = ann.new_group("Team").await;
    let [ann, guest] = [&ann, &bob].map(|client| frugal.with_key(client.key().to_owned()));
    ann.say(&group, "hi").await;
    let invitation = json!({"user_id": bob.id(), "note": "Come in"});
    let refused = [
        ann.post(&format!("{group}/invitations"), invitation).await,
        guest.post_empty(&format!("{group}/join")).await,
    ];
    for answer in refused {
        assert_eq!(answer.header("retry-after"), Some("2"));
        answer.refused(429, "too_many_requests");
    }
}

/// What is kept in reserve is not for strangers to fill.
#[actix_web::test]
async fn failed_logins_are_recorded_unless_the_disk_is_nearly_full() {
    let server = Server::start().await;
    let root = server.admin("root").await;
    let inner = server.state().storage.clone();
    let full = server.with_storage(Arc::new(Strained { inner, is_full: true, is_limited: false })).await;
    let wrong = json!({"username": "root", "password": "wrong password"});
    for (at, failures) in [(&server, 1), (&full, 1)] {
        at.nobody().post("/api/login", wrong.clone()).await.refused(401, "invalid_credentials");
        let told = root.get("/api/audit?action=login").await.ok();
        let told = told["items"].as_array().unwrap();
        assert_eq!(told.iter().filter(|entry| entry["outcome"] == "failed").count(), failures);
    }
}
