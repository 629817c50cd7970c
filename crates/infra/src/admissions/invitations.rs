//! Invitations.

use std::error::Error;

use diesel::deserialize;
use diesel::prelude::*;
use groupchat_domain::accounts::UserRef;
use groupchat_domain::admissions::{
    Counted, Invitation, InvitationQuery, InvitationRepository, Invitations, IssuedInvitation, NewInvitation,
    Note,
};
use groupchat_domain::groups::Group;
use groupchat_domain::ids::{GroupId, InvitationId, UserId};
use groupchat_domain::permissions::{Role, RoleName};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::groups::repository::GroupRow;
use crate::permissions::rows::definition;
use crate::schema::{group_roles, groups, invitations, memberships, users};
use crate::tx::DbTx;

// Second names: `users` are the invited, and `group_roles` what is stored of the inviters' roles.
diesel::alias! {
    const INVITERS: Alias<Inviters> = users as inviters;
    const GIFTS: Alias<Gifts> = group_roles as gifts;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations)]
struct InvitationRow {
    id: i64,
    role: String,
    note: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
}

/// Rank and permissions that a group stores of a role.
type StoredRole = (Option<i64>, Option<i64>);

type Row = (InvitationRow, GroupRow, UserRefRow, UserRefRow, Option<String>, StoredRole, StoredRole);

/// Invitations to groups that exist, each with the group, who is invited, who invites, and what is stored of the role
/// of each.
macro_rules! issued {
    () => {
        invitations::table
            .inner_join(groups::table.on(groups::id.eq(invitations::group_id)))
            .inner_join(users::table.on(users::id.eq(invitations::user_id)))
            .inner_join(INVITERS.on(INVITERS.field(users::id).eq(invitations::invited_by)))
            .left_join(
                memberships::table.on(memberships::group_id
                    .eq(invitations::group_id)
                    .and(memberships::user_id.eq(invitations::invited_by))),
            )
            .left_join(group_roles::table.on(
                group_roles::group_id.eq(invitations::group_id).and(group_roles::name.eq(memberships::role)),
            ))
            .left_join(
                GIFTS.on(GIFTS
                    .field(group_roles::group_id)
                    .eq(invitations::group_id)
                    .and(GIFTS.field(group_roles::name).eq(invitations::role))),
            )
            .filter(groups::deleted_at.is_null())
            .select((
                InvitationRow::as_select(),
                GroupRow::as_select(),
                UserRefRow::as_select(),
                INVITERS.fields((users::id, users::username, users::display_name)),
                memberships::role.nullable(),
                (group_roles::rank.nullable(), group_roles::permissions.nullable()),
                (GIFTS.field(group_roles::rank).nullable(), GIFTS.field(group_roles::permissions).nullable()),
            ))
    };
}

/// What is loaded, as an invitation. A role that can't be made of its row is a fault.
fn invitation(row: Row) -> deserialize::Result<IssuedInvitation> {
    let (row, group, user, inviter, issuer, issuer_stored, gift_stored) = row;
    let (group, invited_by) = (Group::from(group), UserRef::from(inviter));
    let is_private = !group.visibility.is_listed();
    let resolve =
        |name: String, (rank, permissions): StoredRole| -> Result<_, Box<dyn Error + Send + Sync>> {
            let stored = rank.zip(permissions).map(definition).transpose()?;
            Ok(Role::resolve(RoleName::from_stored(name), stored, is_private))
        };
    // The membership of a deleted user ends a little later.
    let issuer = issuer.filter(|_| invited_by.username.is_some());
    let issuer = issuer.map(|name| resolve(name, issuer_stored)).transpose()?.flatten();
    let gift = resolve(row.role.clone(), gift_stored)?;
    let invitation = Invitation {
        id: InvitationId::new(row.id),
        group: (&group).into(),
        user: user.into(),
        invited_by,
        role: RoleName::from_stored(row.role),
        note: row.note.map(Note::from_stored),
        created_at: Timestamp::from_micros(row.created_at),
        expires_at: row.expires_at.map(Timestamp::from_micros),
    };
    Ok(IssuedInvitation { invitation, group, issuer, gift })
}

fn all(rows: Vec<Row>) -> QueryResult<Vec<IssuedInvitation>> {
    let all: deserialize::Result<_> = rows.into_iter().map(invitation).collect();
    all.map_err(diesel::result::Error::DeserializationError)
}

fn with_user(rows: Vec<(i64, i64)>) -> Vec<(InvitationId, UserId)> {
    rows.into_iter().map(|(id, user)| (InvitationId::new(id), UserId::new(user))).collect()
}

impl InvitationRepository for DbTx<'_> {
    fn find(&mut self, id: InvitationId) -> Result<Option<IssuedInvitation>, StorageFault> {
        self.find_many(&[id]).map(|mut found| found.pop())
    }

    fn find_of(&mut self, group: GroupId, user: UserId) -> Result<Option<IssuedInvitation>, StorageFault> {
        let found = on_backend!(self, |connection| issued!()
            .filter(invitations::group_id.eq(group.get()))
            .filter(invitations::user_id.eq(user.get()))
            .load(connection)
            .and_then(all))?;
        Ok(found.into_iter().next())
    }

    fn find_many(&mut self, ids: &[InvitationId]) -> Result<Vec<IssuedInvitation>, StorageFault> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = ids.iter().map(|id| id.get()).collect();
        on_backend!(self, |connection| issued!()
            .filter(invitations::id.eq_any(ids))
            .load(connection)
            .and_then(all))
    }

    fn list(&mut self, query: &InvitationQuery) -> Result<Vec<IssuedInvitation>, StorageFault> {
        on_backend!(self, |connection| {
            let listed = issued!()
                .filter(invitations::id.lt(query.below.map_or(i64::MAX, InvitationId::get)))
                .order(invitations::id.desc())
                .limit(query.limit.with_lookahead());
            match query.of {
                Invitations::To(group) => {
                    listed.filter(invitations::group_id.eq(group.get())).load(connection)
                }
                Invitations::Of(user) => listed.filter(invitations::user_id.eq(user.get())).load(connection),
            }
            .and_then(all)
        })
    }

    fn count(&mut self, of: Counted, most: u32) -> Result<u32, StorageFault> {
        let counted = invitations::table.select(invitations::id).limit(most.into());
        let found: Vec<i64> = on_backend!(self, |connection| match of {
            Counted::To(group) => counted.filter(invitations::group_id.eq(group.get())).load(connection),
            Counted::By(user) => counted.filter(invitations::invited_by.eq(user.get())).load(connection),
        })?;
        Ok(u32::try_from(found.len()).unwrap_or(most))
    }

    fn put(&mut self, invitation: &NewInvitation) -> Result<InvitationId, StorageFault> {
        let values = (
            invitations::invited_by.eq(invitation.invited_by.get()),
            invitations::role.eq(invitation.role.as_str()),
            invitations::note.eq(invitation.note.as_ref().map(Note::as_str)),
            invitations::created_at.eq(invitation.created_at.as_micros()),
            invitations::expires_at.eq(invitation.expires_at.map(Timestamp::as_micros)),
        );
        let row = diesel::insert_into(invitations::table)
            .values((
                invitations::group_id.eq(invitation.group.get()),
                invitations::user_id.eq(invitation.user.get()),
                values,
            ))
            .on_conflict((invitations::user_id, invitations::group_id))
            .do_update()
            .set(values)
            .returning(invitations::id);
        on_backend!(self, |connection| row.get_result(connection)).map(InvitationId::new)
    }

    fn remove(&mut self, id: InvitationId) -> Result<bool, StorageFault> {
        let removed = invitations::table.find(id.get());
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(|rows| rows > 0)
    }

    fn remove_of(&mut self, group: GroupId, user: UserId) -> Result<Option<InvitationId>, StorageFault> {
        let removed = invitations::table
            .filter(invitations::group_id.eq(group.get()))
            .filter(invitations::user_id.eq(user.get()));
        let removed = diesel::delete(removed).returning(invitations::id);
        let id = on_backend!(self, |connection| removed.get_result(connection).optional())?;
        Ok(id.map(InvitationId::new))
    }

    fn some_to(&mut self, group: GroupId, limit: i64) -> Result<Vec<(InvitationId, UserId)>, StorageFault> {
        let some = invitations::table
            .filter(invitations::group_id.eq(group.get()))
            .select((invitations::id, invitations::user_id))
            .order(invitations::id)
            .limit(limit);
        on_backend!(self, |connection| some.load(connection)).map(with_user)
    }

    fn some_with(&mut self, user: UserId, limit: i64) -> Result<Vec<(InvitationId, UserId)>, StorageFault> {
        let sent = invitations::user_id.eq(user.get()).or(invitations::invited_by.eq(user.get()));
        let some = invitations::table
            .filter(sent)
            .select((invitations::id, invitations::user_id))
            .order(invitations::id)
            .limit(limit);
        on_backend!(self, |connection| some.load(connection)).map(with_user)
    }
}
