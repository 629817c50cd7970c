//! What is acknowledged is on the server's disk, however the database is set up.

use crate::console::Console;
use crate::place::{Place, touch};
use crate::support::scratch::Scratch;

/// Notes how a change of the table is about to be committed.
const NOTE_HOW: &str = "\
    CREATE TABLE seen (word TEXT); \
    CREATE FUNCTION note_how() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; \
    END $$; \
    CREATE TRIGGER note_how BEFORE UPDATE ON storage_probe FOR EACH ROW EXECUTE FUNCTION note_how()";

/// How commands are committed in a database that is set up this way.
fn committed_with(setting: &str) -> String {
    let scratch = Scratch::create();
    let set = format!("ALTER DATABASE %I SET synchronous_commit = {setting}");
    let set = format!("DO $$ BEGIN EXECUTE format('{set}', current_database()); END $$");
    Console::open(scratch.url()).execute(&set);
    let place = Place::on(scratch, |_| ());
    let mut console = place.console();
    console.execute(NOTE_HOW);
    place.write(touch).unwrap();
    console.word("SELECT word FROM seen")
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
