//! The requests of each scenario.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::time::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Request, Url};
use serde_json::json;

use crate::error::BenchError;
use crate::fixture::{Fixture, RichGroup};
use crate::ledger::Ledger;
use crate::load::Workload;
use crate::scenario::Route;
use crate::seed::{PASSWORD, message_text};
use crate::turn::Turn;

/// How many messages a page has.
const PAGE: u64 = 50;

/// The workload of a route. `base` is the address of the program that answers it.
///
/// # Errors
/// An address or a key that can't be put into a request.
pub(crate) fn workload(route: Route, base: &str, fixture: &Fixture) -> Result<Workload, BenchError> {
    let at = |path: &str| url(base, path);
    let in_rooms = |suffix: &str| -> Result<Vec<Url>, BenchError> {
        fixture.rooms.iter().map(|room| at(&format!("/api/groups/{}{suffix}", room.id))).collect()
    };
    let keys = keys(fixture)?;
    Ok(match route {
        // The ledger is dropped: it is there so that an echo costs the load generator as much as a send.
        Route::Echo => sends(vec![at("/echo")?], &Ledger::default(), fixture, keys),
        Route::Send => sends(in_rooms("/messages")?, &fixture.ledger, fixture, keys),
        Route::Vote => {
            let vote = |(group, poll): &(GroupId, MessageId)| {
                at(&format!("/api/groups/{group}/messages/{poll}/poll/vote"))
            };
            votes(fixture.polls.iter().map(vote).collect::<Result<_, _>>()?, keys)
        }
        Route::Static => gets(vec![at("/static")?], keys),
        Route::Page => {
            let all = fixture.rooms.iter().map(|room| run(base, room.id, room.last_seq, ""));
            pages(all.collect::<Result<_, _>>()?, keys)
        }
        Route::RichStatic => gets(vec![at("/static-rich")?], keys),
        Route::RichPage => {
            let all = fixture.rich_rooms.iter().map(|room| run(base, room.id, room.last_seq, ""));
            pages(all.collect::<Result<_, _>>()?, keys)
        }
        Route::ThreadPage => {
            let in_thread =
                |room: &RichGroup| run(base, room.id, room.last_reply, &format!("thread_id={}&", room.root));
            pages(fixture.rich_rooms.iter().map(in_thread).collect::<Result<_, _>>()?, keys)
        }
        Route::Threads => gets(vec![at(&format!("/api/threads?limit={PAGE}"))?], keys),
        Route::Mentions => gets(vec![at(&format!("/api/mentions?limit={PAGE}"))?], keys),
        Route::ByAuthor => {
            let own =
                |room: &RichGroup| at(&format!("/api/groups/{}/messages?limit={PAGE}&author_id=me", room.id));
            gets(fixture.rich_rooms.iter().map(own).collect::<Result<_, _>>()?, keys)
        }
        Route::ByTime => pages_by_time(in_rooms("/messages")?, fixture, keys),
        Route::Unread => gets(in_rooms("")?, keys),
        Route::Groups => gets(vec![at("/api/groups?limit=200")?], keys),
        Route::Sync => gets(vec![at("/api/sync")?], keys),
        Route::Login => logins(at("/api/login")?, fixture),
    })
}

/// Each connection sends to one room, each message with a client id of its own, which the ledger remembers.
fn sends(rooms: Vec<Url>, ledger: &Ledger, fixture: &Fixture, keys: Vec<HeaderMap>) -> Workload {
    let log = ledger.begin(fixture.rooms.iter().map(|room| room.id).collect());
    Workload::of_sends(Arc::clone(&log), move |turn| {
        let mut request = with(Method::POST, pick(&rooms, turn.connection), pick(&keys, turn.connection));
        let message = json!({"text": message_text(turn.number), "client_id": log.client_id(turn)});
        *request.body_mut() = Some(message.to_string().into());
        request
    })
}

/// Each connection votes in one poll, each time for the other one of two options, so that each vote changes something.
fn votes(polls: Vec<Url>, keys: Vec<HeaderMap>) -> Workload {
    Workload::new(move |turn| {
        let mut request = with(Method::PUT, pick(&polls, turn.connection), pick(&keys, turn.connection));
        let option = 1 + (turn.number + scatter(Turn { number: 0, ..turn })) % 2;
        *request.body_mut() = Some(json!({"options": [option]}).to_string().into());
        request
    })
}

fn gets(urls: Vec<Url>, keys: Vec<HeaderMap>) -> Workload {
    Workload::new(move |turn| with(Method::GET, pick(&urls, turn.connection), pick(&keys, turn.connection)))
}

/// Messages of a group or replies of a thread, numbered from 1.
struct Run {
    url: Url,
    /// What the query says besides, with a `&` behind it.
    query: String,
    last: u64,
}

fn run(base: &str, group: GroupId, last: Seq, query: &str) -> Result<Run, BenchError> {
    let url = url(base, &format!("/api/groups/{group}/messages"))?;
    Ok(Run { url, query: query.to_owned(), last: last.get().unsigned_abs() })
}

/// Each request reads the 50 messages below a number that is picked again, from the whole of a run.
fn pages(runs: Vec<Run>, keys: Vec<HeaderMap>) -> Workload {
    Workload::new(move |turn| {
        let Run { url, query, last } = pick(&runs, turn.connection);
        let choices = last.saturating_sub(PAGE).max(1);
        let before = PAGE + 1 + scatter(turn) % choices;
        let mut url = url.clone();
        url.set_query(Some(&format!("{query}limit={PAGE}&before={before}")));
        with(Method::GET, &url, pick(&keys, turn.connection))
    })
}

/// Each request reads the 50 messages before a time that is picked again, from the later nine tenths of a room's time: so
/// that there are as many.
fn pages_by_time(rooms: Vec<Url>, fixture: &Fixture, keys: Vec<HeaderMap>) -> Workload {
    let spans: Vec<_> = fixture.rooms.iter().map(|room| room.span).collect();
    Workload::new(move |turn| {
        let (first, last) = *pick(&spans, turn.connection);
        let span = last.as_micros().abs_diff(first.as_micros());
        let late = span / 10 + scatter(turn) % (span - span / 10).max(1);
        let until = first.plus(Duration::from_micros(late + 1));
        let mut url = pick(&rooms, turn.connection).clone();
        url.set_query(Some(&format!("limit={PAGE}&since={}&until={}", rfc_3339(first), rfc_3339(until))));
        with(Method::GET, &url, pick(&keys, turn.connection))
    })
}

fn rfc_3339(time: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(time.as_micros()).unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// Each connection signs in as a user of its own.
fn logins(url: Url, fixture: &Fixture) -> Workload {
    let bodies: Vec<_> = fixture
        .users
        .iter()
        .map(|user| json!({"username": user.username, "password": PASSWORD}).to_string())
        .collect();
    let headers = HeaderMap::from_iter([json_content()]);
    Workload::new(move |turn| {
        let mut request = with(Method::POST, &url, &headers);
        *request.body_mut() = Some(pick(&bodies, turn.connection).clone().into());
        request
    })
}

fn with(method: Method, url: &Url, headers: &HeaderMap) -> Request {
    let mut request = Request::new(method, url.clone());
    headers.clone_into(request.headers_mut());
    request
}

fn pick<T>(all: &[T], connection: usize) -> &T {
    &all[connection % all.len()]
}

/// A number that looks random but is the same in each run (the finaliser of SplitMix64).
fn scatter(turn: Turn) -> u64 {
    let mut z = ((turn.connection as u64) << 40 | turn.number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn keys(fixture: &Fixture) -> Result<Vec<HeaderMap>, BenchError> {
    let headers = |key: &str| {
        let mut key = HeaderValue::from_str(key).map_err(|error| BenchError::Request(error.to_string()))?;
        key.set_sensitive(true);
        Ok(HeaderMap::from_iter([(HeaderName::from_static("x-api-key"), key), json_content()]))
    };
    fixture.users.iter().map(|user| headers(user.key.reveal())).collect()
}

fn json_content() -> (HeaderName, HeaderValue) {
    (CONTENT_TYPE, HeaderValue::from_static("application/json"))
}

fn url(base: &str, path: &str) -> Result<Url, BenchError> {
    let address = format!("{base}{path}");
    Url::parse(&address).map_err(|error| BenchError::Request(format!("{address}: {error}")))
}
