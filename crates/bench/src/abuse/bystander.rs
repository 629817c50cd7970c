//! Those who do no harm, and what becomes of them meanwhile.
//!
//! They have a thread of their own: what the hostile clients in this program do can't keep them waiting, only what the
//! server does, and the processor that all of them share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use reqwest::{Client, RequestBuilder};
use serde::{Serialize, Serializer};
use serde_json::json;
use tokio::runtime;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::sleep;

use super::args::AttackScenario;
use super::attacks::Scene;
use super::network::{Origin, reader};
use super::stage::BYSTANDERS;
use crate::error::{BenchError, describe};
use crate::load::empty_histogram;
use crate::seed::{PASSWORD, message_text};

/// What somebody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Action {
    /// Sends a message.
    Send,
    /// Reads a page of 50 messages or a list of 50 groups.
    Read,
    /// Signs in by password from where they signed in before.
    Login,
    /// The same from somewhere new.
    LoginElsewhere,
    /// Reads on a new connection each time.
    Connect,
}

impl Action {
    /// Between two of one person.
    const fn pause(self) -> Duration {
        Duration::from_millis(match self {
            Self::Send => 100,
            Self::Read | Self::Login | Self::LoginElsewhere | Self::Connect => 50,
        })
    }

    /// How long they wait for an answer. Who gets none, or another than a 2xx, has waited for that long. A login takes
    /// a processor for a while, and others work on it too.
    const fn timeout(self) -> Duration {
        Duration::from_secs(match self {
            Self::Login | Self::LoginElsewhere => 15,
            Self::Send | Self::Read | Self::Connect => 5,
        })
    }

    /// How many people do it.
    const fn people(self) -> usize {
        match self {
            Self::Send => BYSTANDERS,
            Self::Read | Self::Connect => 4,
            Self::Login | Self::LoginElsewhere => 1,
        }
    }

    /// How it is called in the report.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Read => "read",
            Self::Login => "login",
            Self::LoginElsewhere => "login, new place",
            Self::Connect => "new connection",
        }
    }
}

/// What becomes of each action.
pub(super) type ActionSamples = BTreeMap<Action, ActionSample>;

/// What became of an action.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ActionSample {
    /// How long each took, in microseconds.
    #[serde(flatten, serialize_with = "quantiles")]
    pub latencies: Histogram<u64>,
    /// Those that failed, by why.
    pub failures: BTreeMap<String, u64>,
}

impl Default for ActionSample {
    fn default() -> Self {
        Self { latencies: empty_histogram(), failures: BTreeMap::new() }
    }
}

impl ActionSample {
    fn record(&mut self, action: Action, took: Duration, answer: Result<(), String>) {
        let took = answer.as_ref().map_or(action.timeout(), |()| took);
        self.latencies.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if let Err(why) = answer {
            *self.failures.entry(why).or_default() += 1;
        }
    }

    fn add(&mut self, other: &Self) {
        // Both have the same bounds, so that nothing is lost.
        let _ = self.latencies.add(&other.latencies);
        for (why, count) in &other.failures {
            *self.failures.entry(why.clone()).or_default() += count;
        }
    }

    /// Of these times.
    #[cfg(test)]
    pub(super) fn of_millis(times: &[u64]) -> Self {
        let mut sample = Self::default();
        times.iter().for_each(|time| sample.record(Action::Send, Duration::from_millis(*time), Ok(())));
        sample
    }

    /// How many failed.
    pub(super) fn failed(&self) -> u64 {
        self.failures.values().sum()
    }

    /// The time within which a part of them was answered, in milliseconds.
    pub(super) fn quantile_millis(&self, part: f64) -> f64 {
        self.latencies.value_at_quantile(part) as f64 / 1000.0
    }
}

fn quantiles<S: Serializer>(latencies: &Histogram<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Quantiles {
        count: u64,
        p50_micros: u64,
        p99_micros: u64,
    }
    let of = |part| latencies.value_at_quantile(part);
    Quantiles { count: latencies.len(), p50_micros: of(0.5), p99_micros: of(0.99) }.serialize(serializer)
}

/// Those who do no harm in a scenario.
#[derive(Debug, Clone)]
pub(super) struct Bystanders {
    actions: &'static [Action],
    home: Arc<Home>,
}

/// Where they are and who they are.
#[derive(Debug)]
struct Home {
    url: String,
    group: String,
    names: Vec<String>,
    keys: Vec<String>,
}

impl Bystanders {
    /// Those whom a scenario is to leave alone.
    pub(super) fn of(scenario: AttackScenario, scene: &Scene) -> Self {
        let people = &scene.stage.bystanders;
        let home = Home {
            url: scene.url.clone(),
            group: format!("{}/api/groups/{}/messages", scene.url, scene.stage.calm),
            names: people.iter().map(|user| user.username.clone()).collect(),
            keys: people.iter().map(|user| user.key.reveal().to_owned()).collect(),
        };
        Self { actions: actions(scenario), home: Arc::new(home) }
    }

    /// Lets them do what they do for a while, from connections that are new.
    ///
    /// # Errors
    /// The thread can't be started.
    pub(super) async fn measure(&self, window: Duration) -> Result<ActionSamples, BenchError> {
        let this = self.clone();
        let measured = spawn_blocking(move || {
            let own = runtime::Builder::new_current_thread().enable_all().build();
            own.map_err(|source| BenchError::io("starting the async runtime", source))?
                .block_on(this.act(Instant::now() + window))
        });
        measured.await.map_err(|error| BenchError::Request(error.to_string()))?
    }

    async fn act(self, end: Instant) -> Result<ActionSamples, BenchError> {
        let mut people = JoinSet::new();
        for &action in self.actions {
            for number in 0..action.people() {
                let person =
                    Person { action, number, client: client(action, number)?, home: Arc::clone(&self.home) };
                people.spawn(person.act(end));
            }
        }
        let mut samples = ActionSamples::new();
        for (action, sample) in people.join_all().await {
            samples.entry(action).or_default().add(&sample);
        }
        Ok(samples)
    }
}

const fn actions(scenario: AttackScenario) -> &'static [Action] {
    match scenario {
        AttackScenario::WrongLogins | AttackScenario::Lockout => {
            &[Action::Login, Action::LoginElsewhere, Action::Send]
        }
        AttackScenario::OneUserLogins => &[Action::Login, Action::Send],
        AttackScenario::ManyConnections | AttackScenario::SlowHeads => &[Action::Connect, Action::Send],
        _ => &[Action::Send, Action::Read],
    }
}

/// Nobody who signs in elsewhere shares a network with somebody at home.
fn client(action: Action, number: usize) -> Result<Client, BenchError> {
    let at = |place: usize| Origin::bystander(u8::try_from(place).unwrap_or(u8::MAX));
    reader(match action {
        Action::Login => at(0),
        Action::LoginElsewhere => at(9),
        Action::Send | Action::Read | Action::Connect => at(1 + number % 8),
    })
}

/// Somebody who does one thing again and again.
struct Person {
    action: Action,
    number: usize,
    client: Client,
    home: Arc<Home>,
}

impl Person {
    async fn act(self, end: Instant) -> (Action, ActionSample) {
        let mut sample = ActionSample::default();
        for turn in 0.. {
            let begun = Instant::now();
            if begun >= end {
                break;
            }
            let request = self.request(turn);
            let answer = answer(request.timeout(self.action.timeout())).await;
            sample.record(self.action, begun.elapsed(), answer);
            sleep(self.action.pause()).await;
        }
        (self.action, sample)
    }

    fn request(&self, turn: u64) -> RequestBuilder {
        let Home { url, group, names, keys } = &*self.home;
        let key = |request: RequestBuilder| request.header("X-API-Key", &keys[self.number % keys.len()]);
        match self.action {
            Action::Send => key(self.client.post(group)).json(&json!({"text": message_text(turn)})),
            Action::Read if turn.is_multiple_of(2) => key(self.client.get(format!("{group}?limit=50"))),
            Action::Read => key(self.client.get(format!("{url}/api/groups?limit=50"))),
            Action::Connect => {
                key(self.client.get(format!("{url}/api/groups?limit=1"))).header("Connection", "close")
            }
            Action::Login | Action::LoginElsewhere => {
                let login = json!({"username": names[0], "password": PASSWORD});
                self.client.post(format!("{url}/api/login")).json(&login)
            }
        }
    }
}

async fn answer(request: RequestBuilder) -> Result<(), String> {
    let answer = request.send().await.map_err(why)?;
    let status = answer.status();
    answer.bytes().await.map_err(why)?;
    if status.is_success() { Ok(()) } else { Err(status.as_u16().to_string()) }
}

/// Why there was no answer, without addresses, so that equal reasons are counted together.
fn why(error: reqwest::Error) -> String {
    if error.is_timeout() { "no response in time".to_owned() } else { describe(&error.without_url()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_gets_no_answer_has_waited_for_as_long_as_anybody_does() {
        let mut sample = ActionSample::default();
        sample.record(Action::Send, Duration::from_millis(2), Ok(()));
        sample.record(Action::Send, Duration::from_millis(1), Err("503".to_owned()));
        let mut all = ActionSample::default();
        all.add(&sample);
        all.add(&sample);
        assert_eq!((all.failed(), all.latencies.len()), (2, 4));
        assert!(all.quantile_millis(0.5) < 2.1 && all.quantile_millis(0.99) > 4_990.0);
    }
}
