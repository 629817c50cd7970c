//! Runs commands of the program to their end, beside a server or without one.

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt;

use crate::harness::{Data, program};

/// Runs a command on a server's data.
pub(crate) async fn run(data: &Data, arguments: &[&str]) -> Output {
    run_with_input(data, arguments, "").await
}

/// Runs a command on a server's data and types something in.
pub(crate) async fn run_with_input(data: &Data, arguments: &[&str], input: &str) -> Output {
    let mut command = program();
    command.args(arguments).args(data.arguments()).envs(data.key_file()).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that reads nothing may have ended already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

/// What a command that succeeds prints.
#[track_caller]
pub(crate) fn printed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The JSON that a command that succeeds prints.
#[track_caller]
pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_str(&printed(output)).unwrap()
}

/// What a command that fails says.
#[track_caller]
pub(crate) fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}
