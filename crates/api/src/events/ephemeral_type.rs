//! The types of ephemeral events, and their names.

/// The types of events that are not in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EphemeralType {
    /// A connection begins.
    Hello,
    /// Events before a cursor are no longer available.
    Gap,
    /// A heartbeat.
    Heartbeat,
    /// The server stops.
    Reconnect,
    /// The events end.
    End,
    /// The user has read further on one of their devices.
    ReadUpdated,
    /// A user is typing or has stopped.
    Typing,
    /// A user's presence has changed.
    Presence,
}

impl EphemeralType {
    /// Every type.
    pub(crate) const ALL: [Self; 8] = [
        Self::Hello,
        Self::Gap,
        Self::Heartbeat,
        Self::Reconnect,
        Self::End,
        Self::ReadUpdated,
        Self::Typing,
        Self::Presence,
    ];

    /// The stable name of the type, on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Gap => "gap",
            Self::Heartbeat => "heartbeat",
            Self::Reconnect => "reconnect",
            Self::End => "end",
            Self::ReadUpdated => "read.updated",
            Self::Typing => "typing",
            Self::Presence => "presence",
        }
    }
}
