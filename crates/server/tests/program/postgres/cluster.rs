//! A PostgreSQL server of a test's own, which the test may stop and start.

use std::fs::{File, read_dir, write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tempfile::TempDir;

use crate::harness::{Data, Database};

/// The superuser's password.
pub(super) const PASSWORD: &str = "hunter2-of-the-cluster";

/// Where ports are sought: below those that the system gives to clients, so that a stopped server keeps its own.
const FIRST_PORT: u16 = 10_000;
const PORTS: u16 = 10_000;

/// A server with the settings that PostgreSQL has by itself. Stopped and removed with the test.
pub(super) struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Cluster {
    /// Makes one that does not run yet.
    pub(super) async fn create() -> Self {
        // Not in TMPDIR, which the server's user may be kept from.
        let folder = tempfile::Builder::new().prefix("groupchat-cluster-").tempdir_in("/tmp").unwrap();
        let cluster = Self { programs: programs(), folder, port: unused_port() };
        let password = cluster.folder.path().join("password");
        write(&password, PASSWORD).unwrap();
        if let Some((user, group)) = account() {
            for path in [cluster.folder.path(), &password] {
                std::os::unix::fs::chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let mut initdb = cluster.command("initdb");
        initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]);
        cluster.finish(initdb.arg("--no-sync").arg("--pwfile").arg(&password)).await;
        let port = cluster.port;
        let settings =
            format!("listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = ''\n");
        write(cluster.files().join("postgresql.auto.conf"), settings).unwrap();
        cluster
    }

    /// Starts it.
    pub(super) async fn start(&self) {
        self.finish(self.command("pg_ctl").arg("start")).await;
    }

    /// Stops it in this mode of `pg_ctl`.
    pub(super) async fn stop(&self, mode: &str) {
        self.finish(self.command("pg_ctl").args(["stop", "--mode", mode])).await;
    }

    /// Stops it in this mode of `pg_ctl` and starts it again.
    pub(super) async fn restart(&self, mode: &str) {
        self.finish(self.command("pg_ctl").args(["restart", "--mode", mode])).await;
    }

    /// Data in a new database on it.
    pub(super) fn create_database(&self, name: &str) -> Data {
        Database::at(&self.url("postgres")).execute(&format!("CREATE DATABASE {name}"));
        Data::on(&self.url(name))
    }

    /// The address of a database on it.
    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where a program of PostgreSQL is.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// A program of PostgreSQL, for this server; it refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.arg("--pgdata").arg(self.files()).current_dir("/").stdin(Stdio::null());
        if let Some((user, group)) = account() {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(group);
        }
        command
    }

    /// Runs a program to its end. What it starts goes on, and so must not keep a pipe open.
    async fn finish(&self, command: &mut Command) {
        let told = self.folder.path().join("told");
        let output = File::options().append(true).create(true).open(&told).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let status = tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap();
        assert!(status.success(), "{command:?}: {}", std::fs::read_to_string(told).unwrap());
    }

    /// Its data folder.
    pub(super) fn files(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.command("pg_ctl");
        stop.args(["stop", "--mode", "immediate"]).stdout(Stdio::null()).stderr(Stdio::null());
        // It may not run; what it says then is of no use.
        let _ = stop.status();
    }
}

/// The folder of PostgreSQL's programs; on Debian it is in no PATH, and the newest of several.
fn programs() -> PathBuf {
    let installed = read_dir("/usr/lib/postgresql").into_iter().flatten();
    let versions = installed.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse::<u32>().ok());
    if let Some(newest) = versions.max() {
        return PathBuf::from(format!("/usr/lib/postgresql/{newest}/bin"));
    }
    let told = Command::new("pg_config").arg("--bindir").output();
    let told = told.expect("the Debian package postgresql; `.ci/postgres cargo test …` installs it");
    PathBuf::from(String::from_utf8(told.stdout).unwrap().trim())
}

/// The user and the group to run the server as, if that can't be our own.
fn account() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| {
        let told = Command::new("id").args(arguments).output().unwrap();
        String::from_utf8(told.stdout).unwrap().trim().parse().expect("there is a user postgres")
    };
    (id(&["-u"]) == 0).then(|| (id(&["-u", "postgres"]), id(&["-g", "postgres"])))
}

/// Tests at the same time, and runs at the same time, begin to look at different places.
fn unused_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % u32::from(PORTS)).unwrap();
    loop {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        let port = FIRST_PORT + (begin + tried) % PORTS;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
