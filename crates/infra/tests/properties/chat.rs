//! A group with messages, to read pages of.

use groupchat_domain::Error;
use groupchat_domain::accounts::{Actor, FactorStanding, Origin, SessionKind};
use groupchat_domain::groups::{self, GroupDraft, GroupName, Quotas};
use groupchat_domain::ids::{GroupId, Seq, SessionId};
use groupchat_domain::messages::{self, ChangeTerms, MessageDraft, MessagePage, Window};
use groupchat_domain::paging::Limit;
use groupchat_domain::storage::Tx;

use crate::support::Database;
use crate::support::fixture::{text, user};

/// A database with a group, and the one user who is in it.
pub(crate) struct Chat {
    database: Database,
    actor: Actor,
    group: GroupId,
}

impl Chat {
    /// A new group without messages.
    pub(crate) fn new() -> Self {
        let database = Database::sqlite_unobserved();
        let created = database.write(|tx| {
            let user = user(tx, "ann").as_ref();
            let actor = Actor {
                user,
                session: SessionId::new(1),
                session_kind: SessionKind::Login,
                must_change_password: false,
                factor: FactorStanding::default(),
                origin: Origin::UNKNOWN,
            };
            let name = GroupName::parse("pages").unwrap();
            let draft = GroupDraft::named(name);
            let view = groups::create(tx, &actor, &draft, &Quotas::default())?;
            Ok((actor, view.group.id))
        });
        let (actor, group) = created.unwrap();
        Self { database, actor, group }
    }

    /// Sends a message; deletes it again where it is to be a tombstone.
    pub(crate) fn send(&self, words: &str, is_deleted: bool) {
        let (group, text) = (self.group, text(words));
        let sent = self.run(move |tx, actor| {
            let draft = MessageDraft {
                group,
                text: text.clone(),
                client_id: None,
                thread: None,
                reply_to: None,
                poll: None,
            };
            let sent = messages::send(tx, actor, &draft)?;
            if is_deleted {
                messages::delete(tx, actor, group, sent.view.message.id, ChangeTerms::default())?;
            }
            Ok(())
        });
        sent.unwrap();
    }

    /// A page of the messages.
    pub(crate) fn page(&self, window: Window, limit: Limit) -> MessagePage {
        let group = self.group;
        self.run(move |tx, actor| messages::list(tx, actor, group, window, limit)).unwrap()
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let actor = self.actor.clone();
        self.database.write(move |tx| work(tx, &actor))
    }
}

/// The number that comes after `count` messages.
pub(crate) fn seq(count: usize) -> Seq {
    Seq::new(i64::try_from(count).unwrap())
}
