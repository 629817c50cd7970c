//! Races of refreshes: with each other, and with what ends sessions.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, ApiKeys, ClientInfo, LoggedIn, NewRefresh, NewSession, NoMail, Origin, Password,
    RefreshPorts, RefreshTerms, Secret, SessionKind, change_password, delete_user, end_other_sessions,
    end_sessions_of, logout, logout_by_refresh, refresh,
};
use groupchat_domain::events::{Audience, EventRecord, EventType};
use groupchat_domain::network::Network;
use groupchat_domain::storage::Credential;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{PASSWORD, Person};
use crate::plain::{AnyNumberOfTries, NoJournal};
use crate::plain_hasher::PlainHasher;

/// How many use a token at once.
const TABS: usize = 8;

/// A session of a user, with its key and its token.
fn sign_in(arena: &Arena, user: &Person) -> (Credential, Secret) {
    let (key, refresh, id) = (RandomKeys.issue(), RandomKeys.issue_refresh(), user.id);
    let (hash, hashes) = (key.hash, refresh.hashes);
    arena.prepare(move |tx| {
        let (created_at, terms) = (tx.now(), RefreshTerms::default());
        let session = NewSession {
            user: id,
            kind: SessionKind::Login,
            key: hash,
            created_at,
            expires_at: created_at.plus(terms.idle),
            client: ClientInfo::default(),
            name: None,
            refresh: Some(NewRefresh {
                hashes,
                key_expires_at: created_at.plus(terms.key),
                ends_at: created_at.plus(terms.longest),
            }),
        };
        tx.sessions().insert(&session).unwrap();
    });
    (credential(hash), refresh.secret)
}

fn credential(key: groupchat_domain::accounts::KeyHash) -> Credential {
    Credential { key, network: Network::UNKNOWN, origin: Origin::UNKNOWN }
}

fn ports(arena: &Arena) -> RefreshPorts<'_> {
    RefreshPorts {
        storage: arena.server(),
        keys: &RandomKeys,
        journal: &NoJournal,
        mails: &NoMail,
        terms: RefreshTerms::default(),
    }
}

fn refreshed(arena: &Arena, token: &Secret) -> Result<LoggedIn, Refusal> {
    arena.wait_for(refresh(ports(arena), token.clone(), ClientInfo::default()))
}

/// What the user's devices, and nobody else, were told since the last time this was asked.
fn told(arena: &Arena, user: &Person) -> Vec<EventType> {
    let to_user = |event: &EventRecord| event.audience == Audience::User(user.id);
    arena.news().into_iter().filter(to_user).map(|event| event.event_type).collect()
}

fn invalid() -> Refusal {
    AccountRefusal::RefreshTokenInvalid.into()
}

/// All who use a token at once get the same pair, which works. Nobody is taken for a thief.
fn of_refreshes_at_once_all_get_one_pair(arena: &Arena) {
    rounds(|round| {
        let user = arena.person();
        let (_, mut token) = sign_in(arena, &user);
        for _ in 0..2 {
            let parts = (0..TABS).map(|_| part(|| refreshed(arena, &token)));
            let pairs: Vec<_> = at_once(parts.collect()).into_iter().map(Result::unwrap).collect();
            let next = |pair: &LoggedIn| (pair.key.clone(), pair.refresh.as_ref().unwrap().token.clone());
            let (key, next_token) = next(&pairs[0]);
            assert!(pairs.iter().all(|pair| next(pair) == (key.clone(), next_token.clone())), "{round}");
            let who = credential(RandomKeys.digest(key.reveal()));
            arena.act(who, |_, _| Ok(())).expect("the key works");
            token = next_token;
        }
        assert_eq!(told(arena, &user), [], "in round {round}");
    });
}

/// What ends a session ends it for good, whatever its client refreshes at that moment.
fn no_session_is_refreshed_beyond_its_end(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let (user, admin) = (arena.person(), &admin);
        let (who, token) = sign_in(arena, &user);
        let mut parts: Vec<Part<'_, Result<Option<LoggedIn>, Refusal>>> = Vec::new();
        for _ in 0..3 {
            parts.push(part(|| refreshed(arena, &token).map(Some)));
        }
        parts.insert(round % 4, part(|| end(arena, admin, &user, who, &token, round % 6).map(|()| None)));
        for outcome in at_once(parts) {
            // Refreshes may come too late, and the key may have been replaced before; ends always come through.
            let Some(pair) = outcome.unwrap_or_else(|refusal| {
                assert_eq!(refusal, invalid(), "in round {round}");
                None
            }) else {
                continue;
            };
            let who = credential(RandomKeys.digest(pair.key.reveal()));
            let used = arena.act(who, |_, _| Ok(()));
            assert_eq!(used, Err(AccountRefusal::Unauthenticated.into()), "in round {round}");
            let token = pair.refresh.unwrap().token;
            assert_eq!(refreshed(arena, &token).err(), Some(invalid()), "in round {round}");
        }
    });
}

/// One of the ways to end a session.
fn end(
    arena: &Arena,
    admin: &Person,
    user: &Person,
    who: Credential,
    token: &Secret,
    way: usize,
) -> Result<(), Refusal> {
    let id = user.id;
    match way {
        0 => arena.act(who, logout),
        1 => arena.act(user.who, end_other_sessions),
        2 => arena.wait_for(logout_by_refresh(ports(arena), token.clone(), ClientInfo::default())),
        3 => arena.act(admin.who, move |tx, actor| end_sessions_of(tx, actor, id)),
        4 => {
            let (old, new) = (Secret::new(PASSWORD.to_owned()), Password::parse("another one").unwrap());
            let (server, hasher) = (arena.server(), &PlainHasher);
            arena.wait_for(change_password(server, hasher, &AnyNumberOfTries, user.who, old, new, None))
        }
        _ => arena.act(admin.who, move |tx, actor| delete_user(tx, actor, id)),
    }
}

/// A token that is used again ends the session once, however many use it at once.
fn a_stolen_token_is_told_of_once(arena: &Arena) {
    rounds(|round| {
        let user = arena.person();
        let (_, first) = sign_in(arena, &user);
        let token = |pair: LoggedIn| pair.refresh.unwrap().token;
        let second = token(refreshed(arena, &first).unwrap());
        let third = token(refreshed(arena, &second).unwrap());
        arena.news();
        let mut parts: Vec<_> = (0..4).map(|_| part(|| refreshed(arena, &first))).collect();
        parts.push(part(|| refreshed(arena, &third)));
        let mut outcomes = at_once(parts);
        let owner = outcomes.pop().unwrap();
        let reused: Refusal = AccountRefusal::RefreshTokenReused.into();
        let refusals: Vec<_> = outcomes.into_iter().map(|outcome| outcome.unwrap_err()).collect();
        assert_eq!(refusals.iter().filter(|refusal| **refusal == reused).count(), 1, "in round {round}");
        assert!(refusals.iter().all(|refusal| *refusal == reused || *refusal == invalid()));
        if let Ok(pair) = owner {
            assert_eq!(refreshed(arena, &token(pair)).err(), Some(invalid()));
        }
        assert_eq!(
            told(arena, &user),
            [EventType::RefreshReused, EventType::SessionsEnded],
            "in round {round}"
        );
    });
}

cases! { once:
    of_refreshes_at_once_all_get_one_pair
    no_session_is_refreshed_beyond_its_end
    a_stolen_token_is_told_of_once
}
