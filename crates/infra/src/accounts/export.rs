//! Everything that is stored about one user, page by page.

mod messages;

use diesel::prelude::*;
use groupchat_domain::accounts::{ExportPage, ExportPart, ExportPosition, ExportRepository, ExportRow};
use groupchat_domain::ids::UserId;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::connection::on_backend;
use crate::schema::{
    audit_log, blocks, bookmarks, drafts, group_bans, group_mutes, groups, invitations, invite_links,
    join_requests, known_devices, known_networks, memberships, mentions, passkeys, password_resets,
    recovery_codes, reminders, scheduled_messages, server_invites, sessions, thread_members, totp,
    user_roles, users,
};
use crate::tx::DbTx;

/// The most rows of a page that are short.
const ROWS: i64 = 500;

/// The most drafts of a page, each of up to 10,000 characters.
const DRAFTS: usize = 50;

fn row() -> ExportRow {
    ExportRow::default()
}

const fn time(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

fn time_if(micros: Option<i64>) -> Option<Timestamp> {
    micros.map(time)
}

/// A page of these rows. If there are as many as fit, the part goes on after the key of the last one.
fn page<R>(rows: Vec<R>, key: impl Fn(&R) -> [i64; 3], show: impl Fn(R) -> ExportRow) -> ExportPage {
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= ROWS);
    let next = rows.last().filter(|_| is_full).map(|last| ExportPosition(key(last)));
    ExportPage { rows: rows.into_iter().map(show).collect(), next }
}

/// A part of so few rows that they are one page.
fn whole(rows: Vec<ExportRow>) -> ExportPage {
    ExportPage { rows, next: None }
}

impl ExportRepository for DbTx<'_> {
    fn page(
        &mut self,
        part: ExportPart,
        user: UserId,
        after: Option<ExportPosition>,
    ) -> Result<ExportPage, StorageFault> {
        let user = user.get();
        let ExportPosition(position) = after.unwrap_or(ExportPosition([0; 3]));
        let [first, second, _] = position;
        match part {
            ExportPart::Profile => self.profile(user),
            ExportPart::ServerRoles => self.own_server_roles(user),
            ExportPart::Sessions => self.own_sessions(user, first),
            ExportPart::Devices => self.own_devices(user),
            ExportPart::Networks => self.own_networks(user),
            ExportPart::Factors => self.own_factors(user),
            ExportPart::Resets => self.own_resets(user),
            ExportPart::Bots => self.own_bots(user),
            ExportPart::Blocks => self.own_blocks(user, first),
            ExportPart::Memberships => self.own_memberships(user, first),
            ExportPart::Bans => self.own_bans(user, first),
            ExportPart::Mutes => self.own_mutes(user, first),
            ExportPart::InvitationsReceived => self.invitations_to(user, first),
            ExportPart::InvitationsSent => self.invitations_by(user, first),
            ExportPart::InviteLinks => self.own_links(user, first),
            ExportPart::ServerInvites => self.own_server_invites(user, first),
            ExportPart::JoinRequests => self.own_requests(user, first),
            ExportPart::Messages => self.own_messages(user, after),
            ExportPart::EarlierTexts => self.earlier_texts(user, first, second),
            ExportPart::Reactions => self.own_reactions(user, first),
            ExportPart::Votes => self.own_votes(user, first),
            ExportPart::Mentions => self.own_mentions(user, first),
            ExportPart::FollowedThreads => self.followed_threads(user, first, second),
            ExportPart::Drafts => self.own_drafts(user, first, second),
            ExportPart::Bookmarks => self.own_bookmarks(user, first),
            ExportPart::Reminders => self.own_reminders(user),
            ExportPart::Scheduled => self.own_scheduled(user, first),
            ExportPart::Audit => self.own_audit(user, after),
        }
    }
}

impl DbTx<'_> {
    fn profile(&mut self, user: i64) -> Result<ExportPage, StorageFault> {
        type Row = (Option<String>, Option<String>, Option<String>, bool, i64, bool, bool);
        let found = users::table.find(user).select((
            users::username,
            users::display_name,
            users::email,
            users::is_admin,
            users::created_at,
            users::presence_hidden,
            users::receipts_hidden,
        ));
        let found: Option<Row> = on_backend!(self, |connection| found.first(connection).optional())?;
        let show = |(username, display_name, email, is_admin, created_at, presence, receipts): Row| {
            row()
                .with("id", user)
                .with("username", username)
                .with("display_name", display_name)
                .with("email", email)
                .with("is_admin", is_admin)
                .with("created_at", time(created_at))
                .with("presence_hidden", presence)
                .with("receipts_hidden", receipts)
        };
        Ok(whole(found.into_iter().map(show).collect()))
    }

    fn own_server_roles(&mut self, user: i64) -> Result<ExportPage, StorageFault> {
        let held = user_roles::table.filter(user_roles::user_id.eq(user)).order(user_roles::role_id);
        let held = held.select(user_roles::role_id);
        let rows: Vec<i64> = on_backend!(self, |connection| held.load(connection))?;
        Ok(whole(rows.into_iter().map(|role| row().with("role_id", role)).collect()))
    }

    fn own_bots(&mut self, user: i64) -> Result<ExportPage, StorageFault> {
        type Row = (i64, Option<String>, Option<String>, i64);
        let bots = users::table.filter(users::owner_id.eq(user)).order(users::id);
        let bots = bots.select((users::id, users::username, users::display_name, users::created_at));
        let rows: Vec<Row> = on_backend!(self, |connection| bots.load(connection))?;
        let show = |(id, username, display_name, created_at): Row| {
            row()
                .with("id", id)
                .with("username", username)
                .with("display_name", display_name)
                .with("created_at", time(created_at))
        };
        Ok(whole(rows.into_iter().map(show).collect()))
    }

    fn own_sessions(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        type Row = (
            i64,
            String,
            Option<String>,
            Option<String>,
            i64,
            i64,
            Option<i64>,
            Option<String>,
            Option<String>,
        );
        let rows = sessions::table
            .filter(sessions::user_id.eq(user))
            .filter(sessions::id.gt(after))
            .order(sessions::id)
            .limit(ROWS)
            .select((
                sessions::id,
                sessions::kind,
                sessions::name,
                sessions::scopes,
                sessions::created_at,
                sessions::expires_at,
                sessions::last_used_at,
                sessions::user_agent,
                sessions::address,
            ));
        let rows: Vec<Row> = on_backend!(self, |connection| rows.load(connection))?;
        let show =
            |(id, kind, name, scopes, created_at, expires_at, last_used_at, user_agent, address): Row| {
                row()
                    .with("id", id)
                    .with("kind", kind)
                    .with("name", name)
                    .with("scopes", scopes)
                    .with("created_at", time(created_at))
                    .with("expires_at", time(expires_at))
                    .with("last_used_at", time_if(last_used_at))
                    .with("user_agent", user_agent)
                    .with("address", address)
            };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_devices(&mut self, user: i64) -> Result<ExportPage, StorageFault> {
        let known = known_devices::table
            .filter(known_devices::user_id.eq(user))
            .order(known_devices::last_used_at)
            .select(known_devices::last_used_at);
        let rows: Vec<i64> = on_backend!(self, |connection| known.load(connection))?;
        Ok(whole(rows.into_iter().map(|at| row().with("last_used_at", time(at))).collect()))
    }

    fn own_networks(&mut self, user: i64) -> Result<ExportPage, StorageFault> {
        let known = known_networks::table
            .filter(known_networks::user_id.eq(user))
            .order(known_networks::network)
            .select((known_networks::network, known_networks::last_used_at));
        let rows: Vec<(String, i64)> = on_backend!(self, |connection| known.load(connection))?;
        let show =
            |(network, at): (String, i64)| row().with("network", network).with("last_used_at", time(at));
        Ok(whole(rows.into_iter().map(show).collect()))
    }

    fn own_factors(&mut self, user: i64) -> Result<ExportPage, StorageFault> {
        let found = totp::table.find(user).select((totp::created_at, totp::confirmed_at));
        let found: Option<(i64, Option<i64>)> =
            on_backend!(self, |connection| found.first(connection).optional())?;
        let show = |(created_at, confirmed_at): (i64, Option<i64>)| {
            row()
                .with("kind", "totp")
                .with("created_at", time(created_at))
                .with("confirmed_at", time_if(confirmed_at))
        };
        let mut rows: Vec<_> = found.into_iter().map(show).collect();
        let keys = passkeys::table
            .filter(passkeys::user_id.eq(user))
            .order(passkeys::id)
            .limit(ROWS)
            .select((passkeys::name, passkeys::created_at, passkeys::last_used_at));
        let keys: Vec<(String, i64, Option<i64>)> = on_backend!(self, |connection| keys.load(connection))?;
        rows.extend(keys.into_iter().map(|(name, created_at, last_used_at)| {
            row()
                .with("kind", "passkey")
                .with("name", name)
                .with("created_at", time(created_at))
                .with("last_used_at", time_if(last_used_at))
        }));
        let codes = recovery_codes::table.filter(recovery_codes::user_id.eq(user)).count();
        let left: i64 = on_backend!(self, |connection| codes.get_result(connection))?;
        if left > 0 {
            rows.push(row().with("kind", "recovery_codes").with("left", left));
        }
        Ok(whole(rows))
    }

    fn own_resets(&mut self, user: i64) -> Result<ExportPage, StorageFault> {
        let sent = password_resets::table
            .filter(password_resets::user_id.eq(user))
            .order(password_resets::created_at)
            .limit(ROWS)
            .select((password_resets::created_at, password_resets::expires_at));
        let rows: Vec<(i64, i64)> = on_backend!(self, |connection| sent.load(connection))?;
        let show = |(created_at, expires_at)| {
            row().with("created_at", time(created_at)).with("expires_at", time(expires_at))
        };
        Ok(whole(rows.into_iter().map(show).collect()))
    }

    fn own_blocks(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let made = blocks::table
            .filter(blocks::user_id.eq(user))
            .filter(blocks::blocked_id.gt(after))
            .order(blocks::blocked_id)
            .limit(ROWS)
            .select((blocks::blocked_id, blocks::created_at));
        let rows: Vec<(i64, i64)> = on_backend!(self, |connection| made.load(connection))?;
        let show = |(blocked, at)| row().with("user_id", blocked).with("created_at", time(at));
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_memberships(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        type Row = (i64, String, i64, i64, String, bool, bool);
        // Those of a deleted group end step by step.
        let held = memberships::table
            .inner_join(groups::table.on(groups::id.eq(memberships::group_id)))
            .filter(groups::deleted_at.is_null())
            .filter(memberships::user_id.eq(user))
            .filter(memberships::has_ended.eq(false))
            .filter(memberships::group_id.gt(after))
            .order(memberships::group_id)
            .limit(ROWS)
            .select((
                memberships::group_id,
                memberships::role,
                memberships::joined_at,
                memberships::read_seq,
                memberships::notify,
                memberships::pinned,
                memberships::hidden,
            ));
        let rows: Vec<Row> = on_backend!(self, |connection| held.load(connection))?;
        let show = |(group, role, joined_at, read_seq, notify, pinned, hidden): Row| {
            row()
                .with("group_id", group)
                .with("role", role)
                .with("joined_at", time(joined_at))
                .with("read_seq", read_seq)
                .with("notify", notify)
                .with("pinned", pinned)
                .with("hidden", hidden)
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_bans(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let of = group_bans::table
            .filter(group_bans::user_id.eq(user))
            .filter(group_bans::group_id.gt(after))
            .order(group_bans::group_id)
            .limit(ROWS)
            .select((group_bans::group_id, group_bans::created_at, group_bans::until));
        let rows: Vec<(i64, i64, Option<i64>)> = on_backend!(self, |connection| of.load(connection))?;
        let show = |(group, at, until)| {
            row().with("group_id", group).with("created_at", time(at)).with("until", time_if(until))
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_mutes(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let of = group_mutes::table
            .filter(group_mutes::user_id.eq(user))
            .filter(group_mutes::group_id.gt(after))
            .order(group_mutes::group_id)
            .limit(ROWS)
            .select((group_mutes::group_id, group_mutes::until));
        let rows: Vec<(i64, i64)> = on_backend!(self, |connection| of.load(connection))?;
        let show = |(group, until)| row().with("group_id", group).with("until", time(until));
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    /// Without what the inviters have written.
    fn invitations_to(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        type Row = (i64, i64, i64, String, i64, Option<i64>);
        let sent = invitations::table
            .filter(invitations::user_id.eq(user))
            .filter(invitations::id.gt(after))
            .order(invitations::id)
            .limit(ROWS)
            .select((
                invitations::id,
                invitations::group_id,
                invitations::invited_by,
                invitations::role,
                invitations::created_at,
                invitations::expires_at,
            ));
        let rows: Vec<Row> = on_backend!(self, |connection| sent.load(connection))?;
        let show = |(id, group, by, role, created_at, expires_at): Row| {
            row()
                .with("id", id)
                .with("group_id", group)
                .with("invited_by", by)
                .with("role", role)
                .with("created_at", time(created_at))
                .with("expires_at", time_if(expires_at))
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn invitations_by(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        type Row = (i64, i64, i64, String, Option<String>, i64, Option<i64>);
        let sent = invitations::table
            .filter(invitations::invited_by.eq(user))
            .filter(invitations::id.gt(after))
            .order(invitations::id)
            .limit(ROWS)
            .select((
                invitations::id,
                invitations::group_id,
                invitations::user_id,
                invitations::role,
                invitations::note,
                invitations::created_at,
                invitations::expires_at,
            ));
        let rows: Vec<Row> = on_backend!(self, |connection| sent.load(connection))?;
        let show = |(id, group, to, role, note, created_at, expires_at): Row| {
            row()
                .with("id", id)
                .with("group_id", group)
                .with("user_id", to)
                .with("role", role)
                .with("note", note)
                .with("created_at", time(created_at))
                .with("expires_at", time_if(expires_at))
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_links(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        type Row = (i64, i64, String, Option<String>, Option<i64>, i64, i64, i64);
        let made = invite_links::table
            .filter(invite_links::created_by.eq(user))
            .filter(invite_links::id.gt(after))
            .order(invite_links::id)
            .limit(ROWS)
            .select((
                invite_links::id,
                invite_links::group_id,
                invite_links::role,
                invite_links::note,
                invite_links::max_uses,
                invite_links::uses,
                invite_links::created_at,
                invite_links::expires_at,
            ));
        let rows: Vec<Row> = on_backend!(self, |connection| made.load(connection))?;
        let show = |(id, group, role, note, max_uses, uses, created_at, expires_at): Row| {
            row()
                .with("id", id)
                .with("group_id", group)
                .with("role", role)
                .with("note", note)
                .with("max_uses", max_uses)
                .with("uses", uses)
                .with("created_at", time(created_at))
                .with("expires_at", time(expires_at))
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_server_invites(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        type Row = (i64, String, Option<String>, Option<i64>, i64, i64, i64);
        let made = server_invites::table
            .filter(server_invites::created_by.eq(user))
            .filter(server_invites::id.gt(after))
            .order(server_invites::id)
            .limit(ROWS)
            .select((
                server_invites::id,
                server_invites::group_ids,
                server_invites::note,
                server_invites::max_uses,
                server_invites::uses,
                server_invites::created_at,
                server_invites::expires_at,
            ));
        let rows: Vec<Row> = on_backend!(self, |connection| made.load(connection))?;
        let show = |(id, groups, note, max_uses, uses, created_at, expires_at): Row| {
            row()
                .with("id", id)
                .with("group_ids", groups)
                .with("note", note)
                .with("max_uses", max_uses)
                .with("uses", uses)
                .with("created_at", time(created_at))
                .with("expires_at", time(expires_at))
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_requests(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let made = join_requests::table
            .filter(join_requests::user_id.eq(user))
            .filter(join_requests::group_id.gt(after))
            .order(join_requests::group_id)
            .limit(ROWS)
            .select((join_requests::group_id, join_requests::message, join_requests::created_at));
        let rows: Vec<(i64, Option<String>, i64)> = on_backend!(self, |connection| made.load(connection))?;
        let show = |(group, message, at): (i64, Option<String>, i64)| {
            row().with("group_id", group).with("message", message).with("created_at", time(at))
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_mentions(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let told = mentions::table
            .filter(mentions::user_id.eq(user))
            .filter(mentions::is_told)
            .filter(mentions::message_id.gt(after))
            .order(mentions::message_id)
            .limit(ROWS)
            .select((mentions::message_id, mentions::group_id, mentions::thread_id, mentions::seq));
        let rows: Vec<(i64, i64, Option<i64>, i64)> = on_backend!(self, |connection| told.load(connection))?;
        let show = |(message, group, thread, seq): (i64, i64, Option<i64>, i64)| {
            row()
                .with("message_id", message)
                .with("group_id", group)
                .with("thread_id", thread)
                .with("seq", seq)
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    /// In the order of their index, which changes when somebody replies: the page after that has the thread again, or for the
    /// first time.
    fn followed_threads(&mut self, user: i64, seen: i64, root: i64) -> Result<ExportPage, StorageFault> {
        let followed = thread_members::table
            .filter(thread_members::user_id.eq(user))
            .filter(thread_members::following)
            .filter(thread_members::seen_reply_id.ge(seen))
            .filter(thread_members::seen_reply_id.gt(seen).or(thread_members::root_id.gt(root)))
            .order((thread_members::seen_reply_id, thread_members::root_id))
            .limit(ROWS)
            .select((thread_members::seen_reply_id, thread_members::root_id, thread_members::read_seq));
        let rows: Vec<(i64, i64, i64)> = on_backend!(self, |connection| followed.load(connection))?;
        let show = |(_, root, read_seq)| row().with("message_id", root).with("read_seq", read_seq);
        Ok(page(rows, |row| [row.0, row.1, 0], show))
    }

    /// A position is the group and the thread of a draft.
    fn own_drafts(&mut self, user: i64, group: i64, root: i64) -> Result<ExportPage, StorageFault> {
        // A draft for the group itself comes first, under the root 0: at the beginning, no group has the id 0.
        let typed = drafts::table
            .filter(drafts::user_id.eq(user))
            .filter(drafts::group_id.ge(group))
            .filter(drafts::group_id.gt(group).or(drafts::root_id.gt(root)))
            .order((drafts::group_id, drafts::root_id))
            .limit(DRAFTS as i64)
            .select((drafts::group_id, drafts::root_id, drafts::text, drafts::updated_at));
        let rows: Vec<(i64, i64, String, i64)> = on_backend!(self, |connection| typed.load(connection))?;
        let next = rows.last().filter(|_| rows.len() >= DRAFTS).map(|row| ExportPosition([row.0, row.1, 0]));
        let show = |(group, root, text, updated_at): (i64, i64, String, i64)| {
            row()
                .with("group_id", group)
                .with("thread_id", Some(root).filter(|root| *root != 0))
                .with("text", text)
                .with("updated_at", time(updated_at))
        };
        Ok(ExportPage { rows: rows.into_iter().map(show).collect(), next })
    }

    fn own_bookmarks(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let made = bookmarks::table
            .filter(bookmarks::user_id.eq(user))
            .filter(bookmarks::message_id.gt(after))
            .order(bookmarks::message_id)
            .limit(ROWS)
            .select((bookmarks::message_id, bookmarks::note, bookmarks::created_at));
        let rows: Vec<(i64, Option<String>, i64)> = on_backend!(self, |connection| made.load(connection))?;
        let show = |(message, note, created_at): (i64, Option<String>, i64)| {
            row().with("message_id", message).with("note", note).with("created_at", time(created_at))
        };
        Ok(page(rows, |row| [row.0, 0, 0], show))
    }

    fn own_reminders(&mut self, user: i64) -> Result<ExportPage, StorageFault> {
        let set = reminders::table
            .filter(reminders::user_id.eq(user))
            .order(reminders::message_id)
            .limit(ROWS)
            .select((reminders::message_id, reminders::remind_at, reminders::created_at));
        let rows: Vec<(i64, i64, i64)> = on_backend!(self, |connection| set.load(connection))?;
        let show = |(message, at, created_at)| {
            row().with("message_id", message).with("at", time(at)).with("created_at", time(created_at))
        };
        Ok(whole(rows.into_iter().map(show).collect()))
    }

    /// What is to be sent is the document as it is stored.
    fn own_scheduled(&mut self, user: i64, after: i64) -> Result<ExportPage, StorageFault> {
        let waiting = scheduled_messages::table
            .filter(scheduled_messages::user_id.eq(user))
            .filter(scheduled_messages::id.gt(after))
            .order(scheduled_messages::id)
            .limit(DRAFTS as i64)
            .select((
                scheduled_messages::id,
                scheduled_messages::group_id,
                scheduled_messages::document,
                scheduled_messages::send_at,
                scheduled_messages::failed_code,
            ));
        let rows: Vec<(i64, i64, String, i64, Option<String>)> =
            on_backend!(self, |connection| waiting.load(connection))?;
        let next = rows.last().filter(|_| rows.len() >= DRAFTS).map(|row| ExportPosition([row.0, 0, 0]));
        let show = |(id, group, document, send_at, failed): (i64, i64, String, i64, Option<String>)| {
            row()
                .with("id", id)
                .with("group_id", group)
                .with("message", document)
                .with("send_at", time(send_at))
                .with("failed", failed)
        };
        Ok(ExportPage { rows: rows.into_iter().map(show).collect(), next })
    }

    fn own_audit(&mut self, user: i64, after: Option<ExportPosition>) -> Result<ExportPage, StorageFault> {
        type Row = (
            (i64, i64, String, String),
            (Option<i64>, Option<i64>, Option<i64>),
            (Option<String>, Option<String>, Option<String>),
        );
        let ExportPosition([at, seq, _]) = after.unwrap_or(ExportPosition([i64::MIN, 0, 0]));
        let done = audit_log::table
            .filter(audit_log::actor_id.eq(user))
            .filter(audit_log::at.ge(at))
            .filter(audit_log::at.gt(at).or(audit_log::seq.gt(seq)))
            .order((audit_log::at, audit_log::seq))
            .limit(ROWS)
            .select((
                (audit_log::seq, audit_log::at, audit_log::action, audit_log::outcome),
                (audit_log::target_id, audit_log::group_id, audit_log::object_id),
                (audit_log::detail, audit_log::address, audit_log::user_agent),
            ));
        let rows: Vec<Row> = on_backend!(self, |connection| done.load(connection))?;
        let show = |((seq, at, action, outcome), (target, group, object), (detail, address, agent)): Row| {
            row()
                .with("seq", seq)
                .with("at", time(at))
                .with("action", action)
                .with("outcome", outcome)
                .with("target_id", target)
                .with("group_id", group)
                .with("object_id", object)
                .with("detail", detail)
                .with("address", address)
                .with("user_agent", agent)
        };
        Ok(page(rows, |row| [row.0.1, row.0.0, 0], show))
    }
}
