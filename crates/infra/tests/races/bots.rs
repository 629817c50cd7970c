//! Races of bots: they change hands while owners go, and there are never too many.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, ApiKeys, DeviceName, MAX_BOTS, Origin, Scope, TokenTerms, User, Username, delete_user,
    end_other_sessions, end_sessions_of,
};
use groupchat_domain::bots::{BotDraft, BotRefusal, create_bot, create_bot_token, delete_bot, hand_over_bot};
use groupchat_domain::ids::UserId;
use groupchat_domain::network::Network;
use groupchat_domain::storage::Credential;
use groupchat_domain::tokens::TokenDraft;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::passwords::sign_in;
use crate::people::{PASSWORD, Person};

fn create(arena: &Arena, who: Credential) -> Result<User, Refusal> {
    let draft = BotDraft {
        username: Username::parse(&format!("bot-{}", arena.serial())).unwrap(),
        display_name: None,
    };
    arena.act(who, move |tx, actor| create_bot(tx, actor, &draft))
}

fn hand_over(arena: &Arena, who: Credential, bot: UserId, to: UserId) -> Result<(), Refusal> {
    arena.act(who, move |tx, actor| hand_over_bot(tx, actor, bot, to)).map(drop)
}

fn issue(arena: &Arena, who: Credential, bot: UserId) -> Result<Credential, Refusal> {
    let (key, terms) = (RandomKeys.issue_token().hash, TokenTerms { scope: Scope::Write, groups: None });
    let draft = TokenDraft { name: DeviceName::parse("CI").unwrap(), terms, expires_at: None };
    arena.act(who, move |tx, actor| create_bot_token(tx, actor, bot, &draft, key))?;
    Ok(Credential { key, network: Network::UNKNOWN, origin: Origin::UNKNOWN })
}

/// The bot, and whether its token still works.
fn left(arena: &Arena, bot: UserId, token: Credential) -> (Option<User>, bool) {
    let found = arena.look(move |tx| tx.accounts().find(bot).unwrap());
    (found, arena.act(token, |_, _| Ok(())).is_ok())
}

/// A bot that is handed over while its owner, or the next one, is deleted belongs to somebody who is there, or ends.
fn a_bot_never_outlives_its_owner(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let (ann, bob) = (arena.person(), arena.person());
        let bot = create(arena, sign_in_again(arena, &ann)).unwrap().id;
        let token = issue(arena, sign_in_again(arena, &ann), bot).unwrap();
        let who = sign_in_again(arena, &ann);
        let goes = if round % 2 == 0 { ann.id } else { bob.id };
        let (admin, to) = (admin.who, bob.id);
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![
            part(move || hand_over(arena, who, bot, to)),
            part(move || arena.act(admin, move |tx, actor| delete_user(tx, actor, goes))),
            part(move || hand_over(arena, admin, bot, to)),
        ];
        parts.rotate_left(round / 2 % 3);
        at_once(parts);
        arena.settle();
        let (found, works) = left(arena, bot, token);
        match found.and_then(|bot| bot.owner) {
            Some(owner) => {
                assert_ne!(owner, goes, "in round {round}");
                assert!(works, "in round {round}");
            }
            None => assert!(!works, "in round {round}"),
        }
    });
}

fn sign_in_again(arena: &Arena, person: &Person) -> Credential {
    sign_in(arena, person.name.as_str(), PASSWORD).expect("the password is right")
}

/// Those who create bots, or are given some, don't get more than there is room for.
fn there_is_never_a_bot_too_many(arena: &Arena) {
    let (ann, bob) = (arena.person(), arena.person());
    let (mine, others) = (sign_in_again(arena, &ann), sign_in_again(arena, &bob));
    for _ in 2..MAX_BOTS {
        create(arena, mine).unwrap();
    }
    let given: Vec<_> = (0..3).map(|_| create(arena, others).unwrap().id).collect();
    let to = ann.id;
    let mut parts: Vec<Part<'_, Result<(), Refusal>>> = Vec::new();
    for bot in given {
        parts.push(part(move || create(arena, mine).map(drop)));
        parts.push(part(move || hand_over(arena, others, bot, to)));
    }
    let (made, refused): (Vec<_>, Vec<_>) = at_once(parts).into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 2);
    assert!(refused.iter().all(|outcome| *outcome == Err(BotRefusal::TooMany.into())), "{refused:?}");
}

/// Whoever signs all other devices out, or is signed out by an admin, finds no bot and no token that a stolen session has made
/// since.
fn no_bot_is_made_by_a_session_that_has_ended(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let ann = arena.person();
        let (own, stolen) = (sign_in_again(arena, &ann), sign_in_again(arena, &ann));
        let (admin, id) = (admin.who, ann.id);
        let end = part(move || {
            if round % 2 == 0 {
                return arena.act(own, end_other_sessions);
            }
            arena.act(admin, move |tx, actor| end_sessions_of(tx, actor, id))
        });
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> =
            (0..3).map(|_| part(move || create(arena, stolen).map(drop))).collect();
        parts.insert(round % 4, end);
        for outcome in at_once(parts) {
            if let Err(refusal) = outcome {
                assert_eq!(refusal, AccountRefusal::Unauthenticated.into(), "in round {round}");
            }
        }
        let bots = || arena.look(move |tx| tx.accounts().bots(id, None, MAX_BOTS.into()).unwrap().len());
        let after = bots();
        assert_eq!(create(arena, stolen).unwrap_err(), AccountRefusal::Unauthenticated.into());
        assert_eq!(bots(), after);
    });
}

/// A token that is issued while the bot is deleted works no more.
fn no_token_outlives_its_bot(arena: &Arena) {
    rounds(|round| {
        let ann = arena.person();
        let who = sign_in_again(arena, &ann);
        let bot = create(arena, who).unwrap().id;
        let mut parts: Vec<Part<'_, Result<Option<Credential>, Refusal>>> =
            (0..3).map(|_| part(move || issue(arena, who, bot).map(Some))).collect();
        let delete = part(move || arena.act(who, move |tx, actor| delete_bot(tx, actor, bot)).map(|()| None));
        parts.insert(round % 4, delete);
        for outcome in at_once(parts) {
            match outcome {
                Ok(Some(token)) => assert!(!left(arena, bot, token).1, "in round {round}"),
                Ok(None) => {}
                Err(refusal) => assert_eq!(refusal, BotRefusal::NotFound.into(), "in round {round}"),
            }
        }
    });
}

cases! { once:
    a_bot_never_outlives_its_owner
    there_is_never_a_bot_too_many
    no_bot_is_made_by_a_session_that_has_ended
    no_token_outlives_its_bot
}
