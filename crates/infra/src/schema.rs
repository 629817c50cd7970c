//! The tables after the newest migration. This is the one list of their columns: the queries and `migrate-database`
//! follow from it. Written by hand: STRICT tables have neither BOOLEAN nor BIGINT, so the schema that Diesel would
//! print loses the types.

/// Hands every table that is copied from one database to another to a macro: its name, its primary key, whether it
/// gives out ids, and its columns. A row refers only to rows of its own table and of those above it.
macro_rules! for_each_table {
    ($then:ident) => {
        $then! {
            users (id) numbered {
                id -> BigInt,
                username -> Nullable<Text>,
                username_key -> Nullable<Text>,
                display_name -> Nullable<Text>,
                display_key -> Nullable<Text>,
                email -> Nullable<Text>,
                is_admin -> Bool,
                password_hash -> Nullable<Text>,
                version -> BigInt,
                created_at -> BigInt,
                deleted_at -> Nullable<BigInt>,
                presence_hidden -> Bool,
                receipts_hidden -> Bool,
                suspended -> Bool,
                must_change_password -> Bool,
                owner_id -> Nullable<BigInt>,
            }

            sessions (id) numbered {
                id -> BigInt,
                user_id -> BigInt,
                kind -> Text,
                name -> Nullable<Text>,
                scopes -> Nullable<Text>,
                key_hash -> Binary,
                created_at -> BigInt,
                expires_at -> BigInt,
                last_used_at -> Nullable<BigInt>,
                user_agent -> Nullable<Text>,
                address -> Nullable<Text>,
                key_expires_at -> Nullable<BigInt>,
                key_previous -> Nullable<Binary>,
                key_previous_until -> Nullable<BigInt>,
                refresh_selector -> Nullable<Binary>,
                refresh_hash -> Nullable<Binary>,
                refresh_ends_at -> Nullable<BigInt>,
                refresh_previous -> Nullable<Binary>,
                refresh_salt -> Nullable<Binary>,
                rotated_at -> Nullable<BigInt>,
                group_ids -> Nullable<Text>,
            }

            tickets (id) numbered {
                id -> BigInt,
                session_id -> BigInt,
                hash -> Binary,
                expires_at -> BigInt,
            }

            known_networks (user_id, network) {
                user_id -> BigInt,
                network -> Text,
                last_used_at -> BigInt,
            }

            known_devices (hash) {
                hash -> Binary,
                user_id -> BigInt,
                last_used_at -> BigInt,
            }

            totp (user_id) {
                user_id -> BigInt,
                secret -> Binary,
                key_id -> BigInt,
                created_at -> BigInt,
                confirmed_at -> Nullable<BigInt>,
                used_steps -> Binary,
            }

            recovery_codes (user_id, hash) {
                user_id -> BigInt,
                hash -> Binary,
            }

            passkeys (id) numbered {
                id -> BigInt,
                user_id -> BigInt,
                credential_id -> Binary,
                record -> Text,
                name -> Text,
                used -> Binary,
                created_at -> BigInt,
                last_used_at -> Nullable<BigInt>,
                host -> Nullable<Text>,
            }

            half_logins (id) numbered {
                id -> BigInt,
                hash -> Binary,
                user_id -> BigInt,
                proven -> Text,
                refresh -> Bool,
                device_name -> Nullable<Text>,
                failures -> BigInt,
                expires_at -> BigInt,
            }

            password_resets (id) numbered {
                id -> BigInt,
                user_id -> BigInt,
                hash -> Binary,
                state -> Binary,
                created_at -> BigInt,
                expires_at -> BigInt,
                used_at -> Nullable<BigInt>,
            }

            pending_accounts (id) numbered {
                id -> BigInt,
                code_hash -> Binary,
                username -> Text,
                display_name -> Nullable<Text>,
                email -> Text,
                password_hash -> Text,
                created_at -> BigInt,
                expires_at -> BigInt,
            }

            server_roles (id) numbered {
                id -> BigInt,
                name -> Text,
                permissions -> BigInt,
            }

            user_roles (user_id, role_id) {
                user_id -> BigInt,
                role_id -> BigInt,
            }

            blocks (user_id, blocked_id) {
                user_id -> BigInt,
                blocked_id -> BigInt,
                created_at -> BigInt,
            }

            groups (id) numbered {
                id -> BigInt,
                name -> Nullable<Text>,
                name_key -> Nullable<Text>,
                description -> Nullable<Text>,
                visibility -> Text,
                version -> BigInt,
                created_at -> BigInt,
                deleted_at -> Nullable<BigInt>,
                member_count -> BigInt,
                last_seq -> BigInt,
                history -> Text,
                kind -> Text,
                topic -> Nullable<Text>,
                slow_mode_seconds -> BigInt,
                archived_at -> Nullable<BigInt>,
                direct_key -> Nullable<Text>,
                receipts -> Nullable<Bool>,
                first_read_version -> BigInt,
                retention_days -> Nullable<BigInt>,
                trimmed_seq -> BigInt,
                trimmed_id -> BigInt,
                kept_count -> BigInt,
                hidden_from -> Nullable<BigInt>,
                hidden_to -> Nullable<BigInt>,
            }

            group_roles (group_id, name) {
                group_id -> BigInt,
                name -> Text,
                rank -> BigInt,
                permissions -> BigInt,
            }

            author_runs (group_id, author_id, root_seq, first_seq) {
                group_id -> BigInt,
                author_id -> BigInt,
                root_seq -> BigInt,
                first_seq -> BigInt,
                seqs -> Text,
            }

            memberships (group_id, user_id) {
                group_id -> BigInt,
                user_id -> BigInt,
                role -> Text,
                read_seq -> BigInt,
                joined_at -> BigInt,
                since_event -> BigInt,
                read_position -> BigInt,
                joined_seq -> BigInt,
                notify -> Text,
                pinned -> Bool,
                hidden -> Bool,
                last_sent_at -> Nullable<BigInt>,
                as_admin -> Bool,
                has_ended -> Bool,
                read_version -> BigInt,
                recent_seqs -> Nullable<Text>,
            }

            group_bans (group_id, user_id) {
                group_id -> BigInt,
                user_id -> BigInt,
                reason -> Nullable<Text>,
                until -> Nullable<BigInt>,
                banned_by -> BigInt,
                created_at -> BigInt,
                terms_at -> BigInt,
            }

            invitations (id) numbered {
                id -> BigInt,
                group_id -> BigInt,
                user_id -> BigInt,
                invited_by -> BigInt,
                role -> Text,
                note -> Nullable<Text>,
                created_at -> BigInt,
                expires_at -> Nullable<BigInt>,
            }

            invite_links (id) numbered {
                id -> BigInt,
                group_id -> BigInt,
                created_by -> BigInt,
                code_hash -> Binary,
                role -> Text,
                note -> Nullable<Text>,
                max_uses -> Nullable<BigInt>,
                uses -> BigInt,
                created_at -> BigInt,
                expires_at -> BigInt,
            }

            server_invites (id) numbered {
                id -> BigInt,
                created_by -> BigInt,
                code_hash -> Binary,
                group_ids -> Text,
                note -> Nullable<Text>,
                max_uses -> Nullable<BigInt>,
                uses -> BigInt,
                created_at -> BigInt,
                expires_at -> BigInt,
            }

            join_requests (group_id, user_id) {
                group_id -> BigInt,
                user_id -> BigInt,
                message -> Nullable<Text>,
                created_at -> BigInt,
            }

            group_mutes (group_id, user_id) {
                group_id -> BigInt,
                user_id -> BigInt,
                reason -> Nullable<Text>,
                until -> BigInt,
            }

            messages (id) numbered {
                id -> BigInt,
                group_id -> BigInt,
                seq -> BigInt,
                author_id -> BigInt,
                client_id -> Nullable<Text>,
                version -> BigInt,
                created_at -> BigInt,
                edited_at -> Nullable<BigInt>,
                deleted_at -> Nullable<BigInt>,
                likes -> BigInt,
                text -> Nullable<Text>,
                pin_seq -> Nullable<BigInt>,
                pinned_at -> Nullable<BigInt>,
                pinned_by -> Nullable<BigInt>,
                checksum -> Nullable<BigInt>,
                reactions -> Nullable<Text>,
                thread_id -> Nullable<BigInt>,
                root_seq -> BigInt,
                attachments -> BigInt,
                ordered_at -> Nullable<BigInt>,
            }

            threads (root_id) {
                root_id -> BigInt,
                group_id -> BigInt,
                root_seq -> BigInt,
                reply_count -> BigInt,
                last_seq -> BigInt,
                last_reply_id -> BigInt,
                last_reply_at -> BigInt,
            }

            message_quotes (message_id) {
                message_id -> BigInt,
                quoted_id -> BigInt,
            }

            thread_members (root_id, user_id) {
                root_id -> BigInt,
                user_id -> BigInt,
                following -> Bool,
                read_seq -> BigInt,
                place -> Nullable<BigInt>,
                seen_reply_id -> BigInt,
                read_position -> Nullable<BigInt>,
                read_version -> BigInt,
            }

            message_edits (message_id, version) {
                message_id -> BigInt,
                version -> BigInt,
                text -> Text,
                written_at -> BigInt,
            }

            reactions (message_id, emoji, user_id) {
                message_id -> BigInt,
                emoji -> Text,
                user_id -> BigInt,
                created_at -> BigInt,
            }

            polls (message_id) {
                message_id -> BigInt,
                options -> Text,
                counts -> Text,
                max_choices -> BigInt,
                results -> Text,
                options_by -> Text,
                closes_at -> Nullable<BigInt>,
                closed_at -> Nullable<BigInt>,
                voters -> BigInt,
                told_at -> Nullable<BigInt>,
                is_untold -> Bool,
                due_at -> Nullable<BigInt>,
                key_id -> Nullable<BigInt>,
                secret -> Nullable<Binary>,
                first_voters -> Nullable<Text>,
            }

            poll_ballots (message_id, user_id) {
                message_id -> BigInt,
                user_id -> BigInt,
                choices -> BigInt,
            }

            secret_ballots (message_id, voter) {
                message_id -> BigInt,
                voter -> Binary,
                choices -> BigInt,
            }

            mentions (message_id, user_id) {
                message_id -> BigInt,
                user_id -> BigInt,
                group_id -> BigInt,
                thread_id -> Nullable<BigInt>,
                root_seq -> BigInt,
                seq -> BigInt,
                is_named -> Bool,
                is_told -> Bool,
                author_id -> BigInt,
            }

            group_mentions (message_id) {
                message_id -> BigInt,
                group_id -> BigInt,
                thread_id -> Nullable<BigInt>,
                root_seq -> BigInt,
                seq -> BigInt,
                author_id -> BigInt,
            }

            drafts (user_id, group_id, root_id) {
                user_id -> BigInt,
                group_id -> BigInt,
                root_id -> BigInt,
                text -> Text,
                version -> BigInt,
                updated_at -> BigInt,
            }

            bookmarks (user_id, message_id) {
                user_id -> BigInt,
                message_id -> BigInt,
                place -> BigInt,
                note -> Nullable<Text>,
                created_at -> BigInt,
            }

            reminders (user_id, message_id) {
                user_id -> BigInt,
                message_id -> BigInt,
                remind_at -> BigInt,
                due_at -> BigInt,
                is_due -> Bool,
                created_at -> BigInt,
            }

            scheduled_messages (id) numbered {
                id -> BigInt,
                user_id -> BigInt,
                group_id -> BigInt,
                token_id -> Nullable<BigInt>,
                client_id -> Nullable<Text>,
                document -> Text,
                send_at -> BigInt,
                due_at -> BigInt,
                created_at -> BigInt,
                failed_code -> Nullable<Text>,
                failed_detail -> Nullable<Text>,
                failed_at -> Nullable<BigInt>,
            }

            jobs (id) numbered {
                id -> BigInt,
                kind -> Text,
                subject_id -> BigInt,
                run_after -> BigInt,
                created_at -> BigInt,
            }

            events (id) numbered {
                position -> Nullable<BigInt>,
                id -> BigInt,
                at -> BigInt,
                #[sql_name = "type"]
                event_type -> Text,
                actor_id -> Nullable<BigInt>,
                audience -> Text,
                group_id -> Nullable<BigInt>,
                user_id -> Nullable<BigInt>,
                message_id -> Nullable<BigInt>,
                session_id -> Nullable<BigInt>,
                checksum -> Nullable<BigInt>,
                invitation_id -> Nullable<BigInt>,
                emoji -> Nullable<Text>,
            }

            audit_log (seq) {
                seq -> BigInt,
                at -> BigInt,
                action -> Text,
                outcome -> Text,
                party -> Text,
                actor_id -> Nullable<BigInt>,
                session_id -> Nullable<BigInt>,
                target_id -> Nullable<BigInt>,
                group_id -> Nullable<BigInt>,
                object_id -> Nullable<BigInt>,
                detail -> Nullable<Text>,
                address -> Nullable<Text>,
                user_agent -> Nullable<Text>,
                hash -> Binary,
            }

            audit_state (id) {
                id -> BigInt,
                newest -> BigInt,
                newest_hash -> Binary,
                pruned -> BigInt,
                pruned_hash -> Binary,
            }

            known_settings (name) {
                name -> Text,
                digest -> Text,
            }

            storage_probe (id) {
                id -> BigInt,
                at -> BigInt,
            }

            name_state (id) {
                id -> BigInt,
                renames -> BigInt,
                folding -> BigInt,
            }

            renames (id) {
                id -> BigInt,
                kind -> Text,
                subject_id -> BigInt,
                old_key -> Text,
            }
        }
    };
}

pub(crate) use for_each_table;

macro_rules! define_tables {
    ($(
        $table:ident ($($key:ident),+) $($numbered:ident)? {
            $($(#[sql_name = $sql_name:tt])? $column:ident -> $type:ident $(<$inner:ident>)?,)+
        }
    )+) => {$(
        diesel::table! {
            $table ($($key),+) {
                $($(#[sql_name = $sql_name])? $column -> $type $(<$inner>)?,)+
            }
        }
    )+};
}

for_each_table!(define_tables);

// Never copied: the log of a copy gets an epoch of its own.
diesel::table! {
    log_state (id) {
        id -> BigInt,
        epoch -> Text,
        lineage -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    users,
    sessions,
    server_roles,
    user_roles,
    blocks,
    groups,
    group_roles,
    memberships,
    group_bans,
    invitations,
    invite_links,
    server_invites,
    join_requests,
    group_mutes,
    messages,
    threads,
    thread_members,
    message_edits,
    message_quotes,
    reactions,
    polls,
    poll_ballots,
    mentions,
    group_mentions,
    bookmarks,
    reminders,
    renames
);
// For the subqueries that look up the ends of the log.
diesel::allow_tables_to_appear_in_same_query!(log_state, events);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use diesel::Column as _;
    use diesel::prelude::*;
    use diesel::sql_types::Text;
    use diesel_migrations::MigrationHarness;

    use crate::sqlite::migrate::MIGRATIONS;

    /// The columns of the tables above, but for those of the log's state, as `table.column`.
    macro_rules! columns {
        ($(
            $table:ident ($($key:ident),+) $($numbered:ident)? {
                $($(#[sql_name = $sql_name:tt])? $column:ident -> $type:ident $(<$inner:ident>)?,)+
            }
        )+) => {
            BTreeSet::from([$($((stringify!($table), crate::schema::$table::$column::NAME),)+)+])
        };
    }

    #[derive(QueryableByName)]
    struct Migrated {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        column_name: String,
    }

    #[test]
    fn every_column_of_the_migrations_is_here() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        let found: Vec<Migrated> = diesel::sql_query(
            "SELECT tables.name AS table_name, columns.name AS column_name \
             FROM sqlite_schema AS tables, pragma_table_xinfo(tables.name) AS columns WHERE tables.type = 'table' \
             AND tables.name NOT IN ('sqlite_sequence', '__diesel_schema_migrations', 'log_state')",
        )
        .load(&mut connection)
        .unwrap();
        let migrated: BTreeSet<_> =
            found.iter().map(|column| (column.table_name.as_str(), column.column_name.as_str())).collect();
        let here = for_each_table!(columns);
        let without = |set: &BTreeSet<(&str, &str)>, other| -> Vec<String> {
            set.difference(other).map(|(table, column)| format!("{table}.{column}")).collect()
        };
        let lacking = without(&migrated, &here);
        assert!(lacking.is_empty(), "crates/infra/src/schema.rs lacks: {}", lacking.join(", "));
        let unknown = without(&here, &migrated);
        assert!(unknown.is_empty(), "migrations/sqlite lacks: {}", unknown.join(", "));
    }
}
