//! Invitations.

use diesel::deserialize;
use diesel::prelude::*;
use groupchat_domain::admissions::{
    Counted, Invitation, InvitationQuery, InvitationRepository, Invitations, IssuedInvitation, NewInvitation,
    Note, SentInvitation,
};
use groupchat_domain::ids::{GroupId, InvitationId, UserId};
use groupchat_domain::permissions::RoleName;
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use super::issued::{GIFTS, MAKERS, Terms, TermsRow, issued};
use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::groups::repository::GroupRow;
use crate::schema::{group_roles, groups, invitations, memberships, users};
use crate::tx::DbTx;

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations)]
struct InvitationRow {
    #[diesel(embed)]
    user: UserRefRow,
    id: i64,
    role: String,
    note: Option<String>,
    created_at: i64,
    expires_at: Option<i64>,
}

type Row = (InvitationRow, TermsRow);

/// Invitations to groups that exist, each with who is invited and its terms.
macro_rules! invited {
    () => {
        issued!(
            invitations::table.inner_join(users::table.on(users::id.eq(invitations::user_id))),
            invitations,
            invited_by,
            InvitationRow::as_select()
        )
    };
}

/// What is loaded, as an invitation.
fn invitation((row, terms): Row) -> deserialize::Result<IssuedInvitation> {
    let Terms { group, maker, issuer, gift } = Terms::of(terms, &row.role)?;
    let invitation = Invitation {
        id: InvitationId::new(row.id),
        group: (&group).into(),
        user: row.user.into(),
        invited_by: maker,
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

/// Those that a user was sent or has made.
#[diesel::dsl::auto_type(no_type_alias)]
fn is_with(user: UserId) -> _ {
    let user: i64 = user.get();
    invitations::user_id.eq(user).or(invitations::invited_by.eq(user))
}

type SentRow = (i64, i64, i64);

/// The columns of a [`SentRow`].
const SENT: (invitations::id, invitations::user_id, invitations::invited_by) =
    (invitations::id, invitations::user_id, invitations::invited_by);

const fn sent((id, user, inviter): SentRow) -> SentInvitation {
    let (user, invited_by) = (UserId::new(user), UserId::new(inviter));
    SentInvitation { id: InvitationId::new(id), user, invited_by }
}

fn all_sent(rows: Vec<SentRow>) -> Vec<SentInvitation> {
    rows.into_iter().map(sent).collect()
}

impl InvitationRepository for DbTx<'_> {
    fn find(&mut self, id: InvitationId) -> Result<Option<IssuedInvitation>, StorageFault> {
        self.find_many(&[id]).map(|mut found| found.pop())
    }

    fn find_of(&mut self, group: GroupId, user: UserId) -> Result<Option<IssuedInvitation>, StorageFault> {
        let found = on_backend!(self, |connection| invited!()
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
        on_backend!(self, |connection| invited!()
            .filter(invitations::id.eq_any(ids))
            .load(connection)
            .and_then(all))
    }

    fn list(&mut self, query: &InvitationQuery) -> Result<Vec<IssuedInvitation>, StorageFault> {
        on_backend!(self, |connection| {
            let listed = invited!()
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

    fn remove_with(&mut self, id: InvitationId, user: UserId) -> Result<bool, StorageFault> {
        let removed = invitations::table.find(id.get()).filter(is_with(user));
        on_backend!(self, |connection| diesel::delete(removed).execute(connection)).map(|rows| rows > 0)
    }

    fn remove_by(&mut self, group: GroupId, inviter: UserId) -> Result<Vec<SentInvitation>, StorageFault> {
        let removed = invitations::table
            .filter(invitations::group_id.eq(group.get()))
            .filter(invitations::invited_by.eq(inviter.get()));
        let removed = diesel::delete(removed).returning(SENT);
        let mut removed = on_backend!(self, |connection| removed.get_results(connection)).map(all_sent)?;
        removed.sort_unstable();
        Ok(removed)
    }

    fn remove_of(&mut self, group: GroupId, user: UserId) -> Result<Option<SentInvitation>, StorageFault> {
        let removed = invitations::table
            .filter(invitations::group_id.eq(group.get()))
            .filter(invitations::user_id.eq(user.get()));
        let removed = diesel::delete(removed).returning(SENT);
        let removed = on_backend!(self, |connection| removed.get_result(connection).optional())?;
        Ok(removed.map(sent))
    }

    fn some_to(&mut self, group: GroupId, limit: i64) -> Result<Vec<SentInvitation>, StorageFault> {
        let some = invitations::table
            .filter(invitations::group_id.eq(group.get()))
            .select(SENT)
            .order(invitations::id)
            .limit(limit);
        on_backend!(self, |connection| some.load(connection)).map(all_sent)
    }

    fn some_with(&mut self, user: UserId, limit: i64) -> Result<Vec<SentInvitation>, StorageFault> {
        let some = invitations::table.filter(is_with(user)).select(SENT).order(invitations::id).limit(limit);
        on_backend!(self, |connection| some.load(connection)).map(all_sent)
    }
}
