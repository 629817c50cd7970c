//! Races between those whose commands are recorded in the audit log.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{DisplayName, ProfileChanges, edit_self};
use groupchat_domain::audit::{AuditAction, AuditEntry, AuditQuery};
use groupchat_domain::paging::Limit;
use groupchat_infra::audit::verify;

use crate::arena::{Arena, at_once, part, rounds};

/// How many write at once.
const WRITERS: usize = 20;

/// Entries of commands at once make one chain, with one entry of each command, and none of a command that was refused.
fn entries_of_all_who_write_at_once_make_one_chain(arena: &Arena) {
    let people: Vec<_> = (0..WRITERS).map(|_| arena.person()).collect();
    let mut expected = arena.look(|tx| tx.audit().head().unwrap()).count;
    rounds(|round| {
        let parts = people.iter().enumerate().map(|(nth, person)| {
            part(move || {
                let name = DisplayName::parse(&format!("{round} {nth}")).unwrap();
                arena.act(person.who, move |tx, actor| {
                    let changes =
                        ProfileChanges { display_name: Some(Some(name.clone())), ..Default::default() };
                    edit_self(tx, actor, &changes)?;
                    if nth % 5 == 0 {
                        tx.record(AuditEntry::by(actor, AuditAction::Logout));
                        return Err(groupchat_domain::accounts::AccountRefusal::UserNotFound.into());
                    }
                    Ok(())
                })
            })
        });
        let done: Vec<Result<(), Refusal>> = at_once(parts.collect());
        let done = done.iter().filter(|done| done.is_ok()).count();
        assert_eq!(done, WRITERS - WRITERS / 5);
        expected += i64::try_from(done).unwrap();
        let verified = arena.wait_for(verify(arena.server(), None)).unwrap().unwrap();
        assert_eq!((verified.first, verified.head.count), (1, expected), "in round {round}");
    });
    let query = AuditQuery { action: Some(AuditAction::Logout), ..AuditQuery::newest(Limit::ONE) };
    assert!(arena.look(move |tx| tx.audit().list(&query).unwrap()).is_empty(), "of refused commands");
}

cases! {
    once:
    entries_of_all_who_write_at_once_make_one_chain
}
