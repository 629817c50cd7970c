//! Commands on the model, for tests of what people do.

use std::sync::{Arc, Mutex};

use groupchat_domain::Error;
use groupchat_domain::accounts::{
    Actor, FactorStanding, NewUser, Origin, PasswordHash, SessionKind, Username,
};
use groupchat_domain::ids::SessionId;
use groupchat_domain::storage::{CommitDecision, Mode, Tx, Unique, Work};
use groupchat_domain::time::Timestamp;
use groupchat_simulation::model::ModelDatabase;

/// The time of all commands.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// Runs a command and commits it, unless it is refused.
pub(crate) fn run<T: Send + 'static>(
    database: &ModelDatabase,
    command: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let answer = Arc::new(Mutex::new(None));
    let place = Arc::clone(&answer);
    let work: Work = Box::new(move |tx| {
        let outcome = command(tx);
        let decision = if outcome.is_ok() { CommitDecision::Commit } else { CommitDecision::RollBack };
        *place.lock().unwrap() = Some(outcome);
        decision
    });
    database.execute(Mode::Write, NOW, &work).outcome.unwrap();
    answer.lock().unwrap().take().unwrap()
}

/// A new user, signed in.
pub(crate) fn new_user(tx: &mut dyn Tx, number: usize, is_admin: bool) -> Actor {
    let new = NewUser {
        username: Username::parse(&format!("user{number}")).unwrap(),
        display_name: None,
        email: None,
        is_admin,
        password: PasswordHash::from_stored("hash".to_owned()),
        created_at: NOW,
    };
    let Unique::Stored(id) = tx.accounts().insert(&new).unwrap() else { panic!("the name is taken") };
    let session = SessionId::new(i64::try_from(number).unwrap() + 1);
    Actor {
        user: new.into_user(id).as_ref(),
        session,
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    }
}
