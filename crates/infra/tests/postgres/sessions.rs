//! How sessions are set up: what is acknowledged is on the server's disk, and none outlives its program for long.

use crate::console::Console;
use crate::database::{OneWorkerStorage, touch};
use groupchat_testing::Scratch;

/// The setting that a command is run with.
fn in_force(place: &OneWorkerStorage, setting: &str) -> String {
    let mut console = place.console();
    console.execute(&format!(
        "CREATE TABLE seen (word TEXT); \
         CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             INSERT INTO seen VALUES (current_setting('{setting}')); RETURN NEW; \
         END $$; \
         CREATE TRIGGER look BEFORE UPDATE ON storage_probe FOR EACH ROW EXECUTE FUNCTION look()"
    ));
    place.write(touch).unwrap();
    console.word("SELECT word FROM seen")
}

/// How commands are committed in a database that is set up this way.
fn committed_with(setting: &str) -> String {
    let scratch = Scratch::create();
    let set = format!("ALTER DATABASE %I SET synchronous_commit = {setting}");
    let set = format!("DO $$ BEGIN EXECUTE format('{set}', current_database()); END $$");
    Console::open(scratch.url()).execute(&set);
    in_force(&OneWorkerStorage::on(scratch, |_| ()), "synchronous_commit")
}

#[test]
fn a_commit_that_would_not_be_waited_for_is() {
    assert_eq!(committed_with("off"), "on");
}

#[test]
fn other_guarantees_stay_as_they_were_chosen() {
    for chosen in ["local", "remote_write", "remote_apply"] {
        assert_eq!(committed_with(chosen), chosen);
    }
}

/// By itself it would take the server two hours, in which nobody else could number events.
#[test]
fn the_server_notices_within_a_minute_that_a_program_has_vanished() {
    assert_eq!(in_force(&OneWorkerStorage::new(), "tcp_keepalives_idle"), "30");
}
