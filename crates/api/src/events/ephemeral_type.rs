//! The table of ephemeral events: one row says everything about a type.

use super::shape::{Nullness, Shape, Transports};

/// Makes the enumeration of the types, and their list, of rows of the form
/// `Variant = "name.on.the.wire", shape;`.
macro_rules! ephemeral_events {
    ($($(#[$comment:meta])* $variant:ident = $name:literal, $shape:expr;)*) => {
        /// The types of events that are not in the log.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum EphemeralType {
            $($(#[$comment])* $variant,)*
        }

        impl EphemeralType {
            /// Every type.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable name of the type, on the wire.
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// What all events of the type have in common.
            pub(super) const fn shape(self) -> Shape {
                match self {
                    $(Self::$variant => $shape,)*
                }
            }
        }
    };
}

ephemeral_events! {
    /// A connection begins.
    Hello = "hello", Shape {
        // Null if a gap follows: a client that disconnects before it must not resume from a later position.
        cursor: Nullness::Either,
        ..Shape::ephemeral("The first event on a connection: the user and the starting position.", Some("Hello"))
    };
    /// Events before a cursor are no longer available.
    Gap = "gap", Shape {
        cursor: Nullness::Given,
        transports: Transports { socket: true, stream: true, poll: true },
        ..Shape::ephemeral("The events up to this cursor are no longer available: reload what you show.", None)
    };
    /// A heartbeat.
    Heartbeat = "heartbeat", Shape {
        cursor: Nullness::Given,
        ..Shape::ephemeral(
            "The connection is alive, and everything up to this cursor has been delivered.",
            None,
        )
    };
    /// The server stops.
    Reconnect = "reconnect", Shape {
        transports: Transports { socket: true, stream: false, poll: false },
        ..Shape::ephemeral("The connection is about to be closed: when to reconnect.", Some("ComeBack"))
    };
    /// The events end.
    End = "end", Shape {
        transports: Transports { socket: false, stream: true, poll: false },
        ..Shape::ephemeral("The last event on a stream: the reason why it ends.", Some("End"))
    };
    /// The user has marked messages as read or unread on one of their devices.
    ReadUpdated = "read.updated", Shape {
        group: Nullness::Given,
        ..Shape::ephemeral("You have marked messages as read or unread on one of your devices.", Some("ReadUpdate"))
    };
    /// The user has marked everything as read on one of their devices.
    AllRead = "read.all", Shape::ephemeral(
        "You have marked everything as read on one of your devices: the read states that have changed.",
        Some("AllRead"),
    );
    /// A user is typing or has stopped.
    Typing = "typing", Shape {
        group: Nullness::Given,
        ..Shape::ephemeral("A user is typing in a group, or has stopped.", Some("Typing"))
    };
    /// A user's presence has changed.
    Presence = "presence", Shape::ephemeral(
        "The presence of a user with whom you share a group has changed.",
        Some("Presence"),
    );
}
