//! Races between signing in and a change of the password.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, ApiKeys, ClientInfo, KNOWN_DEVICE_RETENTION, KNOWN_NETWORK_RETENTION, LOGIN_LIFETIME,
    LoginAttempt, LoginPorts, Origin, Password, RefreshTerms, SESSIONS_PER_USER, Secret, SignedIn,
    UserChanges, change_password, edit_user, login, operator,
};
use groupchat_domain::network::Network;
use groupchat_domain::storage::Credential;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{PASSWORD, Person};
use crate::plain::{AnyNumberOfTries, NoJournal};
use crate::plain_hasher::PlainHasher;

/// How many sign in while the password changes.
const LOGINS: usize = 6;

/// No session that began by the old password outlives a change of it: by the user, by an admin, or at the command
/// line.
fn no_login_by_an_old_password_outlives_its_change(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let (user, admin) = (arena.person(), &admin);
        let mut parts: Vec<Part<'_, Result<Option<Credential>, Refusal>>> = Vec::new();
        for _ in 0..LOGINS {
            let name = user.name.as_str();
            parts.push(part(move || sign_in(arena, name, PASSWORD).map(Some)));
        }
        let change = part(|| change(arena, admin, &user, round % 3, "the second password").map(|()| None));
        // In the middle, since the parts begin one a little after the other.
        parts.insert(round % LOGINS, change);
        let sessions: Vec<_> = at_once(parts).into_iter().filter_map(settled).collect();
        for session in sessions {
            let used = arena.act(session, |_, _| Ok(()));
            assert_eq!(used, Err(AccountRefusal::Unauthenticated.into()), "in round {round}");
        }
        sign_in(arena, user.name.as_str(), "the second password").expect("the new password is the user's");
    });
}

/// Of changes at once one is the user's password afterwards, no change that was rejected is, and the user, who has
/// to show the old password, changes it once.
fn of_changes_at_once_one_password_is_left(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let (user, admin) = (arena.person(), &admin);
        let wanted = ["by the user", "by the user again", "by an admin"];
        let parts = wanted.iter().enumerate().map(|(nth, new)| {
            let (user, way) = (&user, if nth == 2 { 1 + round % 2 } else { 0 });
            part(move || change(arena, admin, user, way, new))
        });
        let outcomes = at_once(parts.collect());
        assert!(outcomes.iter().any(Result::is_ok), "{outcomes:?}");
        assert!(outcomes[0].is_err() || outcomes[1].is_err(), "the old password was shown twice");
        for (outcome, new) in outcomes.iter().zip(wanted) {
            if outcome.is_err() {
                assert_eq!(
                    sign_in(arena, user.name.as_str(), new),
                    Err(wrong()),
                    "a refused password counts"
                );
            }
        }
        let id = user.id;
        let stored = arena.look(move |tx| tx.accounts().password(id).unwrap().unwrap());
        sign_in(arena, user.name.as_str(), stored.as_str()).expect("the password that is stored counts");
    });
}

/// Signs in; the credential of the new session.
pub(crate) fn sign_in(arena: &Arena, name: &str, password: &str) -> Result<Credential, Refusal> {
    let ports = LoginPorts {
        storage: arena.server(),
        hasher: &PlainHasher,
        keys: &RandomKeys,
        attempts: &AnyNumberOfTries,
        journal: &NoJournal,
        lifetime: LOGIN_LIFETIME,
        refresh: RefreshTerms::default(),
        sessions_per_user: SESSIONS_PER_USER,
        networks_known_for: KNOWN_NETWORK_RETENTION,
        devices_known_for: KNOWN_DEVICE_RETENTION,
    };
    let attempt = LoginAttempt {
        username: name.to_owned(),
        password: Secret::new(password.to_owned()),
        refresh: false,
        device_name: None,
        device: None,
        client: ClientInfo::default(),
    };
    let SignedIn::Complete(session) = arena.wait_for(login(ports, attempt))? else {
        panic!("a second factor is asked for");
    };
    Ok(Credential {
        key: RandomKeys.digest(session.key.reveal()),
        network: Network::UNKNOWN,
        origin: Origin::UNKNOWN,
    })
}

/// One of the ways to change a password.
fn change(arena: &Arena, admin: &Person, user: &Person, way: usize, new: &str) -> Result<(), Refusal> {
    let (server, hasher, new) = (arena.server(), &PlainHasher, Password::parse(new).unwrap());
    match way {
        0 => {
            let old = Secret::new(PASSWORD.to_owned());
            arena.wait_for(change_password(server, hasher, &AnyNumberOfTries, user.who, old, new, None))
        }
        1 => {
            let changes = UserChanges { password: Some(new), ..UserChanges::default() };
            arena.wait_for(edit_user(server, hasher, admin.who, user.id, changes)).map(drop)
        }
        _ => arena.wait_for(operator::set_password(server, hasher, user.name.clone(), new)).map(drop),
    }
}

/// The session of a login that was in time.
fn settled(outcome: Result<Option<Credential>, Refusal>) -> Option<Credential> {
    outcome.unwrap_or_else(|refusal| {
        assert_eq!(refusal, wrong());
        None
    })
}

fn wrong() -> Refusal {
    AccountRefusal::InvalidCredentials.into()
}

cases! { once:
    no_login_by_an_old_password_outlives_its_change
    of_changes_at_once_one_password_is_left
}
