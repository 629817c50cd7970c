//! All that a database holds, read through the ports.

use std::collections::BTreeMap;

use groupchat_domain::accounts::{BlockQuery, SessionQuery, User, UserQuery};
use groupchat_domain::admissions::{
    InvitationQuery, Invitations, InviteLinkQuery, IssuedInvitation, JudgedInvitation, JudgedLink,
    JudgedServerInvite, ServerInviteQuery,
};
use groupchat_domain::audit::AuditQuery;
use groupchat_domain::events::EventRecord;
use groupchat_domain::groups::{GroupKind, GroupQuery, ListedMember, Member, MemberQuery, Visibility};
use groupchat_domain::ids::{EventId, GroupId, Position, Seq, UserId};
use groupchat_domain::messages::{InThread, MessagePage, MessageQuery, MessageRange, MessageView, PinQuery};
use groupchat_domain::paging::{Limit, NamePosition, Page};
use groupchat_domain::storage::{StorageFault, Tx};
use groupchat_domain::time::{Span, Timestamp};
use groupchat_domain::tokens::TokenQuery;

use crate::commands::{Answer, Ids};

/// More than a database of a test has of anything.
const ALL: i64 = 1_000_000;

/// Long before everything.
const LONG_AGO: Timestamp = Timestamp::from_micros(i64::MIN);

/// What is read, and what it is.
pub type Dump = Vec<(String, Answer)>;

/// All that the database holds, with what these ids stand for that are gone, in the ids of the model.
///
/// # Errors
/// A fault.
pub fn dump(tx: &mut dyn Tx, ids: &Ids, greatest: i64) -> Result<Dump, StorageFault> {
    let mut all = Dump::new();
    let mut add = |what: String, answer: Answer| all.push((what, answer.canonical(ids)));
    let records = tx.events().after(Position::ZERO, ALL)?;
    add("the log's ends".into(), tx.events().state()?.into());
    add("the log".into(), records.clone().into());
    let limit = largest();
    let query = UserQuery { search: None, after: None, limit };
    add("the users".into(), Page::from_lookahead(tx.accounts().list(&query)?, limit).into());
    let audit = AuditQuery::newest(limit);
    add("the audit log".into(), Page::from_lookahead(tx.audit().list(&audit)?, limit).into());
    add("the settings".into(), format!("{:?}", tx.settings().known()?).into());
    let invites = tx.server_invites().list(&ServerInviteQuery { by: None, below: None, limit })?;
    let invites = invites.into_iter().map(|invite| JudgedServerInvite { invite, is_valid: true });
    add("the invites to the server".into(), Page { items: invites.collect(), more: false }.into());
    add(
        "the first job".into(),
        tx.jobs().next(Timestamp::from_micros(i64::MAX), LONG_AGO)?.map(|job| job.task).into(),
    );
    for number in 1..=greatest {
        let user = ids.user(number);
        for (what, answer) in of_user(tx, user, &records)? {
            add(format!("{what} of user {number}"), answer);
        }
        let group = ids.group(number);
        for (what, answer) in of_group(tx, group, ids)? {
            add(format!("{what} of group {number}"), answer);
        }
    }
    Ok(all)
}

fn largest() -> Limit {
    Limit::parse(i64::from(Limit::MAX)).unwrap_or(Limit::DEFAULT)
}

fn of_user(
    tx: &mut dyn Tx,
    user: UserId,
    log: &[EventRecord],
) -> Result<Vec<(&'static str, Answer)>, StorageFault> {
    let found: Option<User> = tx.accounts().find(user)?;
    let hash = tx.accounts().password(user)?.map(|hash| hash.into_string());
    let limit = largest();
    let sessions = tx.sessions().list(&SessionQuery { user, now: LONG_AGO, below: None, limit })?;
    let tokens = tx.tokens().list(&TokenQuery { user, now: LONG_AGO, below: None, limit })?;
    let totp = tx.factors().totp(user)?;
    let recovery_codes_left = tx.factors().recovery_codes_left(user)?;
    let passkeys = tx.passkeys().list(user)?.len();
    let factors =
        format!("{:?} {passkeys} {recovery_codes_left}", totp.map(|totp| (totp.confirmed_at, totp.used)));
    let ever = Span { after: LONG_AGO, until: Timestamp::from_micros(i64::MAX) };
    let resets = tx.password_resets().count(user, ever)?;
    let groups = GroupQuery::of(user, limit);
    let direct = tx.groups().list(&GroupQuery { kind: GroupKind::Direct, ..groups.clone() })?;
    let groups = tx.groups().list(&groups)?;
    let blocked = tx.blocks().list(&BlockQuery { user, after: None, limit })?;
    let memberships = tx.members().groups_of(user, ALL)?;
    let mut joined = tx.members().joined_groups(user)?;
    joined.extend(tx.members().ended_groups(user, &memberships)?);
    let since: Vec<_> = joined.into_iter().map(|group| (group.id, place(log, group.since))).collect();
    let query = InvitationQuery { of: Invitations::Of(user), below: None, limit };
    let invitations = judged(tx.invitations().list(&query)?);
    Ok(vec![
        ("the invitations", invitations.into()),
        ("the account", found.map_or(Answer::Done, Answer::from)),
        ("the codes that reset the password", resets.to_string().into()),
        ("the hash", hash.unwrap_or_default().into()),
        ("the factors", factors.into()),
        ("the sessions", Page::from_lookahead(sessions, limit).into()),
        ("the tokens", Page::from_lookahead(tokens, limit).into()),
        ("the groups as seen", Page::from_lookahead(groups, limit).into()),
        ("the direct conversations as seen", Page::from_lookahead(direct, limit).into()),
        ("the blocks", Page::from_lookahead(blocked, limit).into()),
        ("the memberships", memberships.into()),
        ("the beginnings", since.into()),
    ])
}

/// Invitations as they are stored, whether or not they let anybody in.
fn judged(issued: Vec<IssuedInvitation>) -> Page<JudgedInvitation> {
    let items = issued.into_iter().map(|issued| JudgedInvitation {
        is_valid: issued.issuer.is_some() && issued.gift.is_some(),
        invitation: issued.invitation,
    });
    Page { items: items.collect(), more: false }
}

/// Where the log has the event with this id; or the first one with a greater id, if it has been removed.
fn place(log: &[EventRecord], id: EventId) -> Position {
    let itself = log.iter().find(|record| record.id == id);
    let first_later = || log.iter().find(|record| record.id >= id);
    itself.or_else(first_later).map_or(Position::ZERO, |record| record.position)
}

/// The first ids of viewers of whom it is looked what they like.
const VIEWERS: std::ops::RangeInclusive<i64> = 1..=3;

fn of_group(tx: &mut dyn Tx, group: GroupId, ids: &Ids) -> Result<Vec<(&'static str, Answer)>, StorageFault> {
    let limit = largest();
    let members = tx.members().list(&MemberQuery { group, search: None, after: None, limit })?;
    let requests = tx.join_requests().list(&MemberQuery { group, search: None, after: None, limit })?;
    let links = tx.invite_links().list(&InviteLinkQuery { group, below: None, limit })?.into_iter();
    let links = links.map(|issued| JudgedLink { link: issued.link, is_valid: issued.issuer.is_some() });
    let mut found = vec![
        ("the invite links", Page { items: links.collect(), more: false }.into()),
        ("the members", listed(tx, group, Page::from_lookahead(members, limit))?.into()),
        ("the requests to join", Page::from_lookahead(requests, limit).into()),
    ];
    for viewer in VIEWERS.map(|number| ids.user(number)) {
        let mut items = messages_of(tx, group, None, viewer)?;
        for view in &mut items {
            view.thread = tx.threads().views(&[view.message.id], viewer)?.pop();
        }
        for root in items.iter().filter(|view| view.thread.is_some()) {
            let thread = InThread { root: root.message.id, root_seq: root.message.seq };
            let items = messages_of(tx, group, Some(thread), viewer)?;
            found.push(("the replies as seen", MessagePage { items, next: None }.into()));
        }
        found.push(("the messages as seen", MessagePage { items, next: None }.into()));
    }
    let pins = PinQuery { group, viewer: ids.user(1), before: None, above: Seq::ZERO, hidden: None, limit };
    found.push(("the pins", Page::from_lookahead(tx.messages().list_pins(&pins)?, limit).into()));
    Ok(found)
}

/// Members, each with how far they have read, if they show it.
fn listed(
    tx: &mut dyn Tx,
    group: GroupId,
    members: Page<NamePosition<Member>>,
) -> Result<Page<NamePosition<ListedMember>>, StorageFault> {
    let ids: Vec<_> = members.items.iter().map(|placed| placed.entry.user.id).collect();
    let shown = tx.read_cursors().shown(group, Visibility::Public, &ids)?.into_iter();
    let shown: BTreeMap<_, _> = shown.map(|reader| (reader.user.id, reader.read_seq)).collect();
    let items = members.items.into_iter().map(|NamePosition { entry: member, position }| {
        let read_seq = shown.get(&member.user.id).copied();
        NamePosition { entry: ListedMember { member, read_seq }, position }
    });
    Ok(Page { items: items.collect(), more: members.more })
}

fn messages_of(
    tx: &mut dyn Tx,
    group: GroupId,
    thread: Option<InThread>,
    viewer: UserId,
) -> Result<Vec<MessageView>, StorageFault> {
    let (run, above, limit) = (MessageRange::Above(Seq::ZERO), Seq::ZERO, largest());
    let query = MessageQuery { group, thread, viewer, run, above, hidden: None, limit };
    Ok(Page::from_lookahead(tx.messages().list(&query)?, limit).items)
}
