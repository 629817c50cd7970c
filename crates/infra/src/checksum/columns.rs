//! Which columns of a row its checksum covers.
//!
//! **A new column** of these tables belongs to `covers` if [`MessageRepository`] or the log writes it together with the
//! rest of the row, and to `leaves_out`, with the reason, if other statements write it too. It must be nullable, and
//! NULL in all rows that are there already, or their checksums would be wrong. Columns are named in the input of the
//! checksum: none is ever renamed, moved to another place of its list, or removed while a row has a value in it.
//!
//! [`MessageRepository`]: groupchat_domain::messages::MessageRepository

use super::Input;
use crate::encoding::Encode;
use crate::rows;

macro_rules! covered {
    ($(
        $(#[$doc:meta])*
        $name:ident of $table:ident {
            covers: $($column:ident),+;
            leaves_out: $($left_out:ident ($why:literal)),+;
        }
    )+) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name<'a> {
                $(pub(crate) $column: &'a dyn Encode,)+
            }

            impl $name<'_> {
                /// The checksum of a row that has these values.
                pub(crate) fn checksum(&self) -> i64 {
                    let mut input = Input::new();
                    $(input.add(stringify!($column), self.$column);)+
                    input.checksum()
                }
            }

            impl<'a> From<&'a rows::$table::Row> for $name<'a> {
                fn from(row: &'a rows::$table::Row) -> Self {
                    Self { $($column: &row.$column,)+ }
                }
            }
        )+

        /// The tables, with the columns that are covered and those that are left out.
        #[cfg(test)]
        const LISTED: &[(&str, &[&str], &[&str])] =
            &[$((stringify!($table), &[$(stringify!($column)),+], &[$(stringify!($left_out)),+]),)+];
    };
}

covered! {
    /// What the checksum of a message covers.
    MessageColumns of messages {
        covers: group_id, seq, author_id, client_id, version, created_at, edited_at, deleted_at, text,
            pin_seq, pinned_at, pinned_by, reactions, thread_id;
        leaves_out:
            id ("the insert assigns it; the group and the number identify the message"),
            attachments ("the rows that it stands for show whether it is right"),
            root_seq ("the root shows whether it is right"),
            ordered_at ("the times of the messages before it show whether it is right"),
            likes ("the number of stored likes shows whether it is right"),
            checksum ("the checksum itself");
    }

    /// What the checksum of an event covers.
    EventColumns of events {
        covers: at, event_type, actor_id, audience, group_id, user_id, message_id, session_id, invitation_id, emoji;
        leaves_out:
            id ("on PostgreSQL the insert assigns it; a log without gaps shows whether it is right"),
            position ("the sequencer assigns it later; a log without gaps shows whether it is right"),
            checksum ("the checksum itself");
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema::for_each_table;

    macro_rules! columns {
        ($(
            $table:ident ($($key:ident),+) $($numbered:ident)? {
                $($(#[sql_name = $sql_name:tt])? $column:ident -> $type:ident $(<$inner:ident>)?,)+
            }
        )+) => {
            [$((stringify!($table), &[$(stringify!($column)),+][..]),)+]
        };
    }

    #[test]
    fn every_column_is_covered_or_left_out_for_a_reason() {
        let tables = for_each_table!(columns);
        for (table, covered, left_out) in LISTED {
            let (_, stored) = tables.iter().find(|(name, _)| name == table).unwrap();
            let stored: BTreeSet<_> = stored.iter().collect();
            let listed: BTreeSet<_> = covered.iter().chain(*left_out).collect();
            let missing: Vec<_> = stored.difference(&listed).collect();
            assert!(
                missing.is_empty(),
                "crates/infra/src/checksum/columns.rs says nothing about these columns of {table}: {missing:?}. \
                 Cover them, or leave them out and say why"
            );
            assert_eq!(covered.len() + left_out.len(), listed.len(), "a column of {table} is in both lists");
        }
    }

    fn message(text: &dyn Encode, pin: &dyn Encode, reactions: &dyn Encode) -> i64 {
        let null = &None::<i64>;
        MessageColumns {
            group_id: &1_i64,
            seq: &2_i64,
            author_id: &3_i64,
            client_id: &None::<String>,
            version: &1_i64,
            created_at: &4_i64,
            edited_at: null,
            deleted_at: null,
            text,
            pin_seq: pin,
            pinned_at: pin,
            pinned_by: pin,
            reactions,
            thread_id: null,
        }
        .checksum()
    }

    /// They are stored: a program that computes others takes every row for damaged.
    #[test]
    fn checksums_never_change() {
        assert_eq!(message(&"hello", &None::<i64>, &None::<String>), 3_879_110_176);
        assert_eq!(message(&Some("hello".to_owned()), &Some(7_i64), &None::<String>), 1_203_562_002);
        let event = EventColumns {
            at: &5_i64,
            event_type: &"message.created",
            actor_id: &Some(3_i64),
            audience: &"group",
            group_id: &Some(1_i64),
            user_id: &None::<i64>,
            message_id: &Some(9_i64),
            session_id: &None::<i64>,
            invitation_id: &None::<i64>,
            emoji: &None::<String>,
        };
        assert_eq!(event.checksum(), 3_031_393_029);
    }

    #[test]
    fn a_null_adds_nothing() {
        let (mut with, mut without) = (Input::new(), Input::new());
        with.add("first", &1_i64);
        with.add("added_later", &None::<i64>);
        without.add("first", &1_i64);
        assert_eq!(with.checksum(), without.checksum());
    }

    #[test]
    fn a_value_that_moves_to_another_column_is_noticed() {
        let pinned = |column: &str| {
            let mut input = Input::new();
            input.add(column, &Some(5_i64));
            input.checksum()
        };
        assert_ne!(pinned("edited_at"), pinned("deleted_at"));
    }
}
