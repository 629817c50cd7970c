//! Mentioning people: what a text says of it when a message is sent or edited, who is told, and what takes it back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::accounts::{Actor, UserRef, Username, UsernameKey};
use crate::error::Error;
use crate::events::{Event, MentionUpdate};
use crate::groups::Membership;
use crate::ids::{Seq, UserId};
use crate::messages::error::MessageRefusal;
use crate::messages::marks::{MAX_MENTIONED, MAX_NAMES, Mark, MarkTarget, stored_mark};
use crate::messages::mention::{MentionPlace, MentionRow, Mentionable};
use crate::messages::mention_repository::MentionLookup;
use crate::messages::model::{Attachments, Message, MessageText};
use crate::messages::reply::follow_mentioned;
use crate::permissions::GroupPermission;
use crate::storage::Tx;
use crate::validation::{Violation, ViolationCode, check_length};

/// What a text mentions, once its names are looked up.
pub(super) struct Mentions {
    /// The text as it is stored: users by their ids.
    pub(super) text: MessageText,
    /// The kinds of mentions that it has.
    pub(super) kinds: Attachments,
    /// The users it names, in the order of their ids.
    pub(super) users: Vec<UserRef>,
    /// Who can't read the message, and so is not mentioned.
    pub(super) unreachable: Vec<UserRef>,
    rows: Vec<MentionRow>,
}

/// What a text is for.
pub(super) struct Writing<'a> {
    /// The number in the group that decides who reads the message.
    pub(super) history_seq: Seq,
    /// The message as it was before an edit.
    pub(super) before: Option<&'a Message>,
    /// Who is online in the group.
    pub(super) online: &'a [UserId],
}

/// Finds out whom a text mentions that a member of a group writes. Nothing is asked where it has no `@`.
///
/// # Errors
/// [`MessageRefusal::TooManyMentions`], an invalid text that is too long with ids, or a fault.
pub(super) fn resolve(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    text: &MessageText,
    writing: &Writing<'_>,
) -> Result<Mentions, Error> {
    let marks: Vec<_> = text.marks().collect();
    if marks.is_empty() {
        return Ok(Mentions::none(text));
    }
    let known = writing.before.map_or(Attachments::default(), |message| message.attachments);
    let may_mention_all = membership.require(GroupPermission::MentionAll).is_ok();
    let says = |what: &MarkTarget| marks.iter().any(|mark| mark.of == *what);
    let all = says(&MarkTarget::All) && may_mention_all;
    // Who is here when it is edited is not who was here when it was sent.
    let is_new = writing.before.is_none();
    let here = says(&MarkTarget::Here) && (known.contain(Attachments::HERE) || (is_new && may_mention_all));
    let online = if here && is_new { writing.online } else { &[] };
    let found = look_up(tx, actor, membership, &marks, online)?;
    let mut resolver = Resolver {
        readers: found
            .values()
            .filter(|found| found.may_read(&membership.group, writing.history_seq))
            .map(|found| found.user.id)
            .collect(),
        by_name: found
            .values()
            .filter_map(|found| Some((found.user.username.as_ref()?.key(), found.user.id)))
            .collect(),
        kept: writing.before.map_or(&[], |message| &message.mentioned),
        found: &found,
        named: BTreeMap::new(),
        unreachable: BTreeMap::new(),
    };
    let stored = resolver.store(text, &marks)?;
    let Resolver { readers, named, unreachable, .. } = resolver;
    if named.len() > MAX_MENTIONED {
        return Err(MessageRefusal::TooManyMentions.into());
    }
    let told = |user: UserId| {
        let blocks = found.get(&user).is_some_and(|found| found.blocks_author);
        user != actor.id() && readers.contains(&user) && !blocks
    };
    let mut rows: BTreeMap<_, _> = named
        .keys()
        .map(|user| (*user, MentionRow { user: *user, is_named: true, is_told: told(*user) }))
        .collect();
    for user in online.iter().filter(|user| told(**user)) {
        rows.entry(*user).or_insert(MentionRow { user: *user, is_named: false, is_told: true });
    }
    let kinds = [(!named.is_empty(), Attachments::NAMES), (all, Attachments::ALL), (here, Attachments::HERE)];
    let kinds = kinds.into_iter().filter(|(has, _)| *has);
    Ok(Mentions {
        text: MessageText::from_stored(stored),
        kinds: kinds.fold(Attachments::default(), |kinds, (_, kind)| kinds.with(kind)),
        users: named.into_values().collect(),
        unreachable: unreachable.into_values().collect(),
        rows: rows.into_values().collect(),
    })
}

/// The users whom a text may name, and those who are online.
fn look_up(
    tx: &mut dyn Tx,
    actor: &Actor,
    membership: &Membership,
    marks: &[Mark],
    online: &[UserId],
) -> Result<HashMap<UserId, Mentionable>, Error> {
    let (mut names, mut ids) = (Vec::new(), BTreeSet::new());
    let mut met = BTreeSet::new();
    for mark in marks {
        match &mark.of {
            MarkTarget::Name(key) if names.len() < MAX_NAMES && met.insert(key.as_str()) => {
                names.push(key.clone())
            }
            MarkTarget::Id(user) if ids.len() < MAX_NAMES => {
                ids.insert(*user);
            }
            _ => {}
        }
    }
    ids.extend(online);
    if names.is_empty() && ids.is_empty() {
        return Ok(HashMap::new());
    }
    let (group, visibility) = (membership.group.id, membership.group.visibility);
    let (author, ids) = (actor.id(), ids.into_iter().collect());
    let found = tx.mentions().look_up(&MentionLookup { group, visibility, author, names, ids })?;
    Ok(found.into_iter().map(|found| (found.user.id, found)).collect())
}

struct Resolver<'a> {
    found: &'a HashMap<UserId, Mentionable>,
    /// Who may read the message.
    readers: BTreeSet<UserId>,
    by_name: HashMap<UsernameKey, UserId>,
    /// Whom the message mentioned before: they stay mentioned, also where they are gone.
    kept: &'a [UserRef],
    named: BTreeMap<UserId, UserRef>,
    unreachable: BTreeMap<UserId, UserRef>,
}

impl Resolver<'_> {
    /// The text with ids in the place of the names of those who are mentioned, and names in the place of the ids of those
    /// who are not.
    fn store(&mut self, text: &MessageText, marks: &[Mark]) -> Result<String, Error> {
        let (typed, mut stored, mut end) = (text.as_str(), String::new(), 0);
        for mark in marks {
            let replacement = match &mark.of {
                MarkTarget::Name(key) => {
                    let user = self.by_name.get(key).copied();
                    user.filter(|user| self.mentions(*user)).map(stored_mark)
                }
                MarkTarget::Id(user) if self.mentions(*user) => None,
                MarkTarget::Id(user) => self.name_of(*user).map(|name| format!("@{}", name.as_str())),
                MarkTarget::All | MarkTarget::Here => None,
            };
            if let Some(replacement) = replacement {
                stored.push_str(&typed[end..mark.range.start]);
                stored.push_str(&replacement);
                end = mark.range.end;
            }
        }
        stored.push_str(&typed[end..]);
        check_stored(&stored)?;
        Ok(stored)
    }

    /// Whether a user is mentioned; notes it, or that they can't be.
    fn mentions(&mut self, user: UserId) -> bool {
        let found = self.found.get(&user);
        let before = self.kept.iter().find(|kept| kept.id == user);
        if let Some(named) =
            before.or(found.filter(|_| self.readers.contains(&user)).map(|found| &found.user))
        {
            self.named.entry(user).or_insert_with(|| named.clone());
            return true;
        }
        if let Some(found) = found {
            self.unreachable.entry(user).or_insert_with(|| found.user.clone());
        }
        false
    }

    fn name_of(&self, user: UserId) -> Option<&Username> {
        self.found.get(&user)?.user.username.as_ref()
    }
}

/// Rejects a text that is longer with ids than texts may be.
fn check_stored(text: &str) -> Result<(), Error> {
    check_length(text, 1, MessageText::MAX_LENGTH).map_err(|_| {
        let (most, length) = (MessageText::MAX_LENGTH, text.chars().count());
        let detail =
            format!("must have at most {most} characters with each mention written as <@id>, has {length}");
        Violation::new(ViolationCode::TooLong, detail).in_field("text").into()
    })
}

impl Mentions {
    /// Of a text that mentions nobody.
    fn none(text: &MessageText) -> Self {
        let (users, unreachable, rows) = (Vec::new(), Vec::new(), Vec::new());
        Self { text: text.clone(), kinds: Attachments::default(), users, unreachable, rows }
    }

    /// Whether nobody is mentioned.
    pub(super) fn is_empty(&self) -> bool {
        self.kinds == Attachments::default()
    }
}

/// Stores whom a new message mentions, before it is told of.
///
/// # Errors
/// A fault.
pub(super) fn store(tx: &mut dyn Tx, message: &mut Message, mentions: &Mentions) -> Result<(), Error> {
    if mentions.is_empty() {
        return Ok(());
    }
    message.attachments = message.attachments.with(mentions.kinds);
    message.mentioned.clone_from(&mentions.users);
    tx.messages().attach(message.id, message.attachments)?;
    let place = MentionPlace::of(message);
    if !mentions.rows.is_empty() {
        tx.mentions().add(&place, &mentions.rows)?;
    }
    if mentions.kinds.contain(Attachments::ALL) {
        tx.mentions().add_to_all(&place)?;
    }
    Ok(())
}

/// Tells those whom a new message mentions, after it is told of.
///
/// # Errors
/// A fault.
pub(super) fn tell(
    tx: &mut dyn Tx,
    actor: &Actor,
    message: &Message,
    mentions: &Mentions,
) -> Result<(), Error> {
    let told: Vec<_> = mentions.rows.iter().filter(|row| row.is_told).copied().collect();
    tell_of(tx, actor, message, &told)
}

fn tell_of(tx: &mut dyn Tx, actor: &Actor, message: &Message, told: &[MentionRow]) -> Result<(), Error> {
    let shared = Arc::new(message.clone());
    for row in told {
        tx.emit(Some(actor.id()), Event::MentionCreated(MentionUpdate::of(&shared, row.user)));
    }
    let named: Vec<_> = told.iter().filter(|row| row.is_named).map(|row| row.user).collect();
    match message.thread {
        Some(thread) if !named.is_empty() => follow_mentioned(tx, actor.id(), thread.root, &named),
        _ => Ok(()),
    }
}

/// What an edit changes of the mentions of a message.
pub(super) struct Changed {
    told: Vec<MentionRow>,
    untold: Vec<UserId>,
}

/// Stores whom an edited message mentions now. The message is still to be stored.
///
/// # Errors
/// A fault.
pub(super) fn replace(tx: &mut dyn Tx, message: &mut Message, mentions: &Mentions) -> Result<Changed, Error> {
    let before = message.attachments;
    let mut changed = Changed { told: Vec::new(), untold: Vec::new() };
    if mentions.is_empty() && !before.mention() {
        return Ok(changed);
    }
    let old = if before.has_rows() { tx.mentions().find(message.id)? } else { Vec::new() };
    let mut new = mentions.rows.clone();
    for row in &old {
        match new.iter_mut().find(|new| new.user == row.user) {
            // Who was told stays told, and who was not, as who had blocked the author, is not told later.
            Some(new) => new.is_told = row.is_told,
            // Those who were online stay told as long as the text says so.
            None if !row.is_named && mentions.kinds.contain(Attachments::HERE) => new.push(*row),
            None => {}
        }
    }
    let is_in = |rows: &[MentionRow], row: &MentionRow| rows.contains(row);
    let gone: Vec<_> = old.iter().filter(|row| !is_in(&new, row)).map(|row| row.user).collect();
    let added: Vec<_> = new.iter().filter(|row| !is_in(&old, row)).copied().collect();
    let place = MentionPlace::of(message);
    if !gone.is_empty() {
        tx.mentions().remove(message.id, &gone)?;
    }
    if !added.is_empty() {
        tx.mentions().add(&place, &added)?;
    }
    let (had_all, has_all) = (before.contain(Attachments::ALL), mentions.kinds.contain(Attachments::ALL));
    if has_all && !had_all {
        tx.mentions().add_to_all(&place)?;
    } else if had_all && !has_all {
        tx.mentions().remove_to_all(message.id)?;
    }
    let told = |rows: &[MentionRow], user| rows.iter().any(|row| row.user == user && row.is_told);
    changed.told.extend(added.into_iter().filter(|row| row.is_told && !told(&old, row.user)));
    changed.untold.extend(gone.into_iter().filter(|user| told(&old, *user) && !told(&new, *user)));
    message.mentioned.clone_from(&mentions.users);
    let kinds = before.without_mentions().with(mentions.kinds);
    if kinds != before {
        message.attachments = kinds;
        tx.messages().attach(message.id, kinds)?;
    }
    Ok(changed)
}

/// Tells those whom an edit has mentioned, and those whom it mentions no longer.
///
/// # Errors
/// A fault.
pub(super) fn tell_changed(
    tx: &mut dyn Tx,
    actor: &Actor,
    message: &Message,
    changed: &Changed,
) -> Result<(), Error> {
    untell(tx, actor, message, &changed.untold);
    tell_of(tx, actor, message, &changed.told)
}

fn untell(tx: &mut dyn Tx, actor: &Actor, message: &Message, users: &[UserId]) {
    let shared = Arc::new(message.clone());
    for user in users {
        tx.emit(Some(actor.id()), Event::MentionRemoved(MentionUpdate::of(&shared, *user)));
    }
}

/// Removes all mentions of a message that is being deleted, and returns who was told of them.
///
/// # Errors
/// A fault.
pub(super) fn remove(tx: &mut dyn Tx, message: &mut Message) -> Result<Vec<UserId>, Error> {
    let before = message.attachments;
    if !before.mention() {
        return Ok(Vec::new());
    }
    let rows = if before.has_rows() { tx.mentions().find(message.id)? } else { Vec::new() };
    if !rows.is_empty() {
        let users: Vec<_> = rows.iter().map(|row| row.user).collect();
        tx.mentions().remove(message.id, &users)?;
    }
    if before.contain(Attachments::ALL) {
        tx.mentions().remove_to_all(message.id)?;
    }
    message.attachments = before.without_mentions();
    message.mentioned = Vec::new();
    tx.messages().attach(message.id, message.attachments)?;
    Ok(rows.into_iter().filter(|row| row.is_told).map(|row| row.user).collect())
}

/// Tells those whom a message mentioned that was deleted; this is its tombstone.
pub(super) fn tell_removed(tx: &mut dyn Tx, actor: &Actor, tombstone: &Message, users: &[UserId]) {
    untell(tx, actor, tombstone, users);
}

#[cfg(test)]
mod tests;
