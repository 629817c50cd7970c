//! What a client shows: loaded over REST, and changed by the events that come meanwhile and afterwards.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::task::Poll;

use groupchat_domain::Error;
use groupchat_domain::events::{Cursor, LoggedEvent, ReadUpdate};
use groupchat_domain::ids::GroupId;
use groupchat_domain::storage::Storage;

use crate::cluster::client::{Client, Identity, poll_once};
use crate::cluster::load::{Loaded, Loader, Seen};
use crate::cluster::replica::Replica;
use crate::cluster::witness::Witness;

/// What the client still has to load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    Groups(BTreeSet<GroupId>),
    All,
}

impl Default for Wanted {
    fn default() -> Self {
        Self::Groups(BTreeSet::new())
    }
}

/// What is to be applied once what was asked for is loaded.
pub(super) enum Change {
    Logged(Box<LoggedEvent>, Cursor),
    Read(ReadUpdate),
}
impl Client {
    /// Applies what has come, up to where something has to be loaded first.
    pub(super) fn apply(&mut self) {
        let Some(Identity { user, .. }) = self.identity else { return };
        while self.wanted == Wanted::default() && self.load.is_none() {
            match self.buffer.pop_front() {
                Some(Change::Logged(event, cursor)) => {
                    if let (Some(group), Wanted::Groups(groups)) =
                        (self.replica.apply(user, &event), &mut self.wanted)
                    {
                        groups.insert(group);
                    }
                    self.cursor = Some(cursor);
                }
                Some(Change::Read(update)) => self.replica.move_cursor(&update),
                None => return,
            }
        }
    }

    /// Goes on with loading; whether anything happened.
    pub(in crate::cluster) fn poll_load(
        &mut self,
        storage: &Arc<dyn Storage>,
        witness: &Witness,
    ) -> Result<bool, String> {
        let Some((who, by)) = self.credential().zip(self.identity).filter(|_| self.is_open()) else {
            return Ok(false);
        };
        let Some(load) = &mut self.load else {
            let loader = Loader::new(Arc::clone(storage), who, self.moment.clone());
            self.load = match &self.wanted {
                Wanted::All => Some(Box::pin(loader.load_all())),
                Wanted::Groups(groups) => match groups.first() {
                    Some(group) => Some(Box::pin(loader.load_one(*group))),
                    None => return Ok(false),
                },
            };
            return Ok(true);
        };
        let Poll::Ready((loaded, seen)) = poll_once(load.as_mut()) else { return Ok(false) };
        for Seen { at, group, answer } in seen {
            witness.answered(by.asked(at, group), &answer)?;
        }
        self.load = None;
        self.stats.loads += 1;
        match loaded {
            Ok(Loaded::All(users, roles, groups, invitations)) => {
                self.replica = Replica::show(&users, roles, groups, invitations);
                self.wanted = Wanted::default();
            }
            Ok(Loaded::Group(id, group)) => {
                self.replica.show_group(id, group.map(|group| *group));
                if let Wanted::Groups(groups) = &mut self.wanted {
                    groups.remove(&id);
                }
            }
            Err(Error::Refused(_)) => self.sign_out(),
            // Once more.
            Err(_) => {}
        }
        self.apply();
        Ok(true)
    }
}
