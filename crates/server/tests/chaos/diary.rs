//! What a client has got.

use serde_json::Value;

use crate::connection::Arrival;

/// Ephemeral events, which concern nobody here.
const PASSING: [&str; 6] = ["hello", "heartbeat", "reconnect", "presence", "typing", "read.updated"];

/// Ends that a client comes back after.
const ENDS: [&str; 3] = ["stopping", "too_slow", "unavailable"];

/// An event of the log, by what tells it from all others. Of what it is about, the log has only the ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logged {
    pub position: i64,
    pub event_type: String,
    pub actor: Option<i64>,
    pub group: Option<i64>,
    /// The message that it is about, otherwise the user, otherwise the group.
    pub subject: i64,
}

/// All that a client has got, in the order in which it came.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    /// The position that the client began at.
    pub start: Option<i64>,
    /// What came after that.
    pub events: Vec<Logged>,
    /// With what the client comes back.
    pub cursor: Option<String>,
    /// How often it came.
    pub visits: usize,
}

impl Diary {
    /// Writes down what came.
    ///
    /// # Panics
    /// The server must not say this.
    pub(crate) fn take(&mut self, arrival: &Arrival) {
        let event = &arrival.event;
        match event["type"].as_str().unwrap() {
            "end" => assert!(ENDS.contains(&event["data"]["reason"].as_str().unwrap()), "{event}"),
            word if PASSING.contains(&word) => {}
            // A gap among others: all of the log is kept.
            word => {
                assert!(word.contains('.'), "{event}");
                self.events.push(Logged::read(event));
            }
        }
        if let Some(cursor) = &arrival.cursor {
            self.move_to(cursor, event);
        }
    }

    /// Whether the last event of the log that came is the creation of this user.
    pub(crate) fn tells_of_user(&self, id: i64) -> bool {
        let is_it = |event: &Logged| event.event_type == "user.created" && event.subject == id;
        self.events.last().is_some_and(is_it)
    }

    fn move_to(&mut self, cursor: &str, event: &Value) {
        let (before, now) = (self.cursor.as_deref().map(position), position(cursor));
        assert!(before.is_none_or(|before| before <= now), "back to {now} from {before:?}: {event}");
        self.start.get_or_insert(now);
        self.cursor = Some(cursor.to_owned());
    }
}

impl Logged {
    fn read(event: &Value) -> Self {
        let data = &event["data"];
        if event["type"] == "message.deleted" {
            assert!(data["text"].is_null(), "what is deleted is told: {event}");
        }
        let id = if data["user"].is_object() {
            &data["user"]["id"]
        } else if event["type"].as_str().unwrap().starts_with("thread.") {
            &data["message_id"]
        } else {
            &data["id"]
        };
        Self {
            position: position(event["cursor"].as_str().unwrap()),
            event_type: event["type"].as_str().unwrap().to_owned(),
            actor: event["actor_id"].as_i64(),
            group: event["group_id"].as_i64(),
            subject: id.as_i64().unwrap(),
        }
    }
}

/// The position in a cursor, which is opaque to clients but not to this test.
fn position(cursor: &str) -> i64 {
    cursor.rsplit_once('-').unwrap().1.parse().unwrap()
}
