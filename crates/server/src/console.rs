//! Output for the person who runs the program. Logs go elsewhere (`logging`).

use std::error::Error;
use std::fmt::{self, Display, Formatter};
use std::io::{BufRead, Write};
use std::path::PathBuf;

use groupchat_domain::accounts::{Password, User};
use serde::Serialize;

use crate::error::ProgramError;

/// Prints a line on the standard output. Nobody listening there is no reason to stop.
pub(crate) fn print_line(line: impl Display) {
    let text = format!("{line}\n");
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints a document for scripts.
pub(crate) fn print_json(document: &impl Serialize) {
    // Serialising to text fails only for keys that are no text, and there are none.
    print_line(serde_json::to_string_pretty(document).unwrap_or_default());
}

/// Prints rows with their columns aligned; the last column may be as wide as it likes.
pub(crate) fn print_table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        print_line(cells.join("  ").trim_end());
    }
}

/// Reads the first line of the standard input.
pub(crate) fn read_line() -> Result<String, ProgramError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(ProgramError::ReadPassword)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Prints an error and what led to it on the standard error.
pub(crate) fn print_error(error: &dyn Error) {
    let mut out = std::io::stderr().lock();
    let _ = write!(out, "groupchat: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(out, ": {error}");
        cause = error.source();
    }
    let _ = writeln!(out);
}

/// Prints the OpenAPI document.
pub(crate) fn print_document(document: &str) {
    print_line(document);
}

/// Tells where the server listens, where people reach it, and which database it uses; after a first start also the
/// admin's password, once, and how to change it.
pub(crate) fn announce(listens_on: &str, url: &str, database: &str, first: Option<&FirstAdmin>) {
    let version = env!("CARGO_PKG_VERSION");
    let introduction = first.map(|first| format!("\n\n{first}")).unwrap_or_default();
    // In one piece: whoever waits for the first line has them all.
    print_line(format_args!(
        "groupchat {version} listens on {listens_on}\nSwagger page: {url}/api/docs/\nDatabase: {database}{introduction}"
    ));
}

/// The admin of a first start.
pub(crate) struct FirstAdmin {
    /// The account.
    pub user: User,
    /// Its password, which is stored nowhere.
    pub password: Password,
    /// The folder of the database, if it is in a folder.
    pub data_dir: Option<PathBuf>,
}

impl Display for FirstAdmin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.user.username.as_str();
        let program = std::env::args_os().next().unwrap_or_else(|| "groupchat".into());
        let program = shell_word(&program.to_string_lossy());
        writeln!(f, "This is the first start: created an admin account. Its password is shown only once.")?;
        write!(f, "To set another one: {program} user set-password {name}")?;
        if let Some(folder) = &self.data_dir {
            write!(f, " --data-dir {}", shell_word(&folder.to_string_lossy()))?;
        }
        write!(f, "\n    username: {name}\n    password: {}", self.password.reveal())
    }
}

/// A word of a command, as a shell takes it.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Tells that a user was created, and with which password if it was made up.
pub(crate) fn confirm_user(user: &User, made_up: Option<&Password>) {
    let kind = if user.is_admin { "admin" } else { "user" };
    print_line(format_args!("created the {kind} {} with id {}", user.username.as_str(), user.id));
    print_password(made_up);
}

/// Tells that a user's password was replaced, and by which if it was made up.
pub(crate) fn confirm_password(user: &User, made_up: Option<&Password>) {
    let (name, id) = (user.username.as_str(), user.id);
    print_line(format_args!("{name} (id {id}) has a new password; all sessions of the user have ended"));
    print_password(made_up);
}

fn print_password(made_up: Option<&Password>) {
    if let Some(password) = made_up {
        print_line(format_args!("    password: {}", password.reveal()));
        print_line("The password is shown only once.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_words_as_they_are_meant() {
        for (text, word) in [
            ("/usr/local/bin/groupchat", "/usr/local/bin/groupchat"),
            ("my data", "'my data'"),
            ("$HOME", "'$HOME'"),
            ("it's", r"'it'\''s'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
