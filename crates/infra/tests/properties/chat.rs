//! Steps, done by the use cases on the database and by the model, side by side.

use std::sync::atomic::{AtomicU32, Ordering};

use groupchat_domain::Error;
use groupchat_domain::accounts::{Actor, SessionKind};
use groupchat_domain::groups::{self, GroupDraft, GroupName, GroupView, Quotas, Visibility};
use groupchat_domain::ids::{GroupId, MessageId, Seq, SessionId};
use groupchat_domain::messages::{self, MessageDraft, MessagePage, MessageRange, MessageView, Window};
use groupchat_domain::paging::Limit;
use groupchat_domain::storage::Tx;
use proptest::prelude::*;

use crate::check;
use crate::model::{Model, ModelMessage, Step, USERS, step};
use crate::support::Database;
use crate::support::fixture::{client_id, limit, text, user};

/// A database and its users, who meet in a new group for each run.
pub(crate) struct People {
    database: Database,
    actors: [Actor; USERS],
    groups: AtomicU32,
}

impl People {
    /// An empty database with the users.
    pub(crate) fn new() -> Self {
        let database = Database::sqlite_unobserved();
        let actors = database.write(|tx| {
            Ok(["ann", "bob", "carla"].map(|name| Actor {
                user: user(tx, name).as_ref(),
                session: SessionId::new(1),
                session_kind: SessionKind::Login,
            }))
        });
        Self { database, actors: actors.unwrap(), groups: AtomicU32::new(0) }
    }
}

/// A group on the database and its model.
pub(crate) struct Chat<'p> {
    people: &'p People,
    group: GroupId,
    ids: Vec<MessageId>,
    model: Model,
}

impl<'p> Chat<'p> {
    /// A new group of the first user.
    pub(crate) fn new(people: &'p People) -> Self {
        let name = format!("group {}", people.groups.fetch_add(1, Ordering::Relaxed));
        let draft = GroupDraft {
            name: GroupName::parse(&name).unwrap(),
            description: None,
            visibility: Visibility::Public,
        };
        let owner = people.actors[0].clone();
        let view =
            people.database.write(move |tx| groups::create(tx, &owner, &draft, &Quotas::default())).unwrap();
        Self { people, group: view.group.id, ids: Vec::new(), model: Model::new() }
    }

    /// Takes a step on both sides; whether it is rejected must be the same.
    pub(crate) fn take(&mut self, user: usize, step: Step, words: &str) {
        let accepted = self.write(user, step, words);
        assert_eq!(accepted, self.model.apply(user, step, words), "{step:?} by {user}");
    }

    fn write(&mut self, user: usize, step: Step, words: &str) -> bool {
        let (actor, group, words) = (self.people.actors[user].clone(), self.group, text(words));
        // An id that no message has stands for the messages that there are not.
        let ids = self.ids.clone();
        let id = move |nth: usize| ids.get(nth).copied().unwrap_or(MessageId::new(0));
        let outcome = self.people.database.write(move |tx| match step {
            Step::Send { client_id: name } => {
                let client_id = name.map(|name| client_id(&name.to_string()));
                let sent =
                    messages::send(tx, &actor, &MessageDraft { group, text: words.clone(), client_id })?;
                Ok(Some((sent.view.message.id, sent.repeated)))
            }
            Step::Edit { nth } => messages::edit(tx, &actor, group, id(nth), Some(&words)).map(|_| None),
            Step::Delete { nth } => messages::delete(tx, &actor, group, id(nth)).map(|()| None),
            Step::Like { nth } => messages::like(tx, &actor, group, id(nth)).map(|_| None),
            Step::Unlike { nth } => messages::unlike(tx, &actor, group, id(nth)).map(|_| None),
            Step::Read { nth } => messages::mark_read(tx, &actor, group, seq(nth)).map(|_| None),
            Step::Join => groups::join(tx, &actor, group, &Quotas::default()).map(|_| None),
            Step::Leave => groups::remove_member(tx, &actor, group, actor.id()).map(|()| None),
        });
        match outcome {
            Ok(sent) => {
                self.ids.extend(sent.filter(|(_, repeated)| !repeated).map(|(id, _)| id));
                true
            }
            Err(Error::Refused(_)) => false,
            Err(fault) => panic!("{fault}"),
        }
    }

    /// A page of the messages as a user sees it, who must be a member.
    pub(crate) fn page(&self, user: usize, window: Window, limit: Limit) -> MessagePage {
        let group = self.group;
        self.read(user, move |tx, actor| messages::list(tx, actor, group, window, limit)).unwrap()
    }

    /// The group as a user sees it.
    fn view(&self, user: usize) -> GroupView {
        let group = self.group;
        self.read(user, move |tx, actor| groups::find(tx, actor, group)).unwrap()
    }

    fn read<T: Send + 'static>(
        &self,
        user: usize,
        work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let actor = self.people.actors[user].clone();
        self.people.database.read(move |tx| work(tx, &actor))
    }

    /// Fails unless the message is the model's of that number, as the user sees it.
    fn assert_same(&self, user: usize, nth: usize, found: &MessageView) {
        let message = &found.message;
        let author = self.people.actors.iter().position(|actor| actor.user == message.author).unwrap();
        let expected = &self.model.messages[nth];
        let found_message = ModelMessage {
            author,
            client_id: message.client_id.as_ref().map(|name| name.as_str().parse().unwrap()),
            text: message.text.as_ref().map(|text| text.as_str().to_owned()),
            edited: message.edited_at.is_some(),
            likes: expected.likes.clone(),
            version: message.version.get(),
        };
        assert_eq!(&found_message, expected);
        assert_eq!(message.seq, seq(nth + 1));
        assert_eq!(message.is_deleted(), expected.text.is_none());
        assert_eq!(usize::try_from(message.likes), Ok(expected.likes.len()));
        assert_eq!(found.liked, expected.likes.contains(&user));
    }

    /// Fails unless every user sees of the group what the model says.
    fn assert_agrees(&self) {
        let newest = self.model.messages.len();
        let members = self.model.read.iter().flatten().count();
        for user in 0..USERS {
            let view = self.view(user);
            assert_eq!(view.group.last_seq, seq(newest));
            assert_eq!(usize::try_from(view.group.member_count), Ok(members));
            let read = self.model.read[user];
            assert_eq!(view.standing.map(|standing| standing.read_seq), read.map(seq));
            assert_eq!(view.unread(), read.map(|read| seq(newest - read).get()));
            if read.is_some() {
                self.assert_messages_agree(user, &view);
            }
        }
    }

    fn assert_messages_agree(&self, user: usize, view: &GroupView) {
        let page = self.page(user, Window::Range(MessageRange::Below(None)), limit(200));
        assert_eq!(page.items.len(), self.model.messages.len());
        assert_eq!(view.last_message.as_ref(), page.items.first());
        for (nth, found) in page.items.iter().rev().enumerate() {
            self.assert_same(user, nth, found);
        }
    }
}

/// The number that comes after `count` messages.
pub(crate) fn seq(count: usize) -> Seq {
    Seq::new(i64::try_from(count).unwrap())
}

#[test]
fn numbers_likes_and_unread_counts_are_those_of_the_model() {
    let people = People::new();
    check(48, &prop::collection::vec(step(), 1..40), |steps| {
        let mut chat = Chat::new(&people);
        for (nth, (user, step)) in steps.into_iter().enumerate() {
            chat.take(user, step, &format!("text {nth}"));
        }
        chat.assert_agrees();
    });
}
