//! The rows of every table, as both databases hold them.

use diesel::prelude::*;

use super::digest::Encode;
use crate::schema::{
    events, groups, jobs, known_networks, memberships, messages, name_state, reactions, renames, sessions,
    storage_probe, tickets, users,
};

/// Row types that name all columns of their table, in its order. A column that is missing here, or one too many,
/// does not compile where a page is read.
macro_rules! rows {
    ($($(#[$meta:meta])* $row:ident of $table:ident { $($column:ident: $type:ty,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Queryable, Insertable)]
        #[diesel(table_name = $table, treat_none_as_default_value = false)]
        pub(super) struct $row {
            $(pub(super) $column: $type,)+
        }

        impl Encode for $row {
            fn encode(&self, into: &mut Vec<u8>) {
                $(self.$column.encode(into);)+
            }
        }
    )+};
}

rows! {
    UserRow of users {
        id: i64,
        username: Option<String>,
        username_key: Option<String>,
        display_name: Option<String>,
        display_key: Option<String>,
        email: Option<String>,
        is_admin: bool,
        password_hash: Option<String>,
        version: i64,
        created_at: i64,
        deleted_at: Option<i64>,
        presence_hidden: bool,
    }

    SessionRow of sessions {
        id: i64,
        user_id: i64,
        kind: String,
        name: Option<String>,
        scopes: Option<String>,
        key_hash: Vec<u8>,
        created_at: i64,
        expires_at: i64,
        last_used_at: Option<i64>,
        user_agent: Option<String>,
        address: Option<String>,
    }

    KnownNetworkRow of known_networks {
        user_id: i64,
        network: String,
        last_used_at: i64,
    }

    TicketRow of tickets {
        id: i64,
        session_id: i64,
        hash: Vec<u8>,
        expires_at: i64,
    }

    GroupRow of groups {
        id: i64,
        name: String,
        name_key: String,
        description: Option<String>,
        visibility: String,
        version: i64,
        created_at: i64,
        deleted_at: Option<i64>,
        member_count: i64,
        last_seq: i64,
    }

    MembershipRow of memberships {
        group_id: i64,
        user_id: i64,
        role: String,
        read_seq: i64,
        joined_at: i64,
        since_event: i64,
        read_position: i64,
    }

    MessageRow of messages {
        id: i64,
        group_id: i64,
        seq: i64,
        author_id: i64,
        client_id: Option<String>,
        version: i64,
        created_at: i64,
        edited_at: Option<i64>,
        deleted_at: Option<i64>,
        likes: i64,
        text: Option<String>,
    }

    ReactionRow of reactions {
        message_id: i64,
        emoji: String,
        user_id: i64,
        created_at: i64,
    }

    JobRow of jobs {
        id: i64,
        kind: String,
        subject_id: i64,
        run_after: i64,
        created_at: i64,
    }

    EventRow of events {
        id: i64,
        at: i64,
        event_type: String,
        actor_id: Option<i64>,
        audience: String,
        group_id: Option<i64>,
        user_id: Option<i64>,
        message_id: Option<i64>,
        session_id: Option<i64>,
        position: Option<i64>,
    }

    ProbeRow of storage_probe {
        id: i64,
        at: i64,
    }

    NameStateRow of name_state {
        id: i64,
        renames: i64,
        folding: i64,
    }

    RenameRow of renames {
        id: i64,
        kind: String,
        subject_id: i64,
        old_key: String,
    }
}
