//! Users, groups and memberships: they have no checksums.

use std::collections::BTreeMap;

use diesel::prelude::*;
use groupchat_domain::groups::Visibility;
use groupchat_domain::permissions::PermissionSet;
use groupchat_domain::text::name_key;

use super::Salvage;
use crate::refold::marked;
use crate::rows::groups::Row as GroupRow;
use crate::rows::memberships::Row as MembershipRow;
use crate::rows::users::Row as UserRow;
use crate::schema::{group_bans, group_mutes, group_roles, groups, memberships, users};

/// Makes plain members of those whose role their group doesn't have.
const DROP_LOST_ROLES: &str = "UPDATE memberships SET role = 'member' \
    WHERE role NOT IN ('owner', 'admin', 'member', 'readonly') \
    AND NOT EXISTS (SELECT 1 FROM group_roles WHERE group_roles.group_id = memberships.group_id AND name = role)";

/// Lifts the bans of those who are members.
const DROP_BANS_OF_MEMBERS: &str = "DELETE FROM group_bans WHERE EXISTS (SELECT 1 FROM memberships \
    WHERE memberships.group_id = group_bans.group_id AND memberships.user_id = group_bans.user_id)";

/// Drops bots whose owner is lost. They are new, so nothing refers to them.
const DROP_BOTS_WITHOUT_OWNER: &str = "DELETE FROM users WHERE owner_id IS NOT NULL AND NOT EXISTS \
    (SELECT 1 FROM users AS owners WHERE owners.id = users.owner_id AND owners.owner_id IS NULL)";

/// Ends bots whose owner is deleted.
const END_BOTS_OF_DELETED: &str = "INSERT INTO jobs (kind, subject_id, run_after, created_at) \
    SELECT DISTINCT 'end_bots', owners.id, 0, 0 FROM users JOIN users AS owners ON owners.id = users.owner_id \
    WHERE owners.deleted_at IS NOT NULL";

/// Makes an owner of the longest-serving member of the highest rank of each group that has members and no owner.
const APPOINT_OWNERS: &str = "UPDATE memberships SET role = 'owner' \
    WHERE NOT EXISTS (SELECT 1 FROM memberships AS owners \
                      WHERE owners.group_id = memberships.group_id AND owners.role = 'owner') \
    AND EXISTS (SELECT 1 FROM groups WHERE groups.id = memberships.group_id AND kind = 'group') \
    AND user_id = (SELECT heirs.user_id FROM memberships AS heirs JOIN users ON users.id = heirs.user_id \
                   LEFT JOIN group_roles ON group_roles.group_id = heirs.group_id AND name = heirs.role \
                   WHERE heirs.group_id = memberships.group_id AND users.deleted_at IS NULL \
                   ORDER BY CASE heirs.role WHEN 'admin' THEN 50 WHEN 'member' THEN 10 WHEN 'readonly' THEN 5 \
                            ELSE rank END DESC, heirs.joined_at, heirs.user_id LIMIT 1)";

/// Whether a name and the key that was made of it belong together. Two groups that have the same key since a change of
/// the rule tell themselves apart by what follows the key of one.
fn fits(name: Option<&str>, key: Option<&str>) -> bool {
    match (name, key) {
        (Some(name), Some(key)) => {
            let expected = name_key(name);
            key == expected || key.strip_prefix(&expected).is_some_and(|rest| rest.starts_with("  "))
        }
        (None, None) => true,
        _ => false,
    }
}

impl Salvage<'_> {
    /// New users, without the right to administer the server. Those of the backup hide what they have hidden since, and
    /// are suspended if they have been since.
    pub(super) fn bring_users(&mut self) -> QueryResult<()> {
        let (head, mut found, mut changed, mut damaged) = (self.head("users"), Vec::new(), Vec::new(), 0);
        let unreadable = self.source.walk::<UserRow>(|user| {
            let is_plausible = fits(user.username.as_deref(), user.username_key.as_deref())
                && fits(user.display_name.as_deref(), user.display_key.as_deref());
            match (user.id > head, is_plausible) {
                (true, true) => found.push(UserRow { is_admin: false, ..user }),
                (true, false) => damaged += 1,
                (false, true) if user.presence_hidden || user.receipts_hidden || user.suspended => {
                    changed.push((user.id, user.presence_hidden, user.receipts_hidden, user.suspended));
                }
                (false, _) => {}
            }
        });
        self.report.damaged += damaged + unreadable;
        for (id, presence, receipts, suspended) in changed {
            let user = users::table.filter(users::id.eq(id)).filter(users::deleted_at.is_null());
            let change = diesel::update(user).set((
                presence.then(|| users::presence_hidden.eq(true)),
                receipts.then(|| users::receipts_hidden.eq(true)),
                suspended.then(|| users::suspended.eq(true)),
            ));
            change.execute(self.target)?;
        }
        for user in found {
            if self.attempt(|target| diesel::insert_into(users::table).values(user).execute(target))? {
                self.report.users += 1;
            }
        }
        self.settle_bots()
    }

    /// Drops new bots without an owner, and leaves those of deleted owners to the job that ends them. A bot that changed hands
    /// since the backup has its owner of then.
    fn settle_bots(&mut self) -> QueryResult<()> {
        let dropped = diesel::sql_query(DROP_BOTS_WITHOUT_OWNER).execute(self.target)? as u64;
        self.report.users -= dropped;
        self.report.orphaned += dropped;
        diesel::sql_query(END_BOTS_OF_DELETED).execute(self.target).map(drop)
    }

    /// New groups, which are empty for now.
    pub(super) fn bring_groups(&mut self) -> QueryResult<()> {
        let (head, mut found, mut damaged) = (self.head("groups"), Vec::new(), 0);
        let unreadable = self.source.walk::<GroupRow>(|group| {
            if group.id <= head || group.deleted_at.is_some() {
                return;
            }
            if fits(group.name.as_deref(), group.name_key.as_deref()) {
                // Its messages get numbers from 1 on.
                let (trimmed_seq, trimmed_id, kept_count) = (0, 0, 0);
                let (hidden_from, hidden_to) = (None, None);
                found.push(GroupRow {
                    member_count: 0,
                    last_seq: 0,
                    trimmed_seq,
                    trimmed_id,
                    kept_count,
                    hidden_from,
                    hidden_to,
                    ..group
                });
            } else {
                damaged += 1;
            }
        });
        self.report.damaged += damaged + unreadable;
        for mut group in found {
            // A group that the backup has may have given its name to this one since. Both are found by it.
            if let Some(key) = &group.name_key
                && self.is_name_taken(&group, key)?
            {
                group.name_key = Some(marked(key, group.id));
            }
            if self.attempt(|target| diesel::insert_into(groups::table).values(group).execute(target))? {
                self.report.groups += 1;
            }
        }
        Ok(())
    }

    /// Whether a group of the backup has this key, which this one has, too. Only names of listed groups are unique.
    fn is_name_taken(&mut self, group: &GroupRow, key: &str) -> QueryResult<bool> {
        let private = Visibility::Private.as_str();
        if group.visibility == private {
            return Ok(false);
        }
        let others = groups::table
            .filter(groups::name_key.eq(key))
            .filter(groups::visibility.ne(private))
            .filter(groups::deleted_at.is_null());
        Ok(others.count().get_result::<i64>(self.target)? > 0)
    }

    /// Roles that groups have defined or changed and that the backup doesn't have. What both have stays as it was.
    pub(super) fn bring_roles(&mut self) -> QueryResult<()> {
        let living = groups::table.filter(groups::deleted_at.is_null()).select(groups::id);
        let living: Vec<i64> = living.load(self.target)?;
        for role in living.into_iter().flat_map(|group| self.source.roles(group)).collect::<Vec<_>>() {
            if PermissionSet::from_stored(role.permissions).is_none() {
                self.report.damaged += 1;
                continue;
            }
            self.attempt(|target| {
                diesel::insert_into(group_roles::table).values(role).on_conflict_do_nothing().execute(target)
            })?;
        }
        Ok(())
    }

    /// New memberships, and changed roles that the log records.
    pub(super) fn bring_memberships(&mut self) -> QueryResult<()> {
        let living = groups::table.filter(groups::deleted_at.is_null()).select(groups::id);
        let living: Vec<i64> = living.load(self.target)?;
        let people = users::table.filter(users::deleted_at.is_null()).select(users::id);
        let people: Vec<i64> = people.load(self.target)?;
        for group in living {
            let there = memberships::table.filter(memberships::group_id.eq(group));
            let there: Vec<MembershipRow> = there.load(self.target)?;
            let there: BTreeMap<_, _> = there.into_iter().map(|row| (row.user_id, row.role)).collect();
            for member in self.source.members(group, &people) {
                self.bring_membership(member, &there, &people)?;
            }
        }
        diesel::sql_query(DROP_LOST_ROLES).execute(self.target)?;
        diesel::sql_query(APPOINT_OWNERS).execute(self.target).map(drop)
    }

    /// Bans that the backup doesn't have. Nobody is both in a group and banned from it: a membership that is there by
    /// now counts, as it does for a ban of the backup that was lifted since.
    pub(super) fn bring_bans(&mut self) -> QueryResult<()> {
        let living = groups::table.filter(groups::deleted_at.is_null()).select(groups::id);
        let living: Vec<i64> = living.load(self.target)?;
        for ban in living.into_iter().flat_map(|group| self.source.bans(group)).collect::<Vec<_>>() {
            if !self.recorded.bans.get(&(ban.group_id, ban.user_id)).copied().unwrap_or(false) {
                self.attempt(|target| {
                    diesel::insert_into(group_bans::table)
                        .values(ban)
                        .on_conflict_do_nothing()
                        .execute(target)
                })?;
            }
        }
        diesel::sql_query(DROP_BANS_OF_MEMBERS).execute(self.target).map(drop)
    }

    /// Mutes that the backup doesn't have. What both have stays as it was.
    pub(super) fn bring_mutes(&mut self) -> QueryResult<()> {
        let living = groups::table.filter(groups::deleted_at.is_null()).select(groups::id);
        let living: Vec<i64> = living.load(self.target)?;
        for mute in living.into_iter().flat_map(|group| self.source.mutes(group)).collect::<Vec<_>>() {
            self.attempt(|target| {
                diesel::insert_into(group_mutes::table).values(mute).on_conflict_do_nothing().execute(target)
            })?;
        }
        Ok(())
    }

    fn bring_membership(
        &mut self,
        member: MembershipRow,
        there: &BTreeMap<i64, String>,
        people: &[i64],
    ) -> QueryResult<()> {
        let (group, user) = (member.group_id, member.user_id);
        match there.get(&user) {
            Some(role) if *role != member.role && self.recorded.roles.contains(&(group, user)) => {
                let row = memberships::table.find((group, user));
                let change = diesel::update(row).set(memberships::role.eq(member.role));
                if self.attempt(|target| change.execute(target))? {
                    self.report.recorded_changes += 1;
                }
            }
            None if people.binary_search(&user).is_ok() && !self.recorded.has_ended(group, user) => {
                // Positions of the new log are not those of the old one: the member sees what happens from now on.
                let (since_event, read_position) = (self.head("events") + 1, self.head("events"));
                let row = MembershipRow {
                    since_event,
                    read_position,
                    has_ended: false,
                    recent_seqs: None,
                    ..member
                };
                if self
                    .attempt(|target| diesel::insert_into(memberships::table).values(row).execute(target))?
                {
                    self.report.memberships += 1;
                }
            }
            _ => {}
        }
        Ok(())
    }
}
