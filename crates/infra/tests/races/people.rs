//! Who takes part in a race, and where they meet.

use std::time::Duration;

use groupchat_domain::accounts::{
    ClientInfo, KeyHash, NewSession, NewUser, Origin, Password, PasswordHash, SessionKind, UserDraft,
    Username, UsernameKey,
};
use groupchat_domain::groups::{
    Group, GroupName, History, Member, MemberQuery, NewGroup, NewMembership, Visibility,
};
use groupchat_domain::ids::{GroupId, Seq, UserId};
use groupchat_domain::network::Network;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Credential, Tx};

use crate::arena::Arena;
use crate::support::fixture::{limit, stored};

/// A user who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub id: UserId,
    pub name: UsernameKey,
    pub who: Credential,
}

/// The password that everybody has at first.
pub(crate) const PASSWORD: &str = "the first password";

impl Arena {
    /// A new user.
    pub(crate) fn person(&self) -> Person {
        self.sign_up(false)
    }

    /// A new server admin.
    pub(crate) fn admin(&self) -> Person {
        self.sign_up(true)
    }

    fn sign_up(&self, is_admin: bool) -> Person {
        let serial = self.serial();
        let username = username(&format!("user-{serial}"));
        let (name, key) = (username.key(), key(serial));
        let id = self.prepare(move |tx| {
            let new = NewUser {
                username: username.clone(),
                display_name: None,
                email: None,
                is_admin,
                password: PasswordHash::from_stored(PASSWORD.to_owned()),
                created_at: tx.now(),
            };
            let user = stored(tx.accounts().insert(&new).unwrap());
            sign_in(tx, user, key);
            user
        });
        Person { id, name, who: Credential { key, network: Network::UNKNOWN, origin: Origin::UNKNOWN } }
    }

    /// A new group with these members.
    pub(crate) fn group(&self, members: &[(&Person, BuiltInRole)]) -> GroupId {
        let name = group_name(&format!("group {}", self.serial()));
        let members: Vec<_> = members.iter().map(|(person, role)| (person.id, *role)).collect();
        self.prepare(move |tx| {
            let created_at = tx.now();
            let new = NewGroup {
                name: name.clone(),
                description: None,
                visibility: Visibility::Public,
                history: History::All,
                created_at,
            };
            let group = stored(tx.groups().insert(&new).unwrap());
            for (user, role) in &members {
                join(tx, group, *user, *role);
            }
            group
        })
    }

    /// A group and its members; `None` once it is deleted.
    pub(crate) fn members(&self, group: GroupId) -> Option<(Group, Vec<Member>)> {
        self.look(move |tx| {
            let found = tx.groups().find_many(&[group]).unwrap().pop()?;
            let query = MemberQuery { group, search: None, after: None, limit: limit(200) };
            let members = tx.members().list(&query).unwrap();
            Some((found, members.into_iter().map(|placed| placed.entry).collect()))
        })
    }
}

fn sign_in(tx: &mut dyn Tx, user: UserId, key: KeyHash) {
    let created_at = tx.now();
    let session = NewSession {
        user,
        kind: SessionKind::Login,
        key,
        created_at,
        expires_at: created_at.plus(Duration::from_secs(24 * 3600)),
        client: ClientInfo::default(),
        name: None,
        refresh: None,
    };
    tx.sessions().insert(&session).unwrap();
}

pub(crate) fn join(tx: &mut dyn Tx, group: GroupId, user: UserId, role: BuiltInRole) {
    let (joined_at, since_event) = (tx.now(), tx.next_event_id().unwrap());
    let (read_seq, joined_seq) = (Seq::ZERO, Seq::ZERO);
    let membership = NewMembership {
        group,
        user,
        role: role.into(),
        joined_at,
        read_seq,
        joined_seq,
        since_event,
        as_admin: false,
    };
    stored(tx.members().insert(&membership).unwrap());
}

pub(crate) fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

pub(crate) fn group_name(name: &str) -> GroupName {
    GroupName::parse(name).unwrap()
}

/// A user of this name, whose password is [`PASSWORD`].
pub(crate) fn draft(name: &str) -> UserDraft {
    UserDraft {
        username: username(name),
        display_name: None,
        email: None,
        is_admin: false,
        password: Password::parse(PASSWORD).unwrap(),
    }
}

/// A key that differs for each number.
fn key(number: u64) -> KeyHash {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    KeyHash::new(digest)
}
