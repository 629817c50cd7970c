//! The tables, as the newest migration leaves them. Written by hand: STRICT tables have neither BOOLEAN nor
//! BIGINT, so what Diesel would print from them loses the types.

diesel::table! {
    users (id) {
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
    }
}

diesel::table! {
    sessions (id) {
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
    }
}

diesel::table! {
    known_networks (user_id, network) {
        user_id -> BigInt,
        network -> Text,
        last_used_at -> BigInt,
    }
}

diesel::table! {
    tickets (id) {
        id -> BigInt,
        session_id -> BigInt,
        hash -> Binary,
        expires_at -> BigInt,
    }
}

diesel::table! {
    groups (id) {
        id -> BigInt,
        name -> Text,
        name_key -> Text,
        description -> Nullable<Text>,
        visibility -> Text,
        version -> BigInt,
        created_at -> BigInt,
        deleted_at -> Nullable<BigInt>,
        member_count -> BigInt,
        last_seq -> BigInt,
    }
}

diesel::table! {
    memberships (group_id, user_id) {
        group_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        read_seq -> BigInt,
        joined_at -> BigInt,
        since_event -> BigInt,
        read_position -> BigInt,
    }
}

diesel::table! {
    messages (id) {
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
    }
}

diesel::table! {
    reactions (message_id, emoji, user_id) {
        message_id -> BigInt,
        emoji -> Text,
        user_id -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        subject_id -> BigInt,
        run_after -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    events (id) {
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
        position -> Nullable<BigInt>,
    }
}

diesel::table! {
    log_state (id) {
        id -> BigInt,
        epoch -> Text,
        lineage -> Nullable<Text>,
    }
}

diesel::table! {
    storage_probe (id) {
        id -> BigInt,
        at -> BigInt,
    }
}

diesel::table! {
    name_state (id) {
        id -> BigInt,
        renames -> BigInt,
        folding -> BigInt,
    }
}

diesel::table! {
    renames (id) {
        id -> BigInt,
        kind -> Text,
        subject_id -> BigInt,
        old_key -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    users,
    sessions,
    groups,
    memberships,
    messages,
    reactions,
    renames
);
// For the subqueries that look up the ends of the log.
diesel::allow_tables_to_appear_in_same_query!(log_state, events);
