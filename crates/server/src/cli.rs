//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A self-hosted group chat server: one program, an embedded database, an HTTP API.
///
/// Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "groupchat", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The options of `serve`, which is what happens without a command.
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server until it gets SIGTERM or Ctrl-C.
    Serve(ServeOptions),
    /// Manage users from the command line, also while the server runs.
    #[command(subcommand)]
    User(UserCommand),
}

/// Where the data is.
#[derive(Debug, Clone, Args)]
pub struct DataOptions {
    /// The folder that holds the database; made if it isn't there.
    #[arg(long, value_name = "DIR", default_value = "data")]
    pub data_dir: PathBuf,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Where the data is.
    #[command(flatten)]
    pub data: DataOptions,
    /// The address and port to listen on. Port 0 picks a free one and prints it.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:5000")]
    pub listen: SocketAddr,
}

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create a user. Without `--password-stdin` a random password is made and printed.
    Create(CreateOptions),
}

/// The user to create.
#[derive(Debug, Clone, Args)]
pub struct CreateOptions {
    /// Where the data is.
    #[command(flatten)]
    pub data: DataOptions,
    /// The name to sign in with: 1 to 50 ASCII letters, digits, '_', '.' and '-'.
    #[arg(long, value_name = "NAME")]
    pub username: String,
    /// The name that others read.
    #[arg(long, value_name = "NAME")]
    pub display_name: Option<String>,
    /// The e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Let the user administer the server.
    #[arg(long)]
    pub admin: bool,
    /// Read the password from the standard input: its first line, 8 to 72 bytes.
    #[arg(long)]
    pub password_stdin: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serving_is_what_happens_without_a_command() {
        let cli = Cli::try_parse_from(["groupchat", "--listen", "127.0.0.1:0"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.serve.listen.port(), 0);
        assert_eq!(cli.serve.data.data_dir, PathBuf::from("data"));
    }
}
