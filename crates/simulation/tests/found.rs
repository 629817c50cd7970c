//! What runs of the simulation have found, as short as they could be made: bugs that were mended.

use groupchat_simulation::cluster::{Action, Fate, Mutation, replay};
use groupchat_simulation::commands::{
    AGroupName, AHistory, ANetwork, ATypedName, ATypedPassword, AUser, AUsername, AVisibility, Command,
    SomePeople,
};

/// The client's heartbeat had asked whether its session holds, and the answer of then counted after the session's end.
#[test]
fn a_check_of_a_session_from_before_its_end_does_not_count() {
    let actions = [
        Action::SignIn { client: 1, server: 0, name: ATypedName(6), number: 1 },
        Action::Poll { client: 1 },
        Action::Give {
            client: 0,
            server: 0,
            command: Command::Login {
                name: ATypedName(3),
                password: ATypedPassword(0),
                network: ANetwork(1),
                on: None,
            },
            number: 861,
        },
        Action::Execute { server: 0, nth: 0, fate: Fate::Runs },
        Action::Poll { client: 0 },
        Action::Execute { server: 1, nth: 2, fate: Fate::Runs },
        Action::Poll { client: 0 },
        Action::Execute { server: 0, nth: 1, fate: Fate::Runs },
        Action::Poll { client: 0 },
        Action::Connect { client: 0, server: 0 },
        Action::Poll { client: 0 },
        Action::Execute { server: 0, nth: 0, fate: Fate::Runs },
        Action::Poll { client: 0 },
        Action::Heartbeat { client: 0 },
        Action::Poll { client: 1 },
        Action::Heartbeat { client: 0 },
        Action::Execute { server: 0, nth: 2, fate: Fate::Runs },
        Action::Poll { client: 1 },
        Action::Give {
            client: 1,
            server: 1,
            command: Command::CreateGroup {
                name: AGroupName(15),
                description: None,
                visibility: AVisibility(0),
                history: AHistory(0),
            },
            number: 982,
        },
        Action::Execute { server: 0, nth: 1, fate: Fate::Runs },
        Action::Poll { client: 0 },
        Action::Give { client: 0, server: 0, command: Command::LogoutSecurely {}, number: 1726 },
    ];
    assert_eq!(replay(&actions, Mutation::None), Ok(()));
}

/// The witness took the end of a direct conversation, which nobody is told of, for a loss.
#[test]
fn a_conversation_goes_with_the_last_of_its_people() {
    let actions = [
        Action::SignIn { client: 5, server: 1, name: ATypedName(4), number: 5 },
        Action::Poll { client: 5 },
        Action::Execute { server: 1, nth: 0, fate: Fate::Runs },
        Action::SignIn { client: 1, server: 0, name: ATypedName(0), number: 79 },
        Action::Poll { client: 5 },
        Action::Execute { server: 1, nth: 0, fate: Fate::Runs },
        Action::Poll { client: 5 },
        Action::Give {
            client: 5,
            server: 1,
            command: Command::StartDirect { people: SomePeople(4, 4) },
            number: 776,
        },
        Action::Poll { client: 5 },
        Action::Execute { server: 1, nth: 0, fate: Fate::Runs },
        Action::Poll { client: 5 },
        Action::Poll { client: 1 },
        Action::Execute { server: 1, nth: 0, fate: Fate::Runs },
        Action::Give {
            client: 5,
            server: 1,
            command: Command::DeleteUserByOperator { name: AUsername(7) },
            number: 1027,
        },
        Action::Poll { client: 1 },
        Action::Execute { server: 1, nth: 0, fate: Fate::Runs },
        Action::Poll { client: 1 },
        Action::Give { client: 1, server: 0, command: Command::DeleteUser { user: AUser(3) }, number: 1628 },
    ];
    assert_eq!(replay(&actions, Mutation::None), Ok(()));
}
