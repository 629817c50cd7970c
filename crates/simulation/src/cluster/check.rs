//! What holds once everything is delivered: clients show what the server has, and what is stored is consistent.

use std::collections::{BTreeSet, HashMap};

use groupchat_domain::accounts::UserQuery;
use groupchat_domain::admissions::{InvitationQuery, Invitations};
use groupchat_domain::groups::{GroupKind, GroupQuery, MemberQuery};
use groupchat_domain::ids::{GroupId, Seq, UserId};
use groupchat_domain::messages::{MessageQuery, MessageRange, MessageView, Quoted};
use groupchat_domain::paging::{Limit, Page};
use groupchat_domain::permissions::{BuiltInRole, RoleName, ServerRole};
use groupchat_domain::storage::{StorageFault, Tx};
use groupchat_domain::time::Timestamp;

use crate::cluster::Cluster;
use crate::cluster::load::SHOWN_MESSAGES;
use crate::cluster::replica::{LoadedGroup, Replica, ShownRoles};
use crate::cluster::witness::Verdict;
use crate::commands::Command;

/// So long after a job has failed, it is due again.
const MINUTES: i64 = 120_000_000;

/// Numbers that no other commands have.
const JOBS: u32 = 3_999_999_999;
const POLLS: u32 = 3_999_999_998;

fn all() -> Limit {
    Limit::parse(i64::from(Limit::MAX)).unwrap_or(Limit::DEFAULT)
}

impl Cluster {
    /// Lets everything come to rest, and judges what everybody shows and what is stored.
    pub(super) fn settle(&mut self) -> Verdict {
        self.drain()?;
        // What is left to be done for what was deleted, and to be told of votes; also what a clock that was ahead has put off.
        for _ in 0..2 {
            self.now = Timestamp::from_micros(self.now.as_micros() + MINUTES);
            self.give(0, 0, Command::RunJobs {}, JOBS);
            self.drain()?;
            self.give(0, 0, Command::SettlePolls {}, POLLS);
            self.drain()?;
        }
        self.judge_clients(false)?;
        // Whoever comes back is told how far they have read meanwhile, also at another server.
        self.clients.iter_mut().for_each(|client| client.disconnect());
        self.drain()?;
        self.judge_clients(true)?;
        let numbers: HashMap<_, _> = self.witness.numbers().collect();
        self.database.inspect(self.now, |tx| judge_stored(tx, &numbers))
    }

    fn judge_clients(&self, with_read_cursors: bool) -> Verdict {
        for (nth, client) in self.clients.iter().enumerate() {
            let Some(identity) = client.identity else { continue };
            if !client.is_settled() {
                return Err(format!("client {nth} still waits for something"));
            }
            let shown = self.database.inspect(self.now, |tx| as_shown(tx, identity.user));
            let shown = shown.map_err(|fault| fault.to_string())?;
            // A poll is not told of read cursors.
            let with_read_cursors = with_read_cursors && client.gets_ephemeral();
            if let Some(difference) = client.replica.difference(shown, with_read_cursors) {
                return Err(format!("client {nth}, of user {}, shows {difference}", identity.user));
            }
        }
        Ok(())
    }
}

/// What a user's client is to show, and whom the user has blocked.
fn as_shown(tx: &mut dyn Tx, user: UserId) -> Result<(Replica, BTreeSet<UserId>), StorageFault> {
    let users = tx.accounts().list(&UserQuery { search: None, after: None, limit: all() })?;
    let users: Vec<_> = users.into_iter().map(|placed| placed.entry).collect();
    let (mut groups, mut loaded) = (Vec::new(), Vec::new());
    for kind in GroupKind::ALL {
        groups.extend(tx.groups().list(&GroupQuery { kind, ..GroupQuery::of(user, all()) })?);
    }
    for view in groups.into_iter().map(|placed| placed.entry) {
        let mut group = LoadedGroup { view, members: Vec::new(), messages: Vec::new(), more: false };
        if let Some(standing) = &group.view.standing {
            let above = group.view.group.readable_after(standing);
            let id = group.view.group.id;
            group.members = members(tx, id)?;
            let newest = Limit::parse(i64::from(Limit::MAX).min(SHOWN_MESSAGES * 16)).unwrap_or(all());
            let query = MessageQuery {
                group: id,
                thread: None,
                viewer: user,
                run: MessageRange::Below(None),
                above,
                hidden: None,
                limit: newest,
            };
            let page = Page::from_lookahead(tx.messages().list(&query)?, newest);
            (group.messages, group.more) = (page.items, page.more);
            let roots: Vec<_> = group.messages.iter().map(|view| view.message.id).collect();
            for (message, user) in tx.mentions().named(&roots)? {
                let mentioning = group.messages.iter_mut().find(|view| view.message.id == message);
                mentioning.into_iter().for_each(|view| view.message.mentioned.push(user.clone()));
            }
            for (message, poll) in tx.polls().find_many(&roots)? {
                let asking = group.messages.iter_mut().find(|view| view.message.id == message);
                asking.into_iter().for_each(|view| view.message.poll = Some(Box::new(poll.clone())));
            }
            for thread in tx.threads().views(&roots, user)? {
                let root = group.messages.iter_mut().find(|view| view.message.id == thread.thread.root);
                root.into_iter().for_each(|view| view.thread = Some(thread.clone()));
            }
            for quote in tx.quotes().find_many(&roots)? {
                let view = group.messages.iter_mut().find(|view| view.message.id == quote.by);
                view.into_iter().for_each(|view| show_quoted(view, &quote.quoted, above));
            }
        }
        loaded.push(group);
    }
    let roles = ServerRole::all(tx.server_roles().list()?);
    let held = tx.server_roles().held(&[user])?;
    let of_user = roles.iter().filter(|role| held.contains(&(user, role.id))).cloned().collect();
    let query = InvitationQuery { of: Invitations::Of(user), below: None, limit: all() };
    let invitations = tx.invitations().list(&query)?.into_iter();
    let invitations =
        invitations.map(|issued| (issued.invitation.id, issued.invitation.invited_by.id)).collect();
    let others: Vec<_> = users.iter().map(|other| (user, other.id)).collect();
    let blocked = tx.blocks().find_many(&others)?.into_iter().map(|(_, blocked)| blocked).collect();
    Ok((Replica::show(&users, ShownRoles { all: roles, of_user }, loaded, invitations), blocked))
}

/// Shows what a message replies to: to whoever reads only what comes after this number, no more than that it is there.
fn show_quoted(view: &mut MessageView, quoted: &Quoted, above: Seq) {
    if view.message.is_forwarded() {
        return;
    }
    view.message.reply_to = Some(quoted.id);
    view.quoted = (quoted.history_seq > above).then(|| quoted.clone());
}

fn members(tx: &mut dyn Tx, group: GroupId) -> Result<Vec<(UserId, RoleName)>, StorageFault> {
    let query = MemberQuery { group, search: None, after: None, limit: all() };
    let members = tx.members().list(&query)?;
    Ok(members.into_iter().map(|placed| (placed.entry.user.id, placed.entry.role.name)).collect())
}

/// Judges what is stored: numbers have no gap, a group with members has an owner, and the server an admin.
fn judge_stored(tx: &mut dyn Tx, numbers: &HashMap<GroupId, Seq>) -> Verdict {
    let fault = |fault: StorageFault| fault.to_string();
    if tx.accounts().count_admins().map_err(fault)? == 0 {
        return Err("no admin is left".to_owned());
    }
    for (group, last) in numbers {
        let Some(found) = tx.groups().find_many(&[*group]).map_err(fault)?.pop() else {
            return Err(format!("group {group} is gone, and nobody was told"));
        };
        let members = members(tx, *group).map_err(fault)?;
        let (id, limit) = (*group, all());
        let run = MessageRange::Below(None);
        let query = MessageQuery {
            group: id,
            thread: None,
            viewer: UserId::new(0),
            run,
            above: Seq::ZERO,
            hidden: None,
            limit,
        };
        let newest = Page::from_lookahead(tx.messages().list(&query).map_err(fault)?, limit).items;
        let upto = found.trimmed.upto;
        let numbers: Vec<_> =
            newest.iter().map(|view| view.message.seq.get()).filter(|seq| *seq > upto.get()).collect();
        if found.last_seq != *last
            || !numbers.iter().copied().eq((upto.get() + 1..=last.get()).rev().take(numbers.len()))
        {
            return Err(format!("the numbers of group {group} are not {upto} to {last}"));
        }
        if found.member_count != i64::try_from(members.len()).unwrap_or(-1) {
            return Err(format!("group {group} has {members:?}, and counts {}", found.member_count));
        }
        if !found.is_direct()
            && !members.is_empty()
            && members.iter().all(|(_, role)| *role != BuiltInRole::Owner)
        {
            return Err(format!("group {group} has members and no owner"));
        }
    }
    Ok(())
}
