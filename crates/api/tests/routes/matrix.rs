//! Every operation of the OpenAPI document, called in every role, against the reviewed `matrix.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::Method;
use futures_util::future::ready;
use futures_util::{StreamExt, stream};
use groupchat_api::ServerOptions;
use groupchat_domain::accounts::{
    ClientInfo, FactorPolicy, KeyHash, LOGIN_LIFETIME, NewSession, SessionKind,
};
use groupchat_domain::ids::UserId;
use serde::Deserialize;
use serde_json::Value;

use crate::factors::give_passkey;
use crate::harness::{Answer, Client, Outbox, Server, assert_listed};
use crate::operations::{Operation, Scene, operations};

/// How many calls are under way at a time: the server stores them together, which is faster.
const AT_ONCE: usize = 16;

/// The reviewed file.
#[derive(Deserialize)]
pub(crate) struct Matrix {
    /// Who calls, in the order of the columns.
    pub callers: Vec<String>,
    /// The statuses that each operation answers, in that order.
    pub statuses: BTreeMap<String, Vec<u16>>,
    /// The callers who get one answer nearly everywhere.
    pub restricted: BTreeMap<String, Restricted>,
}

/// What somebody gets who gets one answer nearly everywhere, or what another caller gets.
#[derive(Deserialize)]
pub(crate) struct Restricted {
    /// The status of what is not named.
    otherwise: Option<u16>,
    /// The caller who gets the same of what is not named.
    like: Option<String>,
    /// The same for all that writes, by its method, but not for what needs no key.
    writes: Option<u16>,
    /// The same for what is not in the path of a group, but not for what needs no key.
    elsewhere: Option<u16>,
    /// The operations that answer something else.
    #[serde(flatten)]
    statuses: BTreeMap<String, u16>,
}

impl Restricted {
    /// What is answered unless the table names it: `like` is what the other caller gets, and `nobody` what is answered
    /// without a key.
    fn usual(&self, row: &str, nobody: u16, like: impl Fn(&str) -> u16) -> u16 {
        let writes = self.writes.filter(|_| !row.starts_with("GET ") && nobody == 401);
        let is_elsewhere = !row.contains(" /api/groups/{group_id}") && nobody == 401;
        let elsewhere = self.elsewhere.filter(|_| is_elsewhere);
        let other = self.like.as_deref().map(like);
        writes.or(elsewhere).or(other).or(self.otherwise).expect("a table says `otherwise` or `like`")
    }
}

impl Matrix {
    /// Reads the file.
    pub(crate) fn read() -> Self {
        toml::from_str(include_str!("matrix.toml")).expect("the matrix is TOML")
    }

    /// What an operation answers to each caller. A row that is missing, which another test finds, has no answers.
    pub(crate) fn answers(&self, row: &str) -> Vec<(&str, u16)> {
        let Some(statuses) = self.statuses.get(row) else { return Vec::new() };
        let usual = self.callers.iter().map(String::as_str).zip(statuses.iter().copied());
        let restricted = self.restricted.iter().map(|(caller, restricted)| {
            let named = restricted.statuses.get(row).copied();
            (caller.as_str(), named.unwrap_or_else(|| self.unnamed(restricted, row, statuses)))
        });
        usual.chain(restricted).collect()
    }

    /// What a restricted caller gets of a row that its table does not name.
    fn unnamed(&self, restricted: &Restricted, row: &str, statuses: &[u16]) -> u16 {
        let of = |caller: &str| {
            let column = self.callers.iter().position(|known| known == caller);
            statuses[column.unwrap_or_else(|| panic!("there is no caller {caller}"))]
        };
        restricted.usual(row, of("nobody"), of)
    }
}

#[actix_web::test]
async fn the_matrix_has_a_row_for_each_operation_and_no_other() {
    let server = Server::start().await;
    let documented = operations(&server).await.iter().map(Operation::row).collect();
    let matrix = Matrix::read();
    let rows = matrix.statuses.keys().cloned().collect();
    assert_listed("crates/api/tests/routes/matrix.toml", &rows, &documented);
    for (row, statuses) in &matrix.statuses {
        assert_eq!(statuses.len(), matrix.callers.len(), "{row} has a status for each caller");
    }
    for (caller, restricted) in &matrix.restricted {
        for (row, status) in &restricted.statuses {
            assert!(matrix.statuses.contains_key(row), "{caller}: there is no {row}");
            let usual = matrix.unnamed(restricted, row, &matrix.statuses[row]);
            assert_ne!(*status, usual, "{caller}: {row} needs no row");
        }
    }
}

#[actix_web::test]
async fn every_caller_gets_what_the_matrix_says() {
    let matrix = Matrix::read();
    let server = equipped(&Server::start().await).await;
    let requiring = equipped(&server.requiring_factors(FactorPolicy::Everybody).await).await;
    let operations = operations(&server).await;
    let cells = operations.iter().flat_map(|operation| {
        let answers = matrix.answers(&operation.row());
        answers.into_iter().map(move |(caller, expected)| (operation, caller, expected))
    });
    let calls = cells.enumerate().map(async |(number, (operation, caller, expected))| {
        let status = call(&server, &requiring, operation, caller, number).await;
        let row = operation.row();
        (status != expected).then(|| format!("{row} as {caller}: {status}, expected {expected}"))
    });
    let wrong: Vec<_> = stream::iter(calls).buffered(AT_ONCE).filter_map(ready).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who calls the server that requires a second factor of everybody: the member, who has none.
const LACKS_FACTOR: &str = "lacks factor";

/// The same server with an address for passkeys, and with mail.
pub(crate) async fn equipped(server: &Server) -> Server {
    let public_url = Some("https://chat.example.org".to_owned());
    let options = ServerOptions { public_url, ..ServerOptions::default() };
    server.with_mails(Arc::new(Outbox::with_room(10_000))).await.with_options(options).await
}

/// A call of an operation in a scene of its own.
pub(crate) struct Call {
    client: Client,
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Call {
    /// Sets the scene; `requiring` is the server that `lacks factor` calls.
    pub(crate) async fn prepare(
        server: &Server,
        requiring: &Server,
        operation: &Operation,
        caller: &str,
        number: usize,
    ) -> Self {
        let mut scene = Scene::set(server, number).await;
        if operation.parameters().contains(&"role_id") {
            scene.define_role().await;
        }
        let client = match caller {
            LACKS_FACTOR => &requiring.take_over(scene.caller("member")),
            _ => scene.caller(caller),
        };
        let client = client.in_network(number);
        let session = second_session(server, client.id()).await;
        let mut template = operation.template.clone();
        if operation.parameters().contains(&"passkey_id") && client.id() != 0 {
            let passkey = give_passkey(server, client.id()).await;
            template = template.replace("{passkey_id}", &passkey.to_string());
        }
        let path = scene.path(&template, session);
        Self { client, method: operation.method.clone(), path, body: scene.body(operation) }
    }

    /// Calls it.
    pub(crate) async fn make(&self) -> Answer {
        self.client.call(self.method.clone(), &self.path, self.body.as_ref()).await
    }
}

/// Calls an operation in a scene of its own.
async fn call(
    server: &Server,
    requiring: &Server,
    operation: &Operation,
    caller: &str,
    number: usize,
) -> u16 {
    let answer = Call::prepare(server, requiring, operation, caller, number).await.make().await;
    let status = answer.status();
    if status < 300 {
        let documented = &operation.description["responses"][status.to_string()];
        assert_ne!(documented, &Value::Null, "{answer}: not documented");
        let has_body = documented["content"].is_object();
        assert_eq!(has_body, !answer.text().is_empty(), "{answer}: documented otherwise");
    }
    status
}

/// A session besides the one that the client uses; 1 for somebody who has none.
async fn second_session(server: &Server, user: i64) -> i64 {
    if user == 0 {
        return 1;
    }
    server
        .run(move |tx| {
            let (created_at, mut digest) = (tx.now(), [0; 32]);
            digest[..8].copy_from_slice(&user.to_be_bytes());
            let session = NewSession {
                user: UserId::new(user),
                kind: SessionKind::Login,
                key: KeyHash::new(digest),
                created_at,
                expires_at: created_at.plus(LOGIN_LIFETIME),
                client: ClientInfo::default(),
                name: None,
                refresh: None,
            };
            tx.sessions().insert(&session).expect("the storage works").get()
        })
        .await
}
