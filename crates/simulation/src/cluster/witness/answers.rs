//! Judges what requests were answered by the rights that the one who asked had when the request ran.

use groupchat_domain::events::EphemeralEvent;
use groupchat_domain::groups::GroupView;
use groupchat_domain::ids::{GroupId, SessionId, UserId};
use groupchat_domain::messages::MessageView;
use groupchat_domain::sync::Snapshot;

use crate::cluster::witness::{Reader, Verdict, Witness};
use crate::commands::{Answer, FollowedThreads, Replayed, Synced};

/// A request that was answered.
#[derive(Debug, Clone, Copy)]
pub(in crate::cluster) struct Asked {
    /// Who asked.
    pub(in crate::cluster) user: UserId,
    pub(in crate::cluster) session: SessionId,
    /// The last event that was committed when it ran, including its own.
    pub(in crate::cluster) at: i64,
    /// The group that it was about, if the answer doesn't say so.
    pub(in crate::cluster) group: Option<GroupId>,
}

impl Witness {
    /// Judges an answer. Messages, pins, members and what is inside of a group are only for its members at that time,
    /// and so is every event of a replay.
    pub(in crate::cluster) fn answered(&self, asked: Asked, answer: &Answer) -> Verdict {
        match answer {
            Answer::Messages(page) => {
                self.judge_session(asked)?;
                let seqs = page.items.iter().map(|view| view.message.seq.get());
                if !seqs.clone().zip(seqs.skip(1)).all(|(newer, older)| newer == older + 1) {
                    return Err(format!("a page has a gap: {:?}", page.items));
                }
                self.judge_messages(asked, asked.group, &page.items)
            }
            Answer::Pins(page) => {
                self.judge_session(asked)?;
                self.judge_messages(asked, asked.group, &page.items)
            }
            // A repeat is answered with what its author has sent, also before they came in again.
            Answer::Sent(sent) if sent.repeated && sent.view.message.author.id == asked.user => {
                self.judge_member(asked, Some(sent.view.message.group_id))
            }
            Answer::Message(view) | Answer::Sent(groupchat_domain::messages::Sent { view, .. }) => {
                self.judge_messages(asked, Some(view.message.group_id), std::slice::from_ref(view))
            }
            Answer::Reactors(_) | Answer::Readers(_) => {
                self.judge_session(asked)?;
                self.judge_member(asked, asked.group)
            }
            Answer::Threads(FollowedThreads(page)) => {
                self.judge_session(asked)?;
                let of_group = |view: &MessageView| {
                    self.judge_messages(asked, Some(view.message.group_id), std::slice::from_ref(view))
                };
                page.items.iter().try_for_each(of_group)
            }
            Answer::Mentions(page) => {
                self.judge_session(asked)?;
                let of_group = |view: &MessageView| {
                    self.judge_messages(asked, Some(view.message.group_id), std::slice::from_ref(view))
                };
                page.items.iter().try_for_each(of_group)
            }
            Answer::Thread(view) => self.judge_member(asked, Some(view.thread.group)),
            Answer::Read(_) => self.judge_member(asked, asked.group),
            Answer::ReadSince(cursors) => cursors.iter().try_for_each(|cursor| match cursor {
                EphemeralEvent::ReadUpdated(update) => self.judge_member(asked, Some(update.group)),
                _ => Ok(()),
            }),
            Answer::Group(view) => self.judge_group(asked, view),
            Answer::Groups(page) => {
                self.judge_session(asked)?;
                page.items.iter().try_for_each(|placed| self.judge_group(asked, &placed.entry))
            }
            Answer::Members(page) => {
                self.judge_session(asked)?;
                let group = self.judge_visible(asked, asked.group)?;
                let outsider = page
                    .items
                    .iter()
                    .map(|placed| placed.entry.member.user.id)
                    .find(|user| self.term(group, *user, asked.at).is_none());
                outsider
                    .map_or(Ok(()), |user| Err(format!("user {user} was listed in group {group}: {asked:?}")))
            }
            Answer::Replayed(page) => self.judge_replay(asked, page),
            Answer::Synced(Synced(snapshot)) => self.judge_snapshot(asked, snapshot),
            _ => Ok(()),
        }
    }

    fn judge_session(&self, asked: Asked) -> Verdict {
        match self.ended.get(&asked.session) {
            Some(ended) if *ended <= asked.at => {
                Err(format!("a session that was over at {ended} was answered: {asked:?}"))
            }
            _ => Ok(()),
        }
    }

    fn is_member(&self, Asked { user, at, .. }: Asked, group: GroupId) -> bool {
        self.term(group, user, at).is_some()
    }

    fn judge_member(&self, asked: Asked, group: Option<GroupId>) -> Verdict {
        let group = group.ok_or("an answer is about a group that nobody knows: see `Command::group`")?;
        if self.is_member(asked, group) {
            return Ok(());
        }
        Err(format!("who was not in group {group} was answered what is in it: {asked:?}"))
    }

    /// Judges that a group is not hidden from the one who asked.
    fn judge_visible(&self, asked: Asked, group: Option<GroupId>) -> Result<GroupId, String> {
        let group = group.ok_or("an answer is about a group that nobody knows: see `Command::group`")?;
        let may_see = self.was_listed(group, asked.at)
            || self.is_member(asked, group)
            || self.was_manager(asked.user, asked.at);
        if may_see { Ok(group) } else { Err(format!("group {group} was shown to {asked:?}")) }
    }

    fn judge_messages(&self, asked: Asked, group: Option<GroupId>, views: &[MessageView]) -> Verdict {
        self.judge_member(asked, group)?;
        let above = group.and_then(|group| self.readable_after(group, asked.user, asked.at));
        for MessageView { message, .. } in views {
            if Some(message.group_id) != group {
                return Err(format!("asked {asked:?}, and answered with {message:?}"));
            }
            if above.is_none_or(|above| message.history_seq() <= above) {
                return Err(format!("was answered {message:?}, and reads what follows {above:?}: {asked:?}"));
            }
            if self.versions.get(&message.id).is_none_or(|version| *version < message.version.get()) {
                return Err(format!("this was never committed: {message:?}"));
            }
        }
        Ok(())
    }

    fn judge_group(&self, asked: Asked, view: &GroupView) -> Verdict {
        let group = self.judge_visible(asked, Some(view.group.id))?;
        if view.standing.is_some() != self.is_member(asked, group) {
            return Err(format!("the wrong standing in group {group}: {:?}, {asked:?}", view.standing));
        }
        match &view.last_message {
            Some(last) => self.judge_messages(asked, Some(group), std::slice::from_ref(last)),
            None => Ok(()),
        }
    }

    fn judge_snapshot(&self, asked: Asked, snapshot: &Snapshot) -> Verdict {
        self.judge_session(asked)?;
        if let Some(group) = snapshot.left_groups.iter().find(|group| self.is_member(asked, **group)) {
            return Err(format!("group {group} was said to be left: {asked:?}"));
        }
        snapshot.groups.iter().try_for_each(|overview| {
            self.judge_member(asked, Some(overview.view.group.id))?;
            self.judge_group(asked, &overview.view)
        })
    }

    fn judge_replay(&self, asked: Asked, page: &Replayed) -> Verdict {
        self.judge_session(asked)?;
        let Asked { user, session, at, .. } = asked;
        if let Some(group) = page.groups.iter().find(|group| !self.is_member(asked, **group)) {
            return Err(format!("replayed as a member of group {group}: {asked:?}"));
        }
        let reader = Reader { user, session, since: at, live_since: None };
        page.events.iter().try_for_each(|event| self.delivered(reader, event, true))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use groupchat_testing::Dice;

    use super::*;
    use crate::history::{History, World, settle};

    #[test]
    fn what_shows_the_inside_of_a_group_is_judged_whatever_the_command() {
        let mut rejected = BTreeSet::new();
        for seed in 0..160 {
            let mut world = World::model();
            for step in History::draw(&mut Dice::new(seed), 400).0 {
                let Ok(answer) = settle(world.take(step)).answer else { continue };
                let (user, session, group) = (UserId::new(1), SessionId::new(1), step.command.group());
                // This one has seen nothing: nobody is in any group.
                if Witness::default().answered(Asked { user, session, at: 0, group }, &answer).is_err() {
                    rejected.insert(step.command.name());
                }
            }
        }
        for command in [
            "Send",
            "EditMessage",
            "Like",
            "React",
            "ListReactors",
            "ListReaders",
            "Pin",
            "FindMessage",
            "ListMessages",
            "Reply",
            "ListReplies",
            "ListThreads",
            "Follow",
            "MarkThreadRead",
            "ListPins",
            "ListMembers",
            "FindGroup",
            "ListGroups",
            "Replay",
            "ReadSince",
            "Sync",
            "SyncSince",
            "MarkRead",
        ] {
            assert!(rejected.contains(command), "{command} is not judged: {rejected:?}");
        }
    }
}
