//! Races of codes that reset passwords.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{
    AccountRefusal, ClientInfo, Email, MAX_RESETS, MailOrder, MailPorts, Password, ResetAccount, ResetPorts,
    Secret, User, change_password, reset_password, write_mails,
};
use groupchat_domain::codes::SecretCode;
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, at_once, part, rounds};
use crate::people::{PASSWORD, Person};
use crate::plain::AnyNumberOfTries;
use crate::plain_hasher::PlainHasher;

/// How many do the same at once.
const TABS: usize = 6;

/// Gives a user an address.
fn with_address(arena: &Arena) -> Person {
    let person = arena.person();
    let id = person.id;
    arena.prepare(move |tx| {
        let user = tx.accounts().find(id).unwrap().unwrap();
        let email = Email::parse(&format!("{id}@mail.example")).ok();
        tx.accounts().update(&User { email, ..user }).unwrap();
    });
    person
}

/// Asks for a code. Returns it, unless there were enough lately.
fn ask(arena: &Arena, user: &Person) -> Option<SecretCode> {
    let (storage, keys, codes) = (arena.server(), &RandomKeys, &RandomKeys);
    let ports = MailPorts { storage, keys, codes, site: None };
    let account = ResetAccount::Username(user.name.clone());
    let order = MailOrder::Reset { account, client: ClientInfo::default() };
    let mails = arena.wait_for(write_mails(ports, order)).unwrap();
    mails.iter().flat_map(|mail| mail.text.lines()).find_map(|line| SecretCode::parse(line.trim()).ok())
}

fn reset(arena: &Arena, code: &SecretCode, new: &str) -> Result<(), Refusal> {
    let (storage, keys, codes) = (arena.server(), &RandomKeys, &RandomKeys);
    let ports = ResetPorts { storage, hasher: &PlainHasher, keys, codes };
    let new = Password::parse(new).unwrap();
    arena.wait_for(reset_password(ports, code, new, ClientInfo::default()))
}

/// Of all who use a code at once, one sets the password.
fn a_code_is_used_once(arena: &Arena) {
    rounds(|round| {
        let user = with_address(arena);
        let code = ask(arena, &user).expect("a code");
        let parts = (0..TABS).map(|nth| {
            let code = &code;
            // Every other one sets the same.
            part(move || reset(arena, code, ["the new password", "another password"][nth % 2]))
        });
        let outcomes = at_once(parts.collect());
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "in round {round}");
        let refused = outcomes.into_iter().filter_map(Result::err);
        assert!(refused.into_iter().all(|refused| refused == AccountRefusal::ResetNotFound.into()));
        assert!(arena.act(user.who, |_, _| Ok(())).is_err(), "all sessions have ended");
    });
}

/// A code doesn't work once the password was changed, and a change by the old password not once the code has worked.
fn a_code_and_a_change_do_not_both_win(arena: &Arena) {
    rounds(|round| {
        let user = with_address(arena);
        let code = ask(arena, &user).expect("a code");
        let change = || {
            let (old, new) = (Secret::new(PASSWORD.to_owned()), Password::parse("changed by hand").unwrap());
            let storage = arena.server();
            arena.wait_for(change_password(
                storage,
                &PlainHasher,
                &AnyNumberOfTries,
                user.who,
                old,
                new,
                None,
            ))
        };
        let outcomes = at_once(vec![part(change), part(|| reset(arena, &code, "set by the code"))]);
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{round}: {outcomes:?}");
        let id = user.id;
        let stored = arena.look(move |tx| tx.accounts().password(id).unwrap().unwrap());
        let expected = if outcomes[0].is_ok() { "changed by hand" } else { "set by the code" };
        assert_eq!(stored.as_str(), expected);
    });
}

/// However many ask at once, an account gets no more codes than it may.
fn of_requests_at_once_few_get_a_code(arena: &Arena) {
    rounds(|_| {
        let user = with_address(arena);
        let parts = (0..TABS).map(|_| part(|| ask(arena, &user)));
        let codes: Vec<_> = at_once(parts.collect()).into_iter().flatten().collect();
        assert_eq!(codes.len(), MAX_RESETS as usize);
    });
}

cases! { once:
    a_code_is_used_once
    a_code_and_a_change_do_not_both_win
    of_requests_at_once_few_get_a_code
}
