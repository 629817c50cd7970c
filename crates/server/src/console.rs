//! What the program says to the person who runs it. Logs go elsewhere (`logging`).

use std::error::Error;
use std::fmt::Display;
use std::io::Write;
use std::net::SocketAddr;

use groupchat_domain::accounts::{Password, User};

/// Prints a line on the standard output. Nobody listening there is no reason to stop.
fn say(line: impl Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
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

/// Tells where the server listens.
pub fn announce(address: SocketAddr) {
    say(format_args!("groupchat {} listens on http://{address}", env!("CARGO_PKG_VERSION")));
    say(format_args!("Swagger page: http://{address}/api/docs/"));
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
    if let Some(password) = made_up {
        say(format_args!("    password: {}", password.reveal()));
        say("The password is shown only this once.");
    }
}
