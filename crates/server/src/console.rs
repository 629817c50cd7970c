//! What the program says to the person who runs it. Logs go elsewhere (`logging`).

use std::error::Error;
use std::fmt::Display;
use std::io::{BufRead, Write};
use std::net::SocketAddr;

use groupchat_domain::accounts::{Password, User};
use serde::Serialize;

use crate::error::ProgramError;

/// Prints a line on the standard output. Nobody listening there is no reason to stop.
pub fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints a document for scripts.
pub fn print_json(document: &impl Serialize) {
    // Serialising to text fails only for keys that are no text, and there are none.
    say(serde_json::to_string_pretty(document).unwrap_or_default());
}

/// Prints rows with their columns aligned; the last column may be as wide as it likes.
pub fn print_table(rows: &[Vec<String>]) {
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
        say(cells.join("  ").trim_end());
    }
}

/// Reads the first line of the standard input.
pub fn read_line() -> Result<String, ProgramError> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(ProgramError::ReadPassword)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Prints an error and what led to it on the standard error.
pub fn complain(error: &dyn Error) {
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
pub fn print_document(document: &str) {
    say(document);
}

/// Tells where the server listens, where people reach it, and which database it uses.
pub fn announce(address: SocketAddr, public_url: Option<&str>, database: &str) {
    say(format_args!("groupchat {} listens on http://{address}", env!("CARGO_PKG_VERSION")));
    let url = public_url.map_or_else(|| format!("http://{address}"), str::to_owned);
    say(format_args!("Swagger page: {url}/api/docs/"));
    say(format_args!("Database: {database}"));
}

/// Shows the first admin's password, once.
pub fn introduce_first_admin(user: &User, password: &Password) {
    say("");
    say("This is the first start. An admin was created:");
    say(format_args!("    username: {}", user.username.as_str()));
    say(format_args!("    password: {}", password.reveal()));
    say("The password is shown only this once; change it after signing in.");
    say("");
}

/// Tells that a user was created, and with which password if it was made up.
pub fn confirm_user(user: &User, made_up: Option<&Password>) {
    let kind = if user.is_admin { "admin" } else { "user" };
    say(format_args!("created the {kind} {} with id {}", user.username.as_str(), user.id));
    tell_password(made_up);
}

/// Tells that a user's password was replaced, and by which if it was made up.
pub fn confirm_password(user: &User, made_up: Option<&Password>) {
    let (name, id) = (user.username.as_str(), user.id);
    say(format_args!("{name} (id {id}) has a new password; all sessions of the user ended"));
    tell_password(made_up);
}

fn tell_password(made_up: Option<&Password>) {
    if let Some(password) = made_up {
        say(format_args!("    password: {}", password.reveal()));
        say("The password is shown only this once.");
    }
}
