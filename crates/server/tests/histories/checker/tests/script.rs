//! A small sound history to falsify.

use std::collections::BTreeMap;

use crate::history::{
    Arrival, Call, Content, Disturbance, Entry, History, Message, Operation, Outcome, Setup, View, Visit,
};

pub(super) const LOBBY: i64 = 1;
pub(super) const KITCHEN: i64 = 2;

/// Sends to both groups.
pub(super) const WRITER: usize = 0;
/// Reads pages.
pub(super) const READER: usize = 1;
/// Listens in both groups.
pub(super) const LISTENER: usize = 2;
/// Listens in the lobby only.
pub(super) const VISITOR: usize = 3;

/// Where each operation of [`sound`] is.
pub(super) const SEND_A: usize = 0;
pub(super) const SEND_B_UNKNOWN: usize = 1;
pub(super) const SEND_B_RETRY: usize = 2;
pub(super) const SEND_REJECTED: usize = 3;
pub(super) const SEND_C: usize = 4;
pub(super) const SEND_D_UNKNOWN: usize = 5;
pub(super) const EDIT_A: usize = 6;
pub(super) const LIKE_B: usize = 7;
pub(super) const DELETE_C: usize = 8;
pub(super) const PAGE: usize = 9;

/// A message of the lobby in its first state, or of the kitchen if its name is `c`.
pub(super) fn message(id: i64, seq: i64, client_id: &str) -> Message {
    let group = if client_id == "c" { KITCHEN } else { LOBBY };
    let (client_id, text) = (client_id.to_owned(), Some(format!("text of {client_id}")));
    Message { id, group, seq, client_id, version: 1, text, likes: 0 }
}

/// The same after a change.
pub(super) fn changed(message: &Message, change: impl FnOnce(&mut Message)) -> Message {
    let mut message = Message { version: message.version + 1, ..message.clone() };
    change(&mut message);
    message
}

pub(super) fn send(message: &Message) -> Call {
    let Message { group, client_id, .. } = message;
    Call::Send { group: *group, client_id: client_id.clone(), text: format!("text of {client_id}") }
}

/// One that takes 10 µs.
pub(super) fn operation(client: usize, invoked: u64, call: Call, outcome: Outcome) -> Operation {
    let server = usize::try_from(invoked).unwrap() / 100 % 2;
    Operation { client, server, on_socket: false, invoked, completed: invoked + 10, call, outcome }
}

fn visit(client: usize, invoked: u64, cursor: Option<i64>, arrivals: Vec<Arrival>) -> Visit {
    let completed = invoked + 90;
    Visit { client, server: 0, transport: "socket".to_owned(), cursor, invoked, completed, arrivals }
}

pub(super) fn event(at: u64, position: i64, event_type: &str, message: &Message) -> Arrival {
    Arrival { at, position, content: Content::Event(event_type.to_owned(), message.clone()) }
}

pub(super) const fn cursor(at: u64, position: i64) -> Arrival {
    Arrival { at, position, content: Content::Cursor }
}

fn entry(position: i64, event_type: &str, message: &Message) -> Entry {
    Entry { position, event_type: event_type.to_owned(), group: message.group, message: message.id }
}

/// Sends of which one is retried, one is rejected and one is given up, changes, a page, and two listeners of which one
/// comes twice.
pub(super) fn sound() -> History {
    let (a, b, c, d) = (message(11, 1, "a"), message(12, 2, "b"), message(13, 1, "c"), message(14, 3, "d"));
    let edited = changed(&a, |message| message.text = Some("edited".to_owned()));
    let liked = changed(&b, |message| message.likes = 1);
    let deleted = changed(&c, |message| message.text = None);
    let ok = |message: &Message| Outcome::Ok(vec![message.clone()]);
    let unknown = || Outcome::Unknown("timeout".to_owned());
    let failed = Outcome::Failed { status: 400, code: "validation_failed".to_owned() };
    let rejected = Call::Send { group: LOBBY, client_id: "x".to_owned(), text: " ".to_owned() };
    let edit = Call::Edit { message: a.id, text: "edited".to_owned() };
    let page = vec![d.clone(), liked.clone(), edited.clone()];

    let mut history = History::new(Setup {
        seed: 7,
        servers: 2,
        groups: vec![LOBBY, KITCHEN],
        listeners: BTreeMap::from([(LISTENER, vec![LOBBY, KITCHEN]), (VISITOR, vec![LOBBY])]),
        start: 100,
    });
    history.operations = vec![
        operation(WRITER, 100, send(&a), ok(&a)),
        operation(WRITER, 200, send(&b), unknown()),
        operation(WRITER, 300, send(&b), ok(&b)),
        operation(WRITER, 400, rejected, failed),
        operation(WRITER, 500, send(&c), ok(&c)),
        operation(WRITER, 600, send(&d), unknown()),
        operation(WRITER, 700, edit, ok(&edited)),
        operation(READER, 800, Call::Like { message: b.id }, Outcome::Ok(vec![])),
        operation(WRITER, 900, Call::Delete { message: c.id }, Outcome::Ok(vec![])),
        operation(READER, 1_000, Call::Page { group: LOBBY, limit: 50 }, Outcome::Ok(page)),
    ];
    // The backlog has the newest state, live events have that of their moment.
    let backlog = vec![
        cursor(1_110, 103),
        event(1_120, 104, "message.created", &d),
        event(1_130, 105, "message.updated", &edited),
        event(1_140, 106, "message.liked", &liked),
        event(1_150, 107, "message.deleted", &deleted),
    ];
    let live = vec![
        cursor(50, 100),
        event(105, 101, "message.created", &a),
        event(205, 102, "message.created", &b),
        event(505, 103, "message.created", &c),
    ];
    let lobby = vec![
        cursor(60, 100),
        event(106, 101, "message.created", &a),
        event(206, 102, "message.created", &b),
        cursor(605, 103),
        event(640, 104, "message.created", &d),
        event(705, 105, "message.updated", &edited),
        event(805, 106, "message.liked", &liked),
        cursor(905, 107),
    ];
    history.visits = vec![
        visit(LISTENER, 40, None, live),
        visit(LISTENER, 1_100, Some(103), backlog),
        visit(VISITOR, 45, None, lobby),
    ];
    history.disturbances = vec![Disturbance { begun: 150, ended: 250, what: "kill server 0".to_owned() }];
    let log = vec![
        entry(101, "message.created", &a),
        entry(102, "message.created", &b),
        entry(103, "message.created", &c),
        entry(104, "message.created", &d),
        entry(105, "message.updated", &a),
        entry(106, "message.liked", &b),
        entry(107, "message.deleted", &c),
    ];
    let messages = vec![edited, liked, d, deleted];
    history.views =
        (0..2).map(|server| View { server, messages: messages.clone(), log: log.clone() }).collect();
    history
}

/// Changes the state at the end on both servers.
pub(super) fn change_views(history: &mut History, change: impl Fn(&mut View)) {
    history.views.iter_mut().for_each(change);
}
