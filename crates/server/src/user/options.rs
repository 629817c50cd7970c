//! The command line of `groupchat user`.

use clap::{Args, Subcommand};

/// What can be done with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user. Without `--password-stdin` a random password is made and printed.
    Create(CreateOptions),
    /// List the users, ordered by name.
    List(ListOptions),
    /// Give a user a new password and end all of the user's sessions.
    ///
    /// Without `--password-stdin` a random password is made and printed.
    SetPassword(SetPasswordOptions),
    /// Make a user a server admin.
    Promote(ChangeOptions),
    /// Make a server admin an ordinary user. The last admin stays one.
    Demote(ChangeOptions),
    /// Delete a user for good. Messages stay; the last admin can't be deleted.
    ///
    /// The user's keys stop working at once and the name becomes free. The running server, or the next one,
    /// ends the memberships within a minute and passes groups without an owner on.
    Delete(ChangeOptions),
}

/// The user to create.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateOptions {
    /// How to tell of it.
    #[command(flatten)]
    pub output: OutputOptions,
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

/// Which users to list.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListOptions {
    /// How to tell of it.
    #[command(flatten)]
    pub output: OutputOptions,
    /// Only users whose username or display name contains this text, in any case.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
}

/// Whose password to replace.
#[derive(Debug, Clone, Args)]
pub(crate) struct SetPasswordOptions {
    /// The user.
    #[command(flatten)]
    pub change: ChangeOptions,
    /// Read the password from the standard input: its first line, 8 to 72 bytes.
    #[arg(long)]
    pub password_stdin: bool,
}

/// Which user to change.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChangeOptions {
    /// How to tell of it.
    #[command(flatten)]
    pub output: OutputOptions,
    /// The name that the user signs in with, in any case.
    #[arg(value_name = "USERNAME")]
    pub username: String,
}

/// How to tell what came of a command.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputOptions {
    /// Print JSON, for scripts. Its fields stay the same; more may be added.
    #[arg(long)]
    pub json: bool,
}
