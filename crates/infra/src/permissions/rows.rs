//! Roles as they are stored: the name with the member, and in `group_roles` what the group has defined or changed. A
//! role that can't be made of these is a fault, never a default.

use std::error::Error;

use diesel::backend::Backend;
use diesel::deserialize::{self, FromStaticSqlRow};
use diesel::dsl::Nullable;
use diesel::prelude::*;
use groupchat_domain::groups::{MemberSettings, Mute, Standing, Visibility};
use groupchat_domain::ids::{Seq, Version};
use groupchat_domain::permissions::{PermissionSet, Rank, Role, RoleDefinition, RoleName, RoleTitle};
use groupchat_domain::storage::StorageFault;
use groupchat_domain::time::Timestamp;

use crate::groups::mutes;
use crate::permissions::closed::IsClosed;
use crate::schema::{group_mutes, group_roles, groups, memberships};
use crate::sql::stored::{StoredNotify, StoredVisibility};

/// Declares a row that is read from these columns, which are checked and put together by a function.
macro_rules! checked_row {
    ($(#[$attribute:meta])* $row:ident($value:ty) = $make:ident($($column:expr, $sql:ty => $type:ty;)+)) => {
        $(#[$attribute])*
        pub(crate) struct $row(pub(crate) $value);

        impl<DB: Backend> Selectable<DB> for $row {
            type SelectExpression = ($($sql,)+);

            fn construct_selection() -> Self::SelectExpression {
                ($($column,)+)
            }
        }

        impl<ST, DB: Backend> Queryable<ST, DB> for $row
        where
            ($($type,)+): FromStaticSqlRow<ST, DB>,
        {
            type Row = ($($type,)+);

            fn build(columns: Self::Row) -> deserialize::Result<Self> {
                $make(columns).map(Self)
            }
        }
    };
}

checked_row! {
    /// The viewer's standing in a group; `None` for others than members.
    StandingRow(Option<Standing>) = standing(
        groups::visibility, groups::visibility => StoredVisibility;
        memberships::role.nullable(), Nullable<memberships::role> => Option<String>;
        memberships::read_seq.nullable(), Nullable<memberships::read_seq> => Option<i64>;
        memberships::read_version.nullable(), Nullable<memberships::read_version> => Option<i64>;
        memberships::joined_seq.nullable(), Nullable<memberships::joined_seq> => Option<i64>;
        group_roles::rank.nullable(), Nullable<group_roles::rank> => Option<i64>;
        group_roles::permissions.nullable(), Nullable<group_roles::permissions> => Option<i64>;
        memberships::notify.nullable(), Nullable<memberships::notify> => Option<StoredNotify>;
        memberships::pinned.nullable(), Nullable<memberships::pinned> => Option<bool>;
        memberships::hidden.nullable(), Nullable<memberships::hidden> => Option<bool>;
        memberships::joined_at.nullable(), Nullable<memberships::joined_at> => Option<i64>;
        memberships::last_sent_at.nullable(), Nullable<memberships::last_sent_at> => Option<i64>;
        IsClosed, IsClosed => bool;
        group_mutes::until.nullable(), Nullable<group_mutes::until> => Option<i64>;
    )
}

checked_row! {
    /// A member's mute.
    MuteRow(Option<Mute>) = mute(
        group_mutes::until.nullable(), Nullable<group_mutes::until> => Option<i64>;
        group_mutes::reason.nullable(), Nullable<group_mutes::reason> => Option<String>;
    )
}

checked_row! {
    /// Name and rank of a member's role.
    TitleRow(RoleTitle) = title(
        memberships::role, memberships::role => String;
        group_roles::rank.nullable(), Nullable<group_roles::rank> => Option<i64>;
    )
}

checked_row! {
    /// What a row of `group_roles` says.
    DefinitionRow(RoleDefinition) = definition(
        group_roles::rank, group_roles::rank => i64;
        group_roles::permissions, group_roles::permissions => i64;
    )
}

type StandingColumns = (
    StoredVisibility,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<StoredNotify>,
    Option<bool>,
    Option<bool>,
    Option<i64>,
    Option<i64>,
    bool,
    Option<i64>,
);

fn standing(columns: StandingColumns) -> deserialize::Result<Option<Standing>> {
    let (
        visibility,
        name,
        read_seq,
        read_version,
        joined_seq,
        rank,
        permissions,
        notify,
        pinned,
        hidden,
        joined_at,
        last_sent_at,
        is_closed,
        muted_until,
    ) = columns;
    // All of them, or none.
    let membership = move || {
        let cursor = (read_seq?, read_version?);
        Some((name?, cursor, joined_seq?, joined_at?, notify?, pinned?, hidden?))
    };
    let Some((name, (read_seq, read_version), joined_seq, joined_at, notify, pinned, hidden)) = membership()
    else {
        return Ok(None);
    };
    let stored = rank.zip(permissions).map(definition).transpose()?;
    let role = Role::resolve(RoleName::from_stored(name), stored, !visibility.0.is_listed());
    Ok(Some(Standing {
        role: role.ok_or("a member has a role that the group doesn't have")?,
        read_seq: Seq::new(read_seq),
        read_version: Version::new(read_version),
        joined_seq: Seq::new(joined_seq),
        settings: MemberSettings { notify: notify.0, pinned, hidden },
        last_sent_at: Timestamp::from_micros(last_sent_at.unwrap_or(joined_at)),
        is_closed,
        muted_until: muted_until.map(Timestamp::from_micros),
    }))
}

/// A member's role, and what the group stores about it; by the columns of a join.
pub(crate) fn member_role(
    (name, rank, permissions): (String, Option<i64>, Option<i64>),
    visibility: Visibility,
) -> Result<Role, StorageFault> {
    let fault = |reason: String| StorageFault::Internal { reason };
    let stored =
        rank.zip(permissions).map(definition).transpose().map_err(|error| fault(error.to_string()))?;
    let role = Role::resolve(RoleName::from_stored(name), stored, !visibility.is_listed());
    role.ok_or_else(|| fault("a member has a role that the group doesn't have".to_owned()))
}

#[allow(clippy::unnecessary_wraps, reason = "other rows can be wrong")]
fn mute((until, reason): (Option<i64>, Option<String>)) -> deserialize::Result<Option<Mute>> {
    Ok(until.map(|until| mutes::mute(until, reason)))
}

fn title((name, rank): (String, Option<i64>)) -> deserialize::Result<RoleTitle> {
    let rank = rank.map(stored_rank).transpose()?;
    let title = RoleTitle::resolve(RoleName::from_stored(name), rank);
    Ok(title.ok_or("a member has a role that the group doesn't have")?)
}

/// What these columns of a row of `group_roles` say.
pub(crate) fn definition((rank, permissions): (i64, i64)) -> deserialize::Result<RoleDefinition> {
    let permissions = PermissionSet::from_stored(permissions).ok_or("a role has an unknown permission")?;
    Ok(RoleDefinition { rank: stored_rank(rank)?, permissions })
}

fn stored_rank(rank: i64) -> Result<Rank, Box<dyn Error + Send + Sync>> {
    Rank::from_stored(rank).ok_or_else(|| "a role has an impossible rank".into())
}
