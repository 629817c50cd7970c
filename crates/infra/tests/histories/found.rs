//! Histories that have differed, as short as they could be made: bugs that were mended.

use groupchat_simulation::history::History;

use crate::comparison::difference;
use crate::support::Database;

/// Never differed: it shows how tests are printed.
#[test]
fn a_history_that_differed() {
    use groupchat_simulation::commands::*;
    use groupchat_simulation::history::Step;
    let history = History(vec![
        Step { number: 1, after: 1000, by: AKey(2), command: Command::CreateFirstAdmin {} },
        Step {
            number: 2,
            after: 1000,
            by: AKey(2),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(1),
                on: None,
            },
        },
        Step {
            number: 3,
            after: 1000,
            by: AKey(2),
            command: Command::AddMember { group: AGroup(1), candidate: ACandidate::Name(0), role: ARole(0) },
        },
    ]);
    assert_eq!(difference(|clock| Database::sqlite_at(clock), &history.0), Ok(()));
}
