//! What the damaged database's log proves: the intact events that are newer than the backup.

use diesel::prelude::*;
use groupchat_domain::groups::Visibility;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::jobs::Task;

use super::Salvage;
use super::recorded::RecordedChanges;
use crate::rows::events::Row as EventRow;
use crate::schema::{
    group_bans, groups, invitations, invite_links, jobs, join_requests, known_devices, known_networks,
    memberships, passkeys, recovery_codes, server_invites, sessions, totp, user_roles, users,
};

impl Salvage<'_> {
    /// Reads what the log records since the backup.
    pub(super) fn read_log(&mut self) -> QueryResult<()> {
        let head = self.head("events");
        let mut recorded = RecordedChanges::default();
        let damaged = self.source.walk_intact::<EventRow>(|event| {
            if event.id > head {
                recorded.add(&event);
            }
        });
        self.report.damaged += damaged;
        self.recorded = recorded;
        Ok(())
    }

    /// Ends memberships and bans, and deletes groups and users, as the log records it. What a job does of that is left
    /// to it.
    pub(super) fn apply_deletions(&mut self) -> QueryResult<()> {
        let ended = self.recorded.memberships.iter().filter(|(_, ended)| **ended).map(|(key, _)| *key);
        for (group, user) in ended.collect::<Vec<_>>() {
            let gone = diesel::delete(memberships::table.find((group, user))).execute(self.target)?;
            self.report.recorded_changes += gone as u64;
        }
        let lifted = self.recorded.bans.iter().filter(|(_, ended)| **ended).map(|(key, _)| *key);
        for (group, user) in lifted.collect::<Vec<_>>() {
            let gone = diesel::delete(group_bans::table.find((group, user))).execute(self.target)?;
            self.report.recorded_changes += gone as u64;
        }
        for (group, at) in self.recorded.deleted_groups.clone() {
            let living = groups::table.filter(groups::id.eq(group)).filter(groups::deleted_at.is_null());
            let visibility: Option<String> =
                living.select(groups::visibility).first(self.target).optional()?;
            let deleted = diesel::update(living)
                .set((groups::deleted_at.eq(at), groups::version.eq(groups::version + 1)))
                .execute(self.target)?;
            // The new log doesn't tell of it, so nothing of a private group is kept for its members.
            let id = GroupId::new(group);
            let is_private = visibility.is_some_and(|visibility| visibility == Visibility::Private.as_str());
            self.enqueue_if(deleted, if is_private { Task::ForgetGroup(id) } else { Task::PurgeGroup(id) })?;
        }
        for (user, at) in self.recorded.deleted_users.clone() {
            let living = users::table.filter(users::id.eq(user)).filter(users::deleted_at.is_null());
            let nothing = None::<String>;
            let deleted = diesel::update(living)
                .set((
                    users::username.eq(&nothing),
                    users::username_key.eq(&nothing),
                    users::display_name.eq(&nothing),
                    users::display_key.eq(&nothing),
                    users::email.eq(&nothing),
                    users::password_hash.eq(&nothing),
                    users::is_admin.eq(false),
                    users::owner_id.eq(None::<i64>),
                    users::deleted_at.eq(at),
                    users::version.eq(users::version + 1),
                ))
                .execute(self.target)?;
            diesel::delete(sessions::table.filter(sessions::user_id.eq(user))).execute(self.target)?;
            diesel::delete(user_roles::table.filter(user_roles::user_id.eq(user))).execute(self.target)?;
            diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user)))
                .execute(self.target)?;
            diesel::delete(totp::table.filter(totp::user_id.eq(user))).execute(self.target)?;
            diesel::delete(passkeys::table.filter(passkeys::user_id.eq(user))).execute(self.target)?;
            diesel::delete(known_networks::table.filter(known_networks::user_id.eq(user)))
                .execute(self.target)?;
            diesel::delete(known_devices::table.filter(known_devices::user_id.eq(user)))
                .execute(self.target)?;
            self.enqueue_if(deleted, Task::EndMemberships(UserId::new(user)))?;
        }
        Ok(())
    }

    /// Ends what lets somebody into a group: an invitation or a link that was taken back since the backup, or a request that
    /// was refused, must not do so again, and intact rows can't be told from old ones.
    pub(super) fn end_ways_in(&mut self) -> QueryResult<()> {
        diesel::delete(invitations::table).execute(self.target)?;
        diesel::delete(invite_links::table).execute(self.target)?;
        diesel::delete(server_invites::table).execute(self.target)?;
        diesel::delete(join_requests::table).execute(self.target).map(drop)
    }

    /// Enqueues the job that follows a deletion, if something was deleted.
    fn enqueue_if(&mut self, deleted: usize, task: Task) -> QueryResult<()> {
        if deleted == 0 {
            return Ok(());
        }
        self.report.recorded_changes += 1;
        let (kind, subject) = task.stored();
        let job = (
            jobs::kind.eq(kind),
            jobs::subject_id.eq(subject),
            jobs::run_after.eq(0),
            jobs::created_at.eq(0),
        );
        diesel::insert_into(jobs::table).values(job).execute(self.target).map(drop)
    }
}
