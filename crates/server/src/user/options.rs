//! The command line of `groupchat user`.

use clap::{Args, Subcommand};

/// Commands for users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Create a user. Without `--password-stdin`, a random password is generated and printed.
    Create(CreateOptions),
    /// List users by name.
    List(ListOptions),
    /// Set a user's password and end all sessions of the user.
    ///
    /// Without `--password-stdin`, a random password is generated and printed.
    SetPassword(SetPasswordOptions),
    /// Make a user a server admin.
    Promote(ChangeOptions),
    /// Make a server admin an ordinary user. The last admin can't be demoted.
    Demote(ChangeOptions),
    /// Suspend a user: all sessions end, and nobody can sign in as the user until `resume`.
    ///
    /// Memberships, rights and messages stay. The last admin can't be suspended.
    Suspend(ChangeOptions),
    /// End the suspension of a user.
    Resume(ChangeOptions),
    /// Remove the second factors of a user who has lost them, and end all sessions of the user.
    ResetMfa(ChangeOptions),
    /// Delete a user permanently. The user's messages stay. The last admin can't be deleted.
    ///
    /// The user's keys stop working at once, and the username becomes available. The running server, or the next one,
    /// ends the memberships within a minute and gives groups that have no owner left a new one.
    Delete(ChangeOptions),
}

/// The user to create.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateOptions {
    /// The output format.
    #[command(flatten)]
    pub output: OutputOptions,
    /// The name to sign in with: 1 to 50 ASCII letters, digits, '_', '.' and '-'.
    #[arg(long, value_name = "NAME")]
    pub username: String,
    /// The name that others see.
    #[arg(long, value_name = "NAME")]
    pub display_name: Option<String>,
    /// The e-mail address.
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Make the user a server admin.
    #[arg(long)]
    pub admin: bool,
    /// Read the password from the first line of standard input: at least 8 characters, at most 72 bytes.
    #[arg(long)]
    pub password_stdin: bool,
}

/// Which users to list.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListOptions {
    /// The output format.
    #[command(flatten)]
    pub output: OutputOptions,
    /// Only users whose username or display name contains this text, ignoring case.
    #[arg(long, value_name = "TEXT")]
    pub search: Option<String>,
}

/// Options of `user set-password`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SetPasswordOptions {
    /// The user.
    #[command(flatten)]
    pub change: ChangeOptions,
    /// Read the password from the first line of standard input: at least 8 characters, at most 72 bytes.
    #[arg(long)]
    pub password_stdin: bool,
}

/// Which user to change.
#[derive(Debug, Clone, Args)]
pub(crate) struct ChangeOptions {
    /// The output format.
    #[command(flatten)]
    pub output: OutputOptions,
    /// The username, in upper or lower case.
    #[arg(value_name = "USERNAME")]
    pub username: String,
}

/// How to print the result of a command.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputOptions {
    /// Print JSON, for scripts. Its fields don't change; later versions may add fields.
    #[arg(long)]
    pub json: bool,
}
