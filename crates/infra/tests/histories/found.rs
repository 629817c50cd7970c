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

/// Ending what is no token forgot that the session had been used.
#[test]
fn a_session_that_is_no_token_was_used_all_the_same() {
    use groupchat_simulation::commands::*;
    use groupchat_simulation::history::Step;
    let history = History(vec![
        Step { number: 1, after: 1000000, by: AKey(2), command: Command::CreateFirstAdmin {} },
        Step {
            number: 2,
            after: 1000000,
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
            after: 1000000,
            by: AKey(2),
            command: Command::CreateUser {
                name: AUsername(2),
                display: None,
                email: None,
                admin: AFlag(false),
                password: APassword(0),
                default: None,
            },
        },
        Step {
            number: 4,
            after: 1000000,
            by: AKey(2),
            command: Command::CreateUser {
                name: AUsername(4),
                display: None,
                email: None,
                admin: AFlag(false),
                password: APassword(0),
                default: None,
            },
        },
        Step {
            number: 5,
            after: 1000000,
            by: AKey(2),
            command: Command::CreateUser {
                name: AUsername(6),
                display: None,
                email: None,
                admin: AFlag(false),
                password: APassword(0),
                default: None,
            },
        },
        Step {
            number: 6,
            after: 1000000,
            by: AKey(2),
            command: Command::CreateUser {
                name: AUsername(8),
                display: None,
                email: None,
                admin: AFlag(false),
                password: APassword(0),
                default: None,
            },
        },
        Step {
            number: 53,
            after: 361,
            by: AKey(2),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(1),
                on: None,
            },
        },
        Step {
            number: 60,
            after: 700,
            by: AKey(2),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(4),
                on: None,
            },
        },
        Step {
            number: 65,
            after: 485,
            by: AKey(53),
            command: Command::Login {
                name: ATypedName(2),
                password: ATypedPassword(0),
                network: ANetwork(3),
                on: None,
            },
        },
        Step {
            number: 67,
            after: 143,
            by: AKey(65),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(2),
                on: None,
            },
        },
        Step {
            number: 121,
            after: 523,
            by: AKey(67),
            command: Command::CreateUser {
                name: AUsername(16),
                display: None,
                email: None,
                admin: AFlag(false),
                password: APassword(0),
                default: Some(AGroup(2)),
            },
        },
        Step {
            number: 122,
            after: 783,
            by: AKey(60),
            command: Command::ChangePassword { current: ATypedPassword(0), new: APassword(0), device: None },
        },
        Step {
            number: 127,
            after: 446,
            by: AKey(121),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(1),
                on: None,
            },
        },
        Step {
            number: 144,
            after: 114,
            by: AKey(127),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(4),
                on: None,
            },
        },
        Step {
            number: 218,
            after: 975,
            by: AKey(60),
            command: Command::Reply { root: ARoot(2, 11), text: AText(311), client_id: Some(AClientId(13)) },
        },
        Step { number: 219, after: 828, by: AKey(127), command: Command::EndToken { token: ASession(11) } },
        Step {
            number: 222,
            after: 497,
            by: AKey(144),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(2),
                on: None,
            },
        },
    ]);
    assert_eq!(difference(|clock| Database::sqlite_at(clock), &history.0), Ok(()));
}

/// An old use of another key of the same session seemed to be right, and the latest one to come from a clock that was ahead.
#[test]
fn the_latest_use_of_a_session_with_several_keys_counts() {
    use groupchat_simulation::commands::*;
    use groupchat_simulation::history::Step;
    let history = History(vec![
        Step { number: 1, after: 1000000, by: AKey(2), command: Command::CreateFirstAdmin {} },
        Step {
            number: 74,
            after: 356,
            by: AKey(4),
            command: Command::LoginOnDevice {
                name: ATypedName(1),
                password: ATypedPassword(0),
                network: ANetwork(4),
                device: None,
                on: None,
            },
        },
        Step {
            number: 88,
            after: 915,
            by: AKey(79),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(5),
                on: None,
            },
        },
        Step {
            number: 91,
            after: 653,
            by: AKey(74),
            command: Command::Refresh { token: ARefreshToken(74, 74), network: ANetwork(5) },
        },
        Step {
            number: 110,
            after: 106,
            by: AKey(28),
            command: Command::Refresh { token: ARefreshToken(74, 91), network: ANetwork(4) },
        },
        Step {
            number: 111,
            after: 905,
            by: AKey(110),
            command: Command::ListThreads {
                unread: AFlag(false),
                before: Some(AMessage(1, 2)),
                limit: ALimit(1),
            },
        },
        Step {
            number: 128,
            after: 333,
            by: AKey(28),
            command: Command::LoginOnDevice {
                name: ATypedName(13),
                password: ATypedPassword(0),
                network: ANetwork(0),
                device: Some(ADeviceName(2)),
                on: Some(ADevice(2)),
            },
        },
        Step {
            number: 191,
            after: 330,
            by: AKey(88),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(5),
                on: None,
            },
        },
        Step {
            number: 198,
            after: 825000000,
            by: AKey(88),
            command: Command::Send { group: AGroup(2), text: AText(857), client_id: Some(AClientId(3)) },
        },
        Step {
            number: 221,
            after: 437,
            by: AKey(110),
            command: Command::Reply { root: ARoot(1, 2), text: AText(640), client_id: Some(AClientId(54)) },
        },
        Step {
            number: 222,
            after: 283,
            by: AKey(191),
            command: Command::Login {
                name: ATypedName(0),
                password: ATypedPassword(0),
                network: ANetwork(5),
                on: None,
            },
        },
    ]);
    assert_eq!(difference(|clock| Database::sqlite_at(clock), &history.0), Ok(()));
}
