//! What somebody has issued to let others into a group: loaded with the group, its maker, and the roles that decide whether
//! it still does.

use std::error::Error;

use diesel::deserialize;
use diesel::query_source::AliasedField;
use groupchat_domain::accounts::UserRef;
use groupchat_domain::groups::Group;
use groupchat_domain::permissions::{Role, RoleName};

use crate::accounts::acting::can_act;
use crate::accounts::repository::UserRefRow;
use crate::groups::repository::GroupRow;
use crate::permissions::rows::definition;
use crate::schema::{group_roles, users};

// Second names: `group_roles` is what is stored of the makers' roles.
diesel::alias! {
    pub(super) const MAKERS: Alias<Makers> = users as makers;
    pub(super) const GIFTS: Alias<Gifts> = group_roles as gifts;
}

can_act! {
    /// Whether the maker of a way into a group can act.
    MakerCanAct of AliasedField<Makers, users::id>, "makers"
}

/// Rank and permissions that a group stores of a role.
pub(super) type StoredRole = (Option<i64>, Option<i64>);

/// The group, its maker, whether the maker can act, the maker's role in the group, what is stored of that, and what is
/// stored of the role that it gives.
pub(super) type TermsRow = (GroupRow, UserRefRow, bool, Option<String>, StoredRole, StoredRole);

/// Rows of a table, which may be joined to others already, with their terms: those to groups that exist, each with the
/// group, who has made it, and what is stored of the role of each.
macro_rules! issued {
    ($from:expr, $table:ident, $maker:ident, $row:expr) => {
        $from
            .inner_join(groups::table.on(groups::id.eq($table::group_id)))
            .inner_join(MAKERS.on(MAKERS.field(users::id).eq($table::$maker)))
            .left_join(
                memberships::table.on(memberships::group_id
                    .eq($table::group_id)
                    .and(memberships::user_id.eq($table::$maker))),
            )
            .left_join(
                group_roles::table.on(group_roles::group_id
                    .eq($table::group_id)
                    .and(group_roles::name.eq(memberships::role))),
            )
            .left_join(
                GIFTS.on(GIFTS
                    .field(group_roles::group_id)
                    .eq($table::group_id)
                    .and(GIFTS.field(group_roles::name).eq($table::role))),
            )
            .filter(groups::deleted_at.is_null())
            .select((
                $row,
                (
                    GroupRow::as_select(),
                    MAKERS.fields((users::id, users::username, users::display_name)),
                    $crate::admissions::issued::MakerCanAct,
                    memberships::role.nullable(),
                    (group_roles::rank.nullable(), group_roles::permissions.nullable()),
                    (
                        GIFTS.field(group_roles::rank).nullable(),
                        GIFTS.field(group_roles::permissions).nullable(),
                    ),
                ),
            ))
    };
}

pub(super) use issued;

/// The terms of what gives this role: the group, its maker, and the roles of both, as far as there are any.
pub(super) struct Terms {
    pub(super) group: Group,
    pub(super) maker: UserRef,
    pub(super) issuer: Option<Role>,
    pub(super) gift: Option<Role>,
}

impl Terms {
    /// A role that can't be made of its row is a fault.
    pub(super) fn of(row: TermsRow, gift: &str) -> deserialize::Result<Self> {
        let (group, maker, can_act, issuer, issuer_stored, gift_stored) = row;
        let (group, maker) = (Group::from(group), UserRef::from(maker));
        let is_private = !group.visibility.is_listed();
        let resolve =
            |name: String, (rank, permissions): StoredRole| -> Result<_, Box<dyn Error + Send + Sync>> {
                let stored = rank.zip(permissions).map(definition).transpose()?;
                Ok(Role::resolve(RoleName::from_stored(name), stored, is_private))
            };
        // The membership of a deleted user ends a little later. That of a suspended one stays, but lets nobody in.
        let issuer = issuer.filter(|_| maker.username.is_some() && can_act);
        let issuer = issuer.map(|name| resolve(name, issuer_stored)).transpose()?.flatten();
        let gift = resolve(gift.to_owned(), gift_stored)?;
        Ok(Self { group, maker, issuer, gift })
    }
}
