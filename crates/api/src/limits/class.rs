//! What a request is for, by its method and path, before it is routed.

use actix_web::http::Method;
use groupchat_domain::rates::RequestClass;

/// What a request is for; `None` if it has no rate: to know whether the server is well, or to take access away from somebody.
pub(super) fn class_of(method: &Method, path: &str, query: &str) -> Option<RequestClass> {
    if path == "/api/health" || secures(method, path) {
        return None;
    }
    let class = match path {
        "/api/login" | "/api/sign-up" | "/api/sign-up/confirm" => RequestClass::Login,
        _ if path.starts_with("/api/login/passkey") => RequestClass::Login,
        _ if path.starts_with("/api/login/mfa") => RequestClass::Mfa,
        "/api/login/refresh" => RequestClass::Refresh,
        "/api/events/stream" | "/api/events/socket" => RequestClass::Connect,
        "/api/password-resets" => RequestClass::Mail,
        "/api/users/me/export" => RequestClass::Export,
        _ if ["/api/invite-links/", "/api/password-resets/"].iter().any(|codes| path.starts_with(codes)) => {
            RequestClass::Code
        }
        _ if method == Method::GET && has_search(query) => RequestClass::Search,
        _ if method == Method::GET => RequestClass::Read,
        _ if method == Method::POST && sends(path) => RequestClass::Send,
        _ => RequestClass::Write,
    };
    Some(class)
}

/// Whether a `POST` to this path sends messages.
fn sends(path: &str) -> bool {
    let Some(path) = path.strip_prefix("/api/groups/") else { return false };
    let mut parts = path.split('/').skip(1);
    let rest = (parts.next(), parts.next(), parts.next());
    matches!(
        rest,
        (Some("messages"), None | Some("batch"), None) | (Some("messages"), Some(_), Some("forward"))
    )
}

fn has_search(query: &str) -> bool {
    query.split('&').any(|part| part.starts_with("q="))
}

/// Whether a request takes access away from somebody with a stolen key or password.
pub(super) fn secures(method: &Method, path: &str) -> bool {
    match path {
        "/api/logout" => method == Method::POST,
        "/api/users/me/password" => method == Method::PUT,
        _ => {
            let of_user = path.strip_prefix("/api/users/").and_then(|rest| rest.split('/').nth(1));
            let is_reset = of_user == Some("mfa") && path.ends_with("/mfa");
            let ends = path.starts_with("/api/sessions")
                || path.starts_with("/api/tokens/")
                || path.starts_with("/api/bots/") && path.contains("/tokens/")
                || of_user == Some("sessions")
                || is_reset;
            method == Method::DELETE && ends
                || method == Method::POST && of_user == Some("temporary-password")
        }
    }
}

#[cfg(test)]
mod tests;
