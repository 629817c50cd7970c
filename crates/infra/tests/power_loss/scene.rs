//! Who works on a server, and on what.

use std::sync::Arc;
use std::time::Duration;

use groupchat_domain::accounts::{
    ApiKeys, KeyHash, NewSession, NoWelcome, Origin, Password, SessionKind, User, UserDraft, Username, create,
};
use groupchat_domain::groups::{self, Candidate, GroupDraft, GroupName, Quotas};
use groupchat_domain::ids::{GroupId, MessageId, UserId};
use groupchat_domain::messages::{ClientId, MessageText};
use groupchat_domain::network::Network;
use groupchat_domain::permissions::RoleName;
use groupchat_domain::storage::{Credential, Mode};
use groupchat_infra::accounts::keys::RandomKeys;
use groupchat_testing::Dice;

use crate::drawn::Drawn;
use crate::plain_hasher::PlainHasher;
use crate::server::{Server, wait};

/// How many members the groups have, and how many users come and go.
const MEMBERS: usize = 4;
const GUESTS: usize = 2;
const GROUPS: usize = 3;

/// A user with a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) who: Credential,
}

/// What commands choose from.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) admin: Person,
    /// They are in all groups that stay, and never leave.
    pub(crate) members: Vec<Person>,
    /// They join and leave.
    pub(crate) guests: Vec<Person>,
    /// Groups that stay.
    pub(crate) groups: Vec<GroupId>,
    /// Groups that are deleted some time.
    pub(crate) doomed: Vec<GroupId>,
    /// Messages in groups that stay.
    pub(crate) messages: Vec<(GroupId, MessageId)>,
    /// What the commands of the table choose from.
    pub(crate) drawn: Drawn,
    /// Begins all names that are given here.
    prefix: String,
    serial: u32,
}

impl Scene {
    /// Fills a new database by use cases, so that the event log tells of everything.
    pub(crate) fn create(server: &Server) -> Self {
        let (admin, _) = server.create_first_admin().unwrap().expect("a new database");
        let admin = sign_in(server, &admin);
        let mut people: Vec<_> = (0..MEMBERS + GUESTS).map(|nth| sign_up(server, admin, nth)).collect();
        let guests = people.split_off(MEMBERS);
        let mut scene = Self {
            admin,
            members: people,
            guests,
            groups: Vec::new(),
            doomed: Vec::new(),
            messages: Vec::new(),
            drawn: Drawn::begin(server),
            prefix: "first".to_owned(),
            serial: 0,
        };
        scene.groups = (0..GROUPS).map(|_| scene.create_group(server)).collect();
        scene
    }

    fn create_group(&mut self, server: &Server) -> GroupId {
        let (owner, draft) = (self.members[0], self.group_draft());
        let others: Vec<_> = self.members[1..].iter().map(|member| member.id).collect();
        let made = server.storage().write_as(owner.who, move |tx, actor| {
            let group = groups::create(tx, actor, &draft, &Quotas::default())?.group.id;
            for id in &others {
                groups::add_member(
                    tx,
                    actor,
                    group,
                    &Candidate::Id(*id),
                    &RoleName::MEMBER,
                    &Quotas::default(),
                )?;
            }
            Ok(group)
        });
        wait(made).unwrap()
    }

    /// The same scene for somebody else, who gives other names and numbers.
    pub(crate) fn named(&self, prefix: &str, number: u32) -> Self {
        let drawn = self.drawn.numbered_from(number);
        Self { prefix: prefix.to_owned(), serial: 0, drawn, ..self.clone() }
    }

    /// A name that was not given before.
    fn name(&mut self) -> String {
        self.serial += 1;
        format!("{}-{}", self.prefix, self.serial)
    }

    pub(crate) fn group_draft(&mut self) -> GroupDraft {
        GroupDraft::named(self.group_name())
    }

    pub(crate) fn group_name(&mut self) -> GroupName {
        GroupName::parse(&format!("group {}", self.name())).unwrap()
    }

    pub(crate) fn client_id(&mut self) -> ClientId {
        ClientId::parse(&self.name()).unwrap()
    }

    /// A text; some are longer than a page of the database.
    pub(crate) fn text(&mut self, dice: &mut Dice) -> MessageText {
        let words = format!("words of {} ", self.name());
        let times = if dice.below(8) == 0 { 1 + dice.below(400) } else { 1 + dice.below(6) };
        let mentions = match dice.below(4) {
            0 => format!("<@{}> <@{}>", self.member(dice).id, self.member(dice).id),
            1 => "@all".to_owned(),
            _ => String::new(),
        };
        MessageText::parse(&(words.repeat(times) + &mentions)).unwrap()
    }

    pub(crate) fn member(&self, dice: &mut Dice) -> Person {
        self.members[dice.below(self.members.len())]
    }

    pub(crate) fn guest(&self, dice: &mut Dice) -> Person {
        self.guests[dice.below(self.guests.len())]
    }

    pub(crate) fn group(&self, dice: &mut Dice) -> GroupId {
        self.groups[dice.below(self.groups.len())]
    }

    /// One of the newer messages; one that never was where there is none yet.
    pub(crate) fn message(&self, dice: &mut Dice) -> (GroupId, MessageId) {
        let newer = &self.messages[self.messages.len().saturating_sub(20)..];
        if newer.is_empty() { (self.groups[0], MessageId::new(1)) } else { newer[dice.below(newer.len())] }
    }

    /// Creates a user and deletes one, each by several commands.
    pub(crate) fn replace_user(&mut self, server: &Server) {
        let name = self.name();
        let user = wait(create(
            server.storage(),
            &PlainHasher,
            &RandomKeys,
            Arc::new(NoWelcome),
            self.admin.who,
            draft(&name),
        ));
        let Ok(created) = user else { return };
        let id = created.user.id;
        let deleted = server.storage().write_as(self.admin.who, move |tx, actor| {
            groupchat_domain::accounts::delete_user(tx, actor, id)
        });
        let _ = wait(deleted);
    }
}

fn draft(name: &str) -> UserDraft {
    UserDraft {
        username: Username::parse(name).unwrap(),
        display_name: None,
        email: None,
        is_admin: false,
        password: Password::parse("the password of everybody").unwrap(),
    }
}

pub(crate) fn credential(key: KeyHash) -> Credential {
    Credential { key, network: Network::UNKNOWN, origin: Origin::UNKNOWN }
}

/// The key of the first admin.
pub(crate) const ADMIN_KEY: [u8; 32] = [7; 32];

/// Gives the first admin a session, as a login would.
fn sign_in(server: &Server, admin: &User) -> Person {
    let (user, key) = (admin.id, KeyHash::new(ADMIN_KEY));
    let stored = server.run(Mode::Write, move |tx| {
        let created_at = tx.now();
        tx.sessions().insert(&NewSession {
            user,
            kind: SessionKind::Login,
            key,
            created_at,
            expires_at: created_at.plus(Duration::from_secs(24 * 3600)),
            client: Default::default(),
            name: None,
            refresh: None,
        })?;
        Ok(())
    });
    stored.unwrap();
    Person { id: user, who: credential(key) }
}

/// Lets the admin create a user.
pub(crate) fn sign_up(server: &Server, admin: Person, nth: usize) -> Person {
    let draft = draft(&format!("user-{nth}"));
    let created =
        wait(create(server.storage(), &PlainHasher, &RandomKeys, Arc::new(NoWelcome), admin.who, draft))
            .unwrap();
    let secret = created.key.expect("users who are no admins get a key");
    Person { id: created.user.id, who: credential(RandomKeys.digest(secret.reveal())) }
}
