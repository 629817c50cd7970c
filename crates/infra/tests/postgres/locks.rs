//! Which locks commands wait for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use groupchat_domain::Error;
use groupchat_domain::accounts::{Actor, FactorStanding, Origin, SessionKind, User};
use groupchat_domain::groups::{self, DirectKey, GroupRefusal, NewDirect, NewGroup, Visibility};
use groupchat_domain::ids::{GroupId, SessionId};
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{CommitDecision, StorageFault, Tx};

use crate::database::OneWorkerStorage;
use crate::support::fixture::{self, text};

/// A command that locks what its caller may see, and one that locks what its caller may manage.
fn try_both(tx: &mut dyn Tx, user: &User, group: GroupId) -> [Result<(), Error>; 2] {
    let actor = Actor {
        user: user.as_ref(),
        session: SessionId::new(1),
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    };
    let draft = MessageDraft {
        group,
        text: text("hello"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    [messages::send(tx, &actor, &draft).map(drop), groups::delete(tx, &actor, group)]
}

struct Scene {
    owner: User,
    outsider: User,
    private: GroupId,
    direct: GroupId,
}

fn prepare(place: &OneWorkerStorage) -> Scene {
    let prepared = Arc::new(Mutex::new(None));
    let scene = Arc::clone(&prepared);
    place
        .write(move |tx| {
            let [owner, peer, outsider] = ["ann", "bob", "eve"].map(|name| fixture::user(tx, name));
            let new = NewGroup { visibility: Visibility::Private, ..fixture::new_group("chess") };
            let private = fixture::stored(tx.groups().insert(&new).unwrap());
            let key = DirectKey::of(owner.id, &[peer.id]);
            let new = NewDirect { key, created_at: fixture::at(1) };
            let direct = fixture::stored(tx.groups().insert_direct(&new).unwrap());
            fixture::join(tx, private, owner.id, BuiltInRole::Owner);
            for person in [owner.id, peer.id] {
                fixture::join(tx, direct, person, BuiltInRole::Member);
            }
            *scene.lock().unwrap() = Some(Scene { owner, outsider, private, direct });
            CommitDecision::Commit
        })
        .unwrap();
    prepared.lock().unwrap().take().unwrap()
}

/// How long they wait tells neither that it is there nor how busy it is, and they keep no members waiting.
#[test]
fn outsiders_don_t_wait_for_the_lock_of_a_group_that_they_don_t_see() {
    let place = OneWorkerStorage::with(|options| options.statement_timeout = Duration::from_secs(1));
    let Scene { owner, outsider, private, direct } = prepare(&place);
    let mut member = place.console();
    for group in [private, direct] {
        member.execute(&format!("BEGIN; SELECT FROM groups WHERE id = {} FOR NO KEY UPDATE", group.get()));
        let (owner, outsider) = (owner.clone(), outsider.clone());
        let refused = place.write(move |tx| {
            for outcome in try_both(tx, &outsider, group) {
                assert_eq!(outcome, Err(GroupRefusal::NotFound.into()));
            }
            CommitDecision::Commit
        });
        assert_eq!(refused, Ok(()), "{group:?}");
        let waited = place.write(move |tx| {
            let _ = try_both(tx, &owner, group);
            CommitDecision::Commit
        });
        assert!(matches!(waited, Err(StorageFault::Unavailable { .. })), "members wait: {waited:?}");
        member.execute("COMMIT");
    }
}
