//! The commands that a server is tested with: those of the simulation's table, and some whose clients were promised
//! more.

use groupchat_domain::Error;
use groupchat_domain::accounts::{Actor, DisplayName, ProfileChanges, edit_self};
use groupchat_domain::admissions;
use groupchat_domain::events::log_state;
use groupchat_domain::groups::{self, Candidate, GroupChanges, GroupDraft, History, Quotas, Visibility};
use groupchat_domain::ids::{GroupId, MessageId, Seq};
use groupchat_domain::messages::{self, ChangeTerms, Emoji, Marked, MessageDraft, ReadMark};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::polls::{self, Choices, OptionText, PollDraft, PollOptions};
use groupchat_domain::storage::{Access, BoxFuture, Caller, Credential, Mode, Storage, Tx};
use groupchat_testing::Dice;

use crate::drawn::{Answered, from_table};
use crate::ledger::Promise;
use crate::scene::Scene;
use crate::sends::{forward, quote, reply, send, send_again, send_as_outsider, send_batch};

/// What came of a command.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    /// What the client may rely on now.
    pub(crate) promises: Vec<Promise>,
    /// What there is from now on.
    pub(crate) news: Option<News>,
    /// That the server failed.
    pub(crate) fault: Option<Error>,
    /// What a command of the table was answered.
    pub(crate) answered: Option<Box<Answered>>,
}

/// What a command has created or removed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum News {
    Message(GroupId, MessageId),
    Group(GroupId),
    GroupGone(GroupId),
}

/// A command that has chosen what to do, on its way.
pub(crate) type Running<'s> = BoxFuture<'s, Reply>;

type Begin = for<'s> fn(&mut Scene, &mut Dice, &'s dyn Storage) -> Running<'s>;

/// The commands, each with how often it is chosen.
const COMMANDS: [(usize, Begin); 25] = [
    (40, from_table),
    (30, send),
    (4, send_again),
    (5, send_as_outsider),
    (8, reply),
    (6, quote),
    (4, forward),
    (4, send_batch),
    (3, read_thread),
    (6, edit),
    (2, delete),
    (8, like),
    (3, unlike),
    (8, react),
    (3, unreact),
    (4, ask),
    (8, vote),
    (4, pin),
    (6, read),
    (4, mark),
    (4, ask_for_cursor),
    (5, join_or_leave),
    (4, edit_profile),
    (5, create_or_delete_group),
    (3, change_group),
];

/// Begins one of the commands. It is queued once it is polled.
pub(crate) fn begin<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let mut left = dice.below(COMMANDS.iter().map(|(weight, _)| weight).sum());
    for (weight, begin) in COMMANDS {
        match left.checked_sub(weight) {
            Some(less) => left = less,
            None => return begin(scene, dice, storage),
        }
    }
    unreachable!("the weights add up")
}

impl Reply {
    pub(crate) fn promise(promise: Promise) -> Self {
        Self { promises: vec![promise], ..Self::default() }
    }

    fn news(news: News) -> Self {
        Self { news: Some(news), ..Self::default() }
    }
}

/// Does something as the holder of a key.
pub(crate) fn act<'s, T: Send + 'static>(
    storage: &'s dyn Storage,
    who: Credential,
    work: impl Fn(&mut dyn Tx, &Actor) -> Result<T, Error> + Send + 'static,
    reply: impl FnOnce(Result<T, &Error>) -> Reply + Send + 's,
) -> Running<'s> {
    Box::pin(async move {
        match storage.write_as(who, work).await {
            Ok(value) => reply(Ok(value)),
            Err(error @ Error::Refused(_)) => reply(Err(&error)),
            Err(error) => Reply { fault: Some(error.clone()), ..reply(Err(&error)) },
        }
    })
}

/// What follows only from success.
fn on_success<T>(reply: impl FnOnce(T) -> Reply) -> impl FnOnce(Result<T, &Error>) -> Reply {
    |result| result.map_or_else(|_| Reply::default(), reply)
}

/// Moves a read cursor as far as a thread goes.
fn read_thread<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, root)) = (scene.member(dice).who, scene.message(dice));
    let work = move |tx: &mut dyn Tx, actor: &Actor| {
        let root = messages::find(tx, actor, group, root)?;
        let Some(view) = root.thread else { return Ok(()) };
        let mark = ReadMark::Read(view.thread.last_seq);
        messages::mark_thread_read(tx, actor, group, root.message.id, mark).map(drop)
    };
    act(storage, who, work, on_success(|()| Reply::default()))
}

fn edit<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, id), text) = (scene.member(dice).who, scene.message(dice), scene.text(dice));
    let work = move |tx: &mut dyn Tx, actor: &Actor| {
        messages::edit(tx, actor, group, id, Some(&text), ChangeTerms::default())
    };
    act(storage, who, work, on_success(|_| Reply::default()))
}

fn delete<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, id)) = (scene.members[0].who, scene.message(dice));
    let work =
        move |tx: &mut dyn Tx, actor: &Actor| messages::delete(tx, actor, group, id, ChangeTerms::default());
    act(storage, who, work, on_success(|()| Reply::default()))
}

fn like<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, id)) = (scene.member(dice).who, scene.message(dice));
    let work = move |tx: &mut dyn Tx, actor: &Actor| messages::like(tx, actor, group, id);
    act(storage, who, work, on_success(|_| Reply::default()))
}

/// One of a few emoji.
fn some_emoji(dice: &mut Dice) -> Emoji {
    Emoji::parse(["🎉", "❤️", "👩‍🚀"][dice.below(3)]).expect("an emoji")
}

fn react<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, id), emoji) = (scene.member(dice).who, scene.message(dice), some_emoji(dice));
    let work = move |tx: &mut dyn Tx, actor: &Actor| messages::react(tx, actor, group, id, emoji);
    act(storage, who, work, on_success(|_| Reply::default()))
}

fn unreact<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, id), emoji) = (scene.member(dice).who, scene.message(dice), some_emoji(dice));
    let work = move |tx: &mut dyn Tx, actor: &Actor| messages::unreact(tx, actor, group, id, emoji);
    act(storage, who, work, on_success(|_| Reply::default()))
}

/// Sends a poll and votes in it, both in one command.
fn ask<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, group, text) = (scene.member(dice).who, scene.group(dice), scene.text(dice));
    let anonymous = dice.below(2) == 0;
    let work = move |tx: &mut dyn Tx, actor: &Actor| {
        let options = ["yes", "no"].map(|text| OptionText::parse(text).expect("an option"));
        let options = PollOptions::parse(options.to_vec()).expect("they differ");
        let mut poll = PollDraft::new(options, None).expect("one choice");
        poll.anonymous = anonymous;
        let (text, poll) = (text.clone(), Some(poll));
        let draft = MessageDraft { group, text, client_id: None, thread: None, reply_to: None, poll };
        let sent = messages::send(tx, actor, &draft)?.view.message;
        polls::vote(tx, actor, group, sent.id, Choices::from_stored(1))?;
        Ok((group, sent.id))
    };
    act(storage, who, work, on_success(|(group, id)| Reply::news(News::Message(group, id))))
}

/// Votes in a message, if it is a poll, or closes it.
fn vote<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, id)) = (scene.member(dice).who, scene.message(dice));
    let what = dice.below(8);
    let work = move |tx: &mut dyn Tx, actor: &Actor| match what {
        0 => polls::close(tx, actor, group, id),
        1 => polls::unvote(tx, actor, group, id),
        _ => polls::vote(tx, actor, group, id, Choices::from_stored(1 << (what % 2))),
    };
    act(storage, who, work, on_success(|_| Reply::default()))
}

fn unlike<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, id)) = (scene.member(dice).who, scene.message(dice));
    let work = move |tx: &mut dyn Tx, actor: &Actor| messages::unlike(tx, actor, group, id);
    act(storage, who, work, on_success(|_| Reply::default()))
}

fn pin<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, (group, id), pins) = (scene.members[0].who, scene.message(dice), dice.below(3) > 0);
    let work = move |tx: &mut dyn Tx, actor: &Actor| {
        if pins { messages::pin(tx, actor, group, id) } else { messages::unpin(tx, actor, group, id) }
    };
    act(storage, who, work, on_success(|_| Reply::default()))
}

/// Moves a read cursor as far as the group goes. Only those are relied on that [`mark`] doesn't move back.
fn read<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (member, group) = (scene.member(dice), scene.group(dice));
    let work = move |tx: &mut dyn Tx, actor: &Actor| {
        let last = groups::find(tx, actor, group)?.group.last_seq;
        messages::mark_read(tx, actor, group, ReadMark::Read(last))
    };
    let moves_back = member.id == scene.members[0].id;
    let promise = move |marked: Marked| {
        let seq = marked.state.read_seq;
        if moves_back {
            Reply::default()
        } else {
            Reply::promise(Promise::Read { group, user: member.id, seq })
        }
    };
    act(storage, member.who, work, on_success(promise))
}

/// Marks messages of a group as unread, or all of all groups as read. Its answer promises nothing: where nothing changed,
/// nothing was written, and what the batch before it failed to sync may be lost. Changes are promised by their events.
fn mark<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, group, how) = (scene.members[0].who, scene.group(dice), dice.below(5));
    let work = move |tx: &mut dyn Tx, actor: &Actor| match how {
        0 => messages::read_groups(tx, actor, GroupId::new(0)).map(drop),
        1 => messages::read_threads(tx, actor, None).map(drop),
        2 => messages::read_mentioned_threads(tx, actor, None).map(drop),
        3 => messages::read_threads_of_all(tx, actor, GroupId::new(0)).map(drop),
        _ => {
            let last = groups::find(tx, actor, group)?.group.last_seq;
            let mark = ReadMark::UnreadFrom(Seq::new(last.get() / 2 + 1));
            messages::mark_read(tx, actor, group, mark).map(drop)
        }
    };
    act(storage, who, work, on_success(|()| Reply::default()))
}

/// Subscribes, as far as the log is concerned: a client gets the cursor after the last event.
fn ask_for_cursor<'s>(_: &mut Scene, _: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let access = Access { mode: Mode::Read, caller: Caller::System };
    Box::pin(async move {
        match storage.run(access, |tx| log_state(tx)).await {
            Ok(state) => Reply::promise(Promise::Cursor(state.now())),
            Err(error) => Reply { fault: Some(error), ..Reply::default() },
        }
    })
}

fn join_or_leave<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (guest, group, how) = (scene.guest(dice), scene.group(dice), dice.below(3));
    let (owner, id) = (scene.members[0], guest.id);
    let who = if how == 0 { owner.who } else { guest.who };
    let work = move |tx: &mut dyn Tx, actor: &Actor| match how {
        0 => {
            let guest = Candidate::Id(id);
            groups::add_member(tx, actor, group, &guest, &BuiltInRole::Admin.into(), &Quotas::default())
                .map(drop)
        }
        1 => admissions::join(tx, actor, group, None, &Quotas::default()).map(drop),
        _ => groups::remove_member(tx, actor, group, id),
    };
    act(storage, who, work, on_success(|()| Reply::default()))
}

fn edit_profile<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let who = scene.member(dice).who;
    let display_name = DisplayName::parse(scene.group_name().as_str()).unwrap();
    let changes = ProfileChanges { display_name: Some(Some(display_name)), ..ProfileChanges::default() };
    let work = move |tx: &mut dyn Tx, actor: &Actor| edit_self(tx, actor, &changes);
    act(storage, who, work, on_success(|_| Reply::default()))
}

/// Makes a group that will be deleted, or deletes one that was made so.
fn create_or_delete_group<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let who = scene.members[0].who;
    if scene.doomed.is_empty() || dice.below(2) == 0 {
        let visibility = Visibility::ALL[dice.below(Visibility::ALL.len())];
        let history = History::ALL[dice.below(History::ALL.len())];
        let draft = GroupDraft { visibility, history, ..scene.group_draft() };
        let work =
            move |tx: &mut dyn Tx, actor: &Actor| groups::create(tx, actor, &draft, &Quotas::default());
        return act(
            storage,
            who,
            work,
            on_success(|view: groups::GroupView| Reply::news(News::Group(view.group.id))),
        );
    }
    let group = scene.doomed[dice.below(scene.doomed.len())];
    let work = move |tx: &mut dyn Tx, actor: &Actor| groups::delete(tx, actor, group);
    act(storage, who, work, on_success(move |()| Reply::news(News::GroupGone(group))))
}

fn change_group<'s>(scene: &mut Scene, dice: &mut Dice, storage: &'s dyn Storage) -> Running<'s> {
    let (who, group) = (scene.members[0].who, scene.group(dice));
    let history = History::ALL[dice.below(History::ALL.len())];
    let changes =
        GroupChanges { name: Some(scene.group_name()), history: Some(history), ..GroupChanges::default() };
    let work = move |tx: &mut dyn Tx, actor: &Actor| groups::edit(tx, actor, group, &changes);
    act(storage, who, work, on_success(|_| Reply::default()))
}
