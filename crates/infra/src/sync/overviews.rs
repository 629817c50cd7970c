//! Groups as lists of groups show them.

use diesel::prelude::*;
use groupchat_domain::accounts::UserRef;
use groupchat_domain::groups::GroupKind;
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::storage::{StorageFault, Tx as _};
use groupchat_domain::sync::{LatestMessage, OverviewQuery, OverviewRepository, StoredOverview};
use groupchat_domain::time::Timestamp;

use crate::accounts::repository::UserRefRow;
use crate::connection::on_backend;
use crate::groups::repository::{GroupRow, newest_message, with_standing};
use crate::messages::quotes::{QuotedRow, READ};
use crate::messages::unread_mentions::UnreadInGroup;
use crate::permissions::rows::StandingRow;
use crate::schema::{groups, memberships, messages, users};
use crate::sql::among;
use crate::sql::functions::{coalesce, substr};
use crate::tx::DbTx;

/// A group, how the viewer stands in it, how many unread messages mention the viewer, and the newest message: whose it is,
/// how its text begins, and when it was sent.
type OverviewRow =
    (GroupRow, StandingRow, i64, Option<QuotedRow>, Option<UserRefRow>, Option<String>, Option<i64>);

/// `None` for a group that the viewer is not in.
fn overview(
    (group, standing, unread_mentions, message, author, text, sent_at): OverviewRow,
) -> Option<StoredOverview> {
    let latest = message.zip(author).zip(sent_at).map(|((message, author), sent_at)| LatestMessage {
        message: message.into_quoted(author, text.as_deref()),
        created_at: Timestamp::from_micros(sent_at),
    });
    Some(StoredOverview { group: group.into(), standing: standing.0?, unread_mentions, latest })
}

impl OverviewRepository for DbTx<'_> {
    fn list(&mut self, query: &OverviewQuery) -> Result<Vec<StoredOverview>, StorageFault> {
        let (viewer, now) = (query.viewer.get(), self.now().as_micros());
        let rows: Vec<OverviewRow> = on_backend!(self, |connection| {
            let mut listed = with_standing(viewer, now)
                .left_join(messages::table.on(newest_message()))
                .left_join(users::table.on(users::id.eq(messages::author_id)))
                // Written as an equation, so that SQLite starts from the viewer's memberships, not from all groups.
                .filter(memberships::user_id.nullable().eq(viewer))
                .select((
                    GroupRow::as_select(),
                    StandingRow::as_select(),
                    UnreadInGroup,
                    Option::<QuotedRow>::as_select(),
                    Option::<UserRefRow>::as_select(),
                    substr(messages::text.nullable(), 1, READ),
                    messages::created_at.nullable(),
                ))
                .order((
                    coalesce(messages::created_at.nullable(), groups::created_at).desc(),
                    groups::id.desc(),
                ))
                .limit(query.limit)
                .into_boxed();
            if let Some(only) = &query.only {
                listed = listed.filter(among(groups::id, only.iter().map(|id| id.get())));
            }
            listed.load(connection)
        })?;
        Ok(rows.into_iter().filter_map(overview).collect())
    }

    fn direct(&mut self, user: UserId, limit: i64) -> Result<Vec<GroupId>, StorageFault> {
        let direct = memberships::table
            .inner_join(groups::table.on(groups::id.eq(memberships::group_id)))
            .filter(memberships::user_id.eq(user.get()))
            .filter(groups::kind.eq(GroupKind::Direct.as_str()))
            .filter(groups::deleted_at.is_null())
            .select(groups::id)
            .order(groups::id.desc())
            .limit(limit);
        let ids: Vec<i64> = on_backend!(self, |connection| direct.load(connection))?;
        Ok(ids.into_iter().map(GroupId::new).collect())
    }

    fn people(&mut self, user: UserId, groups: &[GroupId]) -> Result<Vec<(GroupId, UserRef)>, StorageFault> {
        let others = memberships::table
            .inner_join(users::table.on(users::id.eq(memberships::user_id)))
            .filter(among(memberships::group_id, groups.iter().map(|group| group.get())))
            .filter(memberships::user_id.ne(user.get()))
            .order((memberships::group_id, memberships::user_id));
        let rows: Vec<(i64, UserRefRow)> = on_backend!(self, |connection| others
            .select((memberships::group_id, UserRefRow::as_select()))
            .load(connection))?;
        Ok(rows.into_iter().map(|(group, user)| (GroupId::new(group), user.into())).collect())
    }
}
