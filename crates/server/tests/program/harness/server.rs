//! Starts and stops the program.

use std::process::{ExitStatus, Stdio};

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::{Api, DEADLINE, Data};

/// A command of the built program, without the settings of whoever runs the test; it dies with the test.
pub(crate) fn program() -> Command {
    started_by(env!("CARGO_BIN_EXE_groupchat"))
}

/// The same for another program, such as a shell that starts it.
pub(crate) fn started_by(name: &str) -> Command {
    let mut command = Command::new(name);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GROUPCHAT_"))
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.env("GROUPCHAT_LOG_FILTER", "warn");
    command
}

/// The command that serves this data on a free port.
pub(crate) fn serve(data: &Data) -> Command {
    let mut command = serve_somewhere(data);
    command.args(["--listen", "127.0.0.1:0"]);
    command
}

/// The same without saying where to listen.
pub(crate) fn serve_somewhere(data: &Data) -> Command {
    let mut command = program();
    command.stderr(Stdio::inherit()).arg("serve").args(data.arguments()).envs(data.key_file());
    command
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    // Kept open, so that the program never writes into a closed pipe.
    _output: Lines<BufReader<ChildStdout>>,
    /// Where its API is.
    pub url: String,
    /// The first admin's password, if this was the first start.
    pub password: Option<String>,
}

impl Server {
    /// Starts the program on a free port and waits until it listens.
    pub(crate) async fn start(data: &Data) -> Self {
        Self::spawn(serve(data)).await
    }

    /// Starts the program by this command and waits until it listens.
    pub(crate) async fn spawn(command: Command) -> Self {
        Self::try_spawn(command).await.expect("the program ended before it listened")
    }

    /// The same; `None` if it ends before that.
    pub(crate) async fn try_spawn(mut command: Command) -> Option<Self> {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let (mut url, mut password) = (None, None);
        // All of it comes in one piece.
        while url.is_none() || !output.get_ref().buffer().is_empty() {
            let line = tokio::time::timeout(DEADLINE, output.next_line()).await.unwrap().unwrap();
            let line = line?;
            if let Some((_, secret)) = line.split_once("password: ") {
                password = Some(secret.to_owned());
            }
            url = url.or_else(|| line.split_once("listens on ").map(|(_, base)| format!("{base}/api")));
        }
        Some(Self { child, _output: output, url: url.unwrap(), password })
    }

    /// The address and port of its socket.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://").trim_start_matches("https://").trim_end_matches("/api")
    }

    /// How much memory it has, in bytes (`VmRSS`, proc(5)).
    #[cfg(target_os = "linux")]
    pub(crate) fn resident_memory(&self) -> u64 {
        let id = self.child.id().expect("still running");
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// A client without a key.
    pub(crate) fn anonymous(&self) -> Api {
        Api::of(&self.url)
    }

    /// Signs in.
    pub(crate) async fn login(&self, username: &str, password: &str) -> Api {
        let body = json!({"username": username, "password": password});
        let answer = self.anonymous().post("/login", body).await.expect(StatusCode::OK);
        self.anonymous().with_key(answer["api_key"].as_str().unwrap())
    }

    /// Signs in as the admin of the first start.
    pub(crate) async fn admin(&self) -> Api {
        let password = self.password.clone().expect("not the first start");
        self.login("admin", &password).await
    }

    /// Ends the program as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal by its name.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().expect("still running").to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
    }

    /// Waits for the program to end.
    pub(crate) async fn ended(mut self) -> ExitStatus {
        tokio::time::timeout(DEADLINE, self.child.wait()).await.expect("does not end").unwrap()
    }

    /// Stops the program cleanly.
    pub(crate) async fn stop(self) {
        self.signal("TERM").await;
        assert_eq!(self.ended().await.code(), Some(0));
    }
}
