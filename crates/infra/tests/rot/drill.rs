//! The drill: a damaged database, its last backup, and everything intact in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use groupchat_domain::Error;
use groupchat_domain::accounts::{self, User};
use groupchat_domain::admissions::{self, InvitationDraft};
use groupchat_domain::groups::{
    self, Candidate, GroupChanges, GroupDraft, GroupName, History, Quotas, Visibility,
};
use groupchat_domain::ids::{GroupId, InvitationId, MessageId};
use groupchat_domain::messages::{self, ChangeTerms, MessageDraft};
use groupchat_domain::permissions::{BuiltInRole, RoleName};
use groupchat_domain::storage::Tx;
use groupchat_domain::time::{Clock, Timestamp};
use groupchat_infra::clock::SystemClock;
use groupchat_infra::sqlite::{DataDirLock, RestoreError, RestorePaths, Restored, Salvaged, backup, restore};
use groupchat_testing::Dice;

use crate::chat::{Chat, PAGE, Room, connect, failures, offset};
use crate::support::fixture::{admin, at, key, session, text, user};

/// Messages before the backup, and after it.
const BEFORE: usize = 200;
const AFTER: usize = 400;

/// A message without its number and its likes.
const MESSAGES: &str = "SELECT id, concat_ws('|', group_id, author_id, client_id, version, created_at, edited_at, \
    deleted_at, text, pin_seq, pinned_at, pinned_by, thread_id) AS line FROM messages NOT INDEXED";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    line: String,
}

/// The messages of a database by their ids.
fn messages_of(chat: &Chat) -> BTreeMap<i64, String> {
    messages_in(&chat.path())
}

fn messages_in(file: &Path) -> BTreeMap<i64, String> {
    let rows: Vec<Row> = diesel::sql_query(MESSAGES).load(&mut connect(file)).unwrap();
    rows.into_iter().map(|row| (row.id, row.line)).collect()
}

/// A database, and its backup from a while ago.
pub(crate) struct Drill {
    pub(crate) chat: Chat,
    backup: PathBuf,
}

impl Drill {
    fn new() -> Self {
        let chat = Chat::with(BEFORE);
        let file = chat.folder().join("backup.db");
        backup(&chat.path(), &file, false, &mut |_| ()).unwrap();
        chat.go_on(AFTER / 2);
        chat.write(happen);
        chat.write(|tx| Room::again(tx)?.converse(tx, 1_000..1_000 + AFTER / 2));
        assert!(chat.failing().is_empty(), "{:?}", chat.failures());
        Self { chat, backup: file }
    }

    /// Does what docs/OPERATIONS.md says.
    fn restore(&self) -> Result<Restored, RestoreError> {
        let lock = DataDirLock::acquire(self.chat.folder()).unwrap();
        let (database, kept) = (self.chat.path(), self.chat.folder().join("kept.db"));
        let paths =
            RestorePaths { backup: &self.backup, database: &database, kept: &kept, damaged: Some(&database) };
        restore(&lock, &paths, SystemClock.now(), &mut |_| ())
    }

    /// The same database, as it was then, and the same backup.
    pub(crate) fn again(&self, intact: &Chat) -> Self {
        let chat = intact.copy();
        let backup = chat.folder().join("backup.db");
        fs::copy(&self.backup, &backup).unwrap();
        Self { chat, backup }
    }

    /// A copy of the backup.
    pub(crate) fn backed_up(&self) -> Chat {
        Chat::of(&self.backup)
    }

    pub(crate) fn salvage(&self) -> Salvaged {
        let salvaged = self.restore().unwrap().salvaged.unwrap();
        assert!(self.chat.failing().is_empty(), "{:?}", self.chat.failures());
        salvaged
    }
}

/// What changes between the backup and the damage: new people and groups, and what is done to what the backup has.
fn happen(tx: &mut dyn Tx) -> Result<(), Error> {
    let room = Room::again(tx)?;
    let (ann, bob) = (&room.ann, &room.bob);
    let cleo = user(tx, "cleo").id;
    session(tx, cleo, 3, Timestamp::from_micros(i64::MAX));
    groups::add_member(tx, ann, room.id, &Candidate::Id(cleo), &RoleName::MEMBER, &Quotas::default())?;
    let name = GroupName::parse("Later").unwrap();
    let draft = GroupDraft::named(name);
    let later = groups::create(tx, bob, &draft, &Quotas::default())?.group.id;
    groups::add_member(tx, bob, later, &Candidate::Id(cleo), &BuiltInRole::Admin.into(), &Quotas::default())?;
    for words in ["first, @cleo", "second, @all"] {
        messages::send(
            tx,
            bob,
            &MessageDraft {
                group: later,
                text: text(words),
                client_id: None,
                thread: None,
                reply_to: None,
                poll: None,
            },
        )?;
    }
    let old = MessageId::new;
    messages::edit(tx, bob, room.id, old(4), Some(&text("edited later, @ann")), ChangeTerms::default())?;
    messages::delete(tx, ann, room.id, old(7), ChangeTerms::default())?;
    // Both were edited before the backup.
    messages::edit(tx, bob, room.id, old(13), Some(&text("edited again")), ChangeTerms::default())?;
    messages::delete(tx, ann, room.id, old(23), ChangeTerms::default())?;
    messages::unpin(tx, ann, room.id, old(5))?;
    messages::pin(tx, ann, room.id, old(8))?;
    messages::like(tx, ann, room.id, old(9))?;
    Ok(())
}

#[test]
fn nothing_is_lost_if_nothing_is_damaged() {
    let drill = Drill::new();
    let before = drill.chat.copy();
    let salvaged = drill.salvage();
    assert_eq!(messages_of(&drill.chat), messages_of(&before));
    assert_eq!((salvaged.damaged, salvaged.orphaned, salvaged.lost_messages()), (0, 0, 0), "{salvaged:?}");
    assert_eq!((salvaged.users, salvaged.groups, salvaged.memberships), (1, 1, 3), "{salvaged:?}");
    for query in [
        "SELECT sum(likes) AS number FROM messages",
        "SELECT count(*) AS number FROM reactions",
        "SELECT sum(message_id * 1000 + user_id * 100 + seq * 10 + is_named * 2 + is_told) AS number FROM mentions",
        "SELECT sum(message_id * 100 + seq) AS number FROM group_mentions",
        "SELECT sum(attachments) AS number FROM messages",
        "SELECT sum(message_id * 1000 + version * 100 + length(text)) AS number FROM message_edits",
        "SELECT sum(last_seq * id + member_count) AS number FROM groups",
        "SELECT sum(seq * id) AS number FROM messages",
        "SELECT sum(length(role) * user_id * group_id) AS number FROM memberships",
    ] {
        assert_eq!(drill.chat.number(query), before.number(query), "{query}");
    }
}

#[test]
fn everything_intact_is_recovered_from_a_database_with_damaged_pages() {
    let drill = Drill::new();
    let intact = messages_of(&drill.chat);
    let mut dice = Dice::seeded();
    let leaves = |table: &str| {
        let pages = drill.chat.pages(table);
        pages.into_iter().filter(|page| drill.chat.page(*page)[0] == 13).collect::<Vec<_>>()
    };
    let (message_pages, event_pages) = (leaves("messages"), leaves("events"));
    // A page that is gone, a page with flipped bits in each quarter of the table, and some in the log.
    let gone = message_pages[message_pages.len() * 3 / 4];
    drill.chat.overwrite(gone, &[0; PAGE]);
    for page in message_pages.iter().step_by(message_pages.len() / 4).chain(&event_pages[2..4]) {
        let byte = PAGE - 1 - dice.below(PAGE / 2);
        drill.chat.flip(offset(*page) + byte as u64, u8::try_from(dice.below(8)).unwrap());
    }
    let found = failures(&drill.chat.path());
    assert!(found.iter().any(|finding| finding.check == "checksums"), "{found:?}");

    let salvaged = drill.salvage();
    let (left, backed_up) = (messages_of(&drill.chat), messages_in(&drill.backup));
    for (id, message) in &left {
        // If the later state of a message is lost, it is as the backup has it.
        let is_known = intact[id] == *message || backed_up.get(id) == Some(message);
        assert!(is_known, "message {id} is {message}");
    }
    let lost = intact.len() - left.len();
    assert_eq!(salvaged.lost_messages(), lost as u64, "{salvaged:?}");
    // A page holds some dozens, and each flipped bit damages one row or, in the page's header, that page.
    assert!((1..250).contains(&lost), "{lost} lost: {salvaged:?}");
    assert!(left.len() > BEFORE + 200, "{salvaged:?}");
    assert!(salvaged.damaged > 1, "{salvaged:?}");
    assert!(drill.chat.folder().join("kept.db").exists());
}

/// Reactions have no checksum: what shows the damage is that no such emoji exists.
#[test]
fn a_damaged_reaction_is_left_out_and_the_others_stay() {
    let drill = Drill::new();
    let latest = "message_id = (SELECT max(message_id) FROM reactions WHERE emoji = '🎉')";
    let reactions = "SELECT count(*) AS number FROM reactions";
    let before = drill.chat.number(reactions);
    drill.chat.execute(&format!("UPDATE reactions SET emoji = 'ǟ' WHERE {latest}"));
    let salvaged = drill.salvage();
    assert_eq!((salvaged.damaged, drill.chat.number(reactions)), (1, before - 1), "{salvaged:?}");
}

/// Earlier texts have no checksum, either: what shows the damage is that no message can say this.
#[test]
fn a_damaged_earlier_text_is_left_out_and_the_others_stay() {
    let drill = Drill::new();
    let latest = "message_id = (SELECT max(message_id) FROM message_edits)";
    let texts = "SELECT count(*) AS number FROM message_edits";
    let before = drill.chat.number(texts);
    drill.chat.execute(&format!("UPDATE message_edits SET text = char(7) WHERE {latest}"));
    let salvaged = drill.salvage();
    assert_eq!((salvaged.damaged, drill.chat.number(texts)), (1, before - 1), "{salvaged:?}");
}

/// Texts and mentions that can't be read at all are counted.
#[test]
fn earlier_texts_and_mentions_that_cannot_be_read_are_told_of() {
    let drill = Drill::new();
    for table in ["message_edits", "mentions"] {
        for page in drill.chat.pages(table) {
            drill.chat.overwrite(page, &[0; PAGE]);
        }
    }
    let salvaged = drill.salvage();
    assert!(salvaged.damaged > 2, "{salvaged:?}");
    let before = messages_in(&drill.backup).len() as i64;
    let messages = "SELECT count(*) AS number FROM messages";
    assert!(drill.chat.number(messages) > before, "{salvaged:?}");
}

/// The numbers of a group have no gap, and the ids of messages are what they were.
#[test]
fn messages_after_a_lost_one_move_up() {
    let drill = Drill::new();
    drill
        .chat
        .execute("UPDATE messages SET text = 'something else' WHERE seq IN (301, 302, 310) AND group_id = 1");
    let before = messages_of(&drill.chat);
    let salvaged = drill.salvage();
    let room = GroupId::new(1).get();
    assert_eq!(salvaged.lost[&room], [301..=302, 310..=310]);
    let numbers = "SELECT seq AS number FROM messages WHERE id = (SELECT max(id) FROM messages)";
    let last = "SELECT last_seq AS number FROM groups WHERE id = 1";
    assert_eq!(drill.chat.number(numbers), drill.chat.number(last));
    let after = messages_of(&drill.chat);
    assert_eq!(after.len(), before.len() - 3);
    assert!(after.iter().all(|(id, message)| before[id] == *message));
}

#[test]
fn what_the_log_records_is_done_again() {
    let drill = Drill::new();
    drill.chat.write(|tx| {
        let room = Room::again(tx)?;
        let admin = Some(&RoleName::BuiltIn(BuiltInRole::Admin));
        groups::change_role(tx, &room.ann, room.id, room.bob.id(), admin, &Quotas::default())?;
        let dan = user(tx, "dan").id;
        groups::add_member(
            tx,
            &room.ann,
            room.id,
            &Candidate::Id(dan),
            &RoleName::MEMBER,
            &Quotas::default(),
        )?;
        groups::remove_member(tx, &room.ann, room.id, dan)
    });
    let salvaged = drill.salvage();
    let role =
        "SELECT count(*) AS number FROM memberships WHERE group_id = 1 AND user_id = 2 AND role = 'admin'";
    assert_eq!(drill.chat.number(role), 1);
    let members = "SELECT count(*) AS number FROM memberships WHERE group_id = 1";
    assert_eq!(drill.chat.number(members), 3, "{salvaged:?}");
}

#[test]
fn a_deleted_user_and_a_deleted_group_stay_deleted() {
    let mut drill = Drill::new();
    drill.backup = drill.chat.folder().join("second.db");
    backup(&drill.chat.path(), &drill.backup, false, &mut |_| ()).unwrap();
    drill.chat.write(|tx| {
        let room = Room::again(tx)?;
        groups::delete(tx, &room.bob, GroupId::new(2))?;
        let root = admin(tx, "root").id;
        session(tx, root, 4, Timestamp::from_micros(i64::MAX));
        let root = tx.sessions().authenticate(&key(4), at(10))?.unwrap();
        accounts::delete_user(tx, &root, room.bob.id())
    });
    let salvaged = drill.salvage();
    assert_eq!(salvaged.recorded_changes, 2, "{salvaged:?}");
    let deleted = |table: &str, id: i64| {
        let query =
            format!("SELECT count(*) AS number FROM {table} WHERE id = {id} AND deleted_at IS NOT NULL");
        assert_eq!(drill.chat.number(&query), 1, "{table}");
    };
    deleted("users", 2);
    deleted("groups", 2);
    assert_eq!(drill.chat.number("SELECT count(*) AS number FROM jobs"), 2, "what is left to do");
    assert_eq!(drill.chat.number("SELECT count(*) AS number FROM sessions WHERE user_id = 2"), 0);
    // Nobody becomes a server admin by what can't be verified.
    assert_eq!(
        drill.chat.number("SELECT count(*) AS number FROM users WHERE username = 'root' AND is_admin"),
        0
    );
}

#[test]
fn an_invitation_that_was_withdrawn_lets_nobody_in_again() {
    let mut drill = Drill::new();
    drill.chat.write(|tx| {
        let (room, guest) = (Room::again(tx)?, user(tx, "guest").id);
        let candidate = Candidate::Id(guest);
        let draft = InvitationDraft { candidate, role: RoleName::MEMBER, note: None, expires_at: None };
        admissions::invite(tx, &room.ann, room.id, &draft).map(drop)
    });
    drill.backup = drill.chat.folder().join("second.db");
    backup(&drill.chat.path(), &drill.backup, false, &mut |_| ()).unwrap();
    let invitations = "SELECT count(*) AS number FROM invitations";
    assert_eq!(drill.chat.number(invitations), 1);
    drill.chat.write(|tx| {
        let room = Room::again(tx)?;
        admissions::withdraw(tx, &room.ann, room.id, InvitationId::new(1))
    });
    // The event that tells of it is lost.
    drill.chat.execute("UPDATE events SET checksum = 1 WHERE type = 'invitation.withdrawn'");
    drill.salvage();
    assert_eq!(drill.chat.number(invitations), 0);
}

/// A drill whose backup is made after `before`, and whose damaged database has seen `since`.
pub(crate) fn drill_with(
    before: impl Fn(&mut dyn Tx) -> Result<(), Error> + Send + 'static,
    since: impl Fn(&mut dyn Tx) -> Result<(), Error> + Send + 'static,
) -> Drill {
    let mut drill = Drill::new();
    drill.chat.write(before);
    drill.backup = drill.chat.folder().join("second.db");
    backup(&drill.chat.path(), &drill.backup, false, &mut |_| ()).unwrap();
    drill.chat.write(since);
    drill
}

/// Changes who sees the room, and what its members read.
fn set_limits(tx: &mut dyn Tx, visibility: Visibility, history: History) -> Result<(), Error> {
    let room = Room::again(tx)?;
    let (visibility, history) = (Some(visibility), Some(history));
    let changes = GroupChanges { visibility, history, ..GroupChanges::default() };
    groups::edit(tx, &room.ann, room.id, &changes).map(drop)
}

#[test]
fn a_group_that_was_closed_to_others_and_blocks_stay() {
    let limits = "SELECT count(*) AS number FROM groups WHERE id = 1 AND visibility = 'private' AND history = 'joined'";
    let blocks = "SELECT count(*) AS number FROM blocks";
    let (private, joined) = (Visibility::Private, History::Joined);
    // The row says so, or the log, which knows of a time in between.
    for last in [(private, joined), (Visibility::Public, joined)] {
        let drill = drill_with(
            |_| Ok(()),
            move |tx| {
                set_limits(tx, private, joined)?;
                set_limits(tx, last.0, last.1)?;
                let room = Room::again(tx)?;
                groups::block(tx, &room.ann, room.bob.id()).map(drop)
            },
        );
        let salvaged = drill.salvage();
        assert_eq!((drill.chat.number(limits), drill.chat.number(blocks)), (1, 1), "{last:?}: {salvaged:?}");
    }
    // What was opened since stays as closed as it was.
    let drill = drill_with(
        move |tx| set_limits(tx, private, joined),
        |tx| set_limits(tx, Visibility::Public, History::All),
    );
    drill.salvage();
    assert_eq!(drill.chat.number(limits), 1);
}

/// Changes whether members of the room see how far others have read.
fn set_receipts(tx: &mut dyn Tx, receipts: Option<bool>) -> Result<(), Error> {
    let room = Room::again(tx)?;
    let changes = GroupChanges { receipts: Some(receipts), ..GroupChanges::default() };
    groups::edit(tx, &room.ann, room.id, &changes).map(drop)
}

#[test]
fn receipts_that_were_hidden_at_any_time_stay_hidden() {
    for (before, since, kept) in [
        (None, Some(false), "receipts = 0"),
        (Some(true), Some(false), "receipts = 0"),
        (Some(false), None, "receipts = 0"),
        (Some(false), Some(true), "receipts = 0"),
        (Some(true), None, "receipts IS NULL"),
        (None, Some(true), "receipts IS NULL"),
    ] {
        let drill = drill_with(move |tx| set_receipts(tx, before), move |tx| set_receipts(tx, since));
        let salvaged = drill.salvage();
        let found = format!("SELECT count(*) AS number FROM groups WHERE id = 1 AND {kept}");
        assert_eq!(drill.chat.number(&found), 1, "{before:?}, {since:?}: {salvaged:?}");
    }
}

#[test]
fn who_was_suspended_since_the_backup_stays_suspended_and_signed_out() {
    let drill = drill_with(
        |_| Ok(()),
        |tx| {
            let bob = Room::again(tx)?.bob.id();
            let bob = tx.accounts().find(bob)?.expect("Bob is there");
            tx.accounts().update(&User { suspended: true, ..bob }).map(drop)?;
            Ok(())
        },
    );
    let number = "SELECT count(*) AS number FROM";
    let salvaged = drill.salvage();
    assert_eq!(drill.chat.number(&format!("{number} users WHERE suspended")), 1, "{salvaged:?}");
    let sessions = format!("{number} sessions JOIN users ON users.id = user_id WHERE suspended");
    assert_eq!(drill.chat.number(&sessions), 0);
    assert!(drill.chat.number(&format!("{number} sessions")) > 0, "others stay signed in");
}

#[test]
fn a_private_group_that_was_deleted_is_forgotten_whole() {
    let drill = drill_with(
        |tx| set_limits(tx, Visibility::Private, History::All),
        |tx| {
            let room = Room::again(tx)?;
            groups::delete(tx, &room.ann, room.id)
        },
    );
    drill.salvage();
    let jobs = "SELECT count(*) AS number FROM jobs WHERE kind = 'forget_group' AND subject_id = 1";
    assert_eq!(drill.chat.number(jobs), 1);
}

#[test]
fn who_joined_after_messages_that_are_lost_reads_the_next_one() {
    let drill = drill_with(
        |_| Ok(()),
        |tx| {
            let room = Room::again(tx)?;
            room.converse(tx, 5_000..5_050)?;
            let late = Candidate::Id(user(tx, "late").id);
            groups::add_member(tx, &room.ann, room.id, &late, &RoleName::MEMBER, &Quotas::default()).map(drop)
        },
    );
    drill.chat.execute("UPDATE messages SET checksum = 1 WHERE id > (SELECT max(id) - 20 FROM messages)");
    let salvaged = drill.salvage();
    assert!(salvaged.lost_messages() > 0, "{salvaged:?}");
    let beyond = "SELECT count(*) AS number FROM memberships JOIN groups ON groups.id = group_id \
        WHERE joined_seq > last_seq";
    assert_eq!(drill.chat.number(beyond), 0);
}

#[test]
fn a_group_that_took_the_name_of_a_renamed_one_is_recovered() {
    let drill = Drill::new();
    drill.chat.write(|tx| {
        let room = Room::again(tx)?;
        let name = |name| GroupName::parse(name).unwrap();
        let changes = GroupChanges { name: Some(name("draughts")), ..GroupChanges::default() };
        groups::edit(tx, &room.ann, room.id, &changes)?;
        let draft = GroupDraft::named(name("chess"));
        let taken = groups::create(tx, &room.ann, &draft, &Quotas::default())?.group.id;
        let draft = MessageDraft {
            group: taken,
            text: text("hello"),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        messages::send(tx, &room.ann, &draft).map(drop)
    });
    let salvaged = drill.salvage();
    assert_eq!((salvaged.groups, salvaged.orphaned), (2, 0), "{salvaged:?}");
}

#[test]
fn a_damaged_database_of_another_history_is_refused() {
    let (drill, other) = (Drill::new(), Drill::new());
    fs::copy(other.chat.path(), drill.chat.path()).unwrap();
    let before = fs::read(drill.chat.path()).unwrap();
    let refused = drill.restore().unwrap_err();
    assert!(matches!(refused, RestoreError::Salvage { .. }), "{refused}");
    assert!(refused.to_string().contains("not a later state of the backup"), "{refused}");
    assert!(fs::read(drill.chat.path()).unwrap() == before, "nothing was changed");
}
