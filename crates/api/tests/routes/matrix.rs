//! Every operation of the OpenAPI document, called in every role, against the reviewed `matrix.toml`.

use std::collections::BTreeMap;

use futures_util::future::ready;
use futures_util::{StreamExt, stream};
use groupchat_domain::accounts::{ClientInfo, KeyHash, LOGIN_LIFETIME, NewSession, SessionKind};
use groupchat_domain::ids::UserId;
use serde::Deserialize;
use serde_json::Value;

use crate::harness::{Server, assert_listed};
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
}

impl Matrix {
    /// Reads the file.
    pub(crate) fn read() -> Self {
        toml::from_str(include_str!("matrix.toml")).expect("the matrix is TOML")
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
}

#[actix_web::test]
async fn every_caller_gets_what_the_matrix_says() {
    let (server, matrix) = (Server::start().await, Matrix::read());
    let operations = operations(&server).await;
    let cells = operations.iter().flat_map(|operation| {
        // A row that is missing fails the test above.
        let row = matrix.statuses.get(&operation.row()).into_iter().flatten();
        matrix.callers.iter().zip(row).map(move |(caller, expected)| (operation, caller, *expected))
    });
    let calls = cells.enumerate().map(async |(number, (operation, caller, expected))| {
        let status = call(&server, operation, caller, number).await;
        let row = operation.row();
        (status != expected).then(|| format!("{row} as {caller}: {status}, expected {expected}"))
    });
    let wrong: Vec<_> = stream::iter(calls).buffered(AT_ONCE).filter_map(ready).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Calls an operation in a scene of its own.
async fn call(server: &Server, operation: &Operation, caller: &str, number: usize) -> u16 {
    let mut scene = Scene::set(server, number).await;
    if operation.parameters().contains(&"role_id") {
        scene.define_role().await;
    }
    let client = scene.caller(caller);
    let session = second_session(server, client.id()).await;
    let path = scene.path(&operation.template, session);
    let answer = client.call(operation.method.clone(), &path, scene.body(operation).as_ref()).await;
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
