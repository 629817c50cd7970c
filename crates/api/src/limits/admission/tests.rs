use actix_web::http::Method;
use actix_web::test::TestRequest;

use super::*;
use crate::limits::SECURING;
use crate::options::ServerOptions;
use crate::problem::Code;
use crate::testing::{KNOWN_KEY, state_with};

/// A server on which each caller may have two requests in flight, and all together sixteen.
fn state() -> State {
    state_with(ServerOptions { requests_per_caller: 2, ..ServerOptions::default() })
}

/// Admits a request from an address, with or without a user's key.
fn ask(state: &State, from: &str, key: Option<&str>, method: Method, path: &str) -> Result<Admitted, Code> {
    let mut request = TestRequest::default().method(method).uri(path).app_data(State::clone(state));
    if let Some(key) = key {
        request = request.insert_header(("X-API-Key", key));
    }
    let request = request.peer_addr(format!("[{from}]:80").parse().unwrap());
    admit(&request.to_srv_request()).map_err(|error| error.code())
}

#[actix_web::test]
async fn strangers_take_nothing_from_the_budget_of_users() {
    let state = state();
    let strangers: Vec<_> = (0..500)
        .filter_map(|n| ask(&state, &format!("2001:db8:{n:x}::1"), None, Method::POST, "/api/login").ok())
        .collect();
    assert_eq!(strangers.len(), 16, "all that there is for them");
    let user = ask(&state, "2001:db8:fff::1", Some(KNOWN_KEY), Method::GET, "/api/groups");
    assert!(user.is_ok());
}

#[actix_web::test]
async fn a_user_whose_key_was_stolen_can_still_end_its_sessions() {
    let state = state();
    let ask = |from, method, path| ask(&state, from, Some(KNOWN_KEY), method, path);
    let (thief, owner) = ("2001:db8:1::1", "2001:db8:2::1");
    let taken: Vec<_> = (0..2).map(|_| ask(thief, Method::POST, "/api/groups/1/messages")).collect();
    assert!(taken.iter().all(Result::is_ok));
    let more: Vec<_> =
        (0..100).filter_map(|_| ask(thief, Method::PUT, "/api/users/me/password").ok()).collect();
    assert_eq!(more.len(), usize::try_from(SECURING).unwrap());
    for (method, path) in [
        (Method::DELETE, "/api/sessions"),
        (Method::DELETE, "/api/sessions/7"),
        (Method::DELETE, "/api/users/7/sessions"),
        (Method::DELETE, "/api/users/me/sessions/7"),
        (Method::PUT, "/api/users/me/password"),
        (Method::POST, "/api/logout"),
    ] {
        assert!(ask(owner, method, path).is_ok(), "{path}");
    }
    assert_eq!(ask(owner, Method::GET, "/api/sessions").unwrap_err(), Code::TooManyRequests);
}
