//! Ballots in anonymous polls, which only databases keep secret.

use groupchat_domain::Error;
use groupchat_domain::polls::BallotId;
use groupchat_domain::secrets::{Sealed, SecretKeyId};

use crate::polls::{ask, ballot, poll, room};
use crate::support::Database;

/// Whoever has one ballot of an anonymous poll learns nothing of those in others.
fn secret_ballots_have_nothing_in_common(database: &Database) {
    let done = database.write(|tx| {
        let (group, ann, bob) = room(tx);
        let polls = [0, 1].map(|_| ask(tx, group, ann, &poll(true)));
        let mut all = Vec::new();
        for id in polls {
            for voter in [ann, bob] {
                let (ballot, _) = ballot(tx, id, voter);
                assert!(matches!(ballot, BallotId::Secret(_)) && !all.contains(&ballot));
                all.push(ballot);
            }
        }
        let open = ask(tx, group, ann, &poll(false));
        assert_eq!(ballot(tx, open, bob).0, BallotId::Open(bob));
        Ok(())
    });
    done.unwrap();
}

fn a_key_is_replaced_unless_it_has_changed(database: &Database) {
    let done = database.write(|tx| {
        let (group, ann, _) = room(tx);
        let id = ask(tx, group, ann, &poll(true));
        let (_, old) = tx.polls().secrets(None, 1)?.remove(0);
        let new = Sealed { key: SecretKeyId::new(u32::MAX), bytes: vec![7; 60] };
        assert!(tx.polls().reseal(id, &old, &new)?);
        assert!(!tx.polls().reseal(id, &old, &new)?, "it is another one by now");
        assert_eq!(tx.polls().secrets(None, 1)?, [(id, new)]);
        assert_eq!(tx.polls().keys_in_use()?, [SecretKeyId::new(u32::MAX)]);
        // What can't be opened is nobody's ballot, and no fault.
        let (_, view) = tx.polls().views(&[id], ann)?.remove(0);
        assert_eq!(view.ballot, None);
        Ok::<_, Error>(())
    });
    done.unwrap();
}

cases! { database:
    secret_ballots_have_nothing_in_common
    a_key_is_replaced_unless_it_has_changed
}
