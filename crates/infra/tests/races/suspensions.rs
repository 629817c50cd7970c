//! Races between suspending users, or giving them temporary passwords, and what they do meanwhile.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, Password, Secret, UserChanges, change_password, edit_user, operator,
    set_temporary_password,
};
use groupchat_domain::ids::GroupId;
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Credential;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::passwords::sign_in;
use crate::people::{PASSWORD, Person};
use crate::plain::AnyNumberOfTries;
use crate::plain_hasher::PlainHasher;
use crate::support::fixture::text;

/// How many sign in meanwhile, and how many requests there are.
const LOGINS: usize = 3;
const REQUESTS: usize = 3;

fn suspend(arena: &Arena, admin: &Person, user: &Person, way: usize, suspended: bool) -> Result<(), Refusal> {
    let (server, suspended_or_not) = (arena.server(), Some(suspended));
    if way.is_multiple_of(2) {
        let changes = UserChanges { suspended: suspended_or_not, ..UserChanges::default() };
        return arena.wait_for(edit_user(server, &PlainHasher, admin.who, user.id, changes)).map(drop);
    }
    arena.wait_for(operator::set_suspended(server, user.name.clone(), suspended)).map(drop)
}

fn send(arena: &Arena, who: Credential, group: GroupId) -> Result<(), Refusal> {
    let draft = MessageDraft {
        group,
        text: text("hello"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    arena.act(who, move |tx, actor| messages::send(tx, actor, &draft)).map(drop)
}

/// What came of a part: a session, or nothing.
type Outcome = Result<Option<Credential>, Refusal>;

/// Whoever is suspended amid their logins and requests has no session afterwards, and no request succeeds after it; the
/// membership stays, and once the suspension is over, the user signs in as before.
fn no_session_and_no_request_outlives_a_suspension(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let (user, admin) = (arena.person(), &admin);
        let group = arena.group(&[(&user, BuiltInRole::Member)]);
        let mut parts: Vec<Part<'_, Outcome>> = Vec::new();
        for _ in 0..LOGINS {
            let name = user.name.as_str();
            parts.push(part(move || sign_in(arena, name, PASSWORD).map(Some)));
        }
        for _ in 0..REQUESTS {
            let who = user.who;
            parts.push(part(move || send(arena, who, group).map(|()| None)));
        }
        let end = part(|| suspend(arena, admin, &user, round, true).map(|()| None));
        parts.insert(round % (LOGINS + REQUESTS), end);
        let mut sessions = vec![user.who];
        for outcome in at_once(parts) {
            match outcome {
                Ok(session) => sessions.extend(session),
                Err(Refusal::Account(AccountRefusal::Suspended | AccountRefusal::Unauthenticated)) => {}
                Err(refusal) => panic!("in round {round}: {refusal:?}"),
            }
        }
        for session in sessions.iter().copied() {
            assert_eq!(send(arena, session, group), unauthenticated(), "in round {round}");
        }
        let (_, members) = arena.members(group).unwrap();
        assert!(members.iter().any(|member| member.user.id == user.id), "the membership stays");
        suspend(arena, admin, &user, round, false).unwrap();
        for session in sessions {
            assert_eq!(send(arena, session, group), unauthenticated(), "sessions don't come back");
        }
        let again = sign_in(arena, user.name.as_str(), PASSWORD).expect("the suspension is over");
        assert_eq!(send(arena, again, group), Ok(()));
    });
}

/// Whoever is given a temporary password amid their logins and requests has no session of before, and with one by the new
/// password does nothing before it is changed. Of a change at the same moment, one of the two counts.
fn no_session_outlives_a_temporary_password(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let (user, admin) = (arena.person(), &admin);
        let group = arena.group(&[(&user, BuiltInRole::Member)]);
        let mut parts: Vec<Part<'_, Outcome>> = Vec::new();
        for _ in 0..LOGINS {
            let name = user.name.as_str();
            parts.push(part(move || sign_in(arena, name, PASSWORD).map(Some)));
        }
        let (who, server) = (user.who, arena.server());
        parts.push(part(move || {
            let (old, new) = (Secret::new(PASSWORD.to_owned()), Password::parse("one of my own").unwrap());
            let changed = change_password(server, &PlainHasher, &AnyNumberOfTries, who, old, new, None);
            arena.wait_for(changed).map(|()| None)
        }));
        let (id, name) = (user.id, user.name.as_str());
        let set = part(move || {
            let set = set_temporary_password(server, &PlainHasher, &RandomKeys, admin.who, id);
            // The password in place of a key.
            let password = arena.wait_for(set)?;
            Ok(Some(sign_in(arena, name, password.reveal()).expect("it is the newest")))
        });
        parts.insert(round % LOGINS, set);
        let mut outcomes = at_once(parts);
        let by_temporary = outcomes.remove(round % LOGINS).unwrap().unwrap();
        assert_eq!(send(arena, by_temporary, group), must_change(), "in round {round}");
        let sessions = outcomes.into_iter().flatten().flatten().chain([who]);
        for session in sessions {
            assert_eq!(send(arena, session, group), unauthenticated(), "in round {round}");
        }
    });
}

fn unauthenticated() -> Result<(), Refusal> {
    Err(AccountRefusal::Unauthenticated.into())
}

fn must_change() -> Result<(), Refusal> {
    Err(AccountRefusal::PasswordChangeRequired.into())
}

cases! { once:
    no_session_and_no_request_outlives_a_suspension
    no_session_outlives_a_temporary_password
}
