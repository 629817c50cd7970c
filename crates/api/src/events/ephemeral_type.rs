//! The types of ephemeral events, and their names.

/// What a listener is told besides the events of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EphemeralType {
    /// A connection begins.
    Hello,
    /// Events before a cursor can't be had any more.
    Gap,
    /// A connection lives.
    Heartbeat,
    /// The server stops.
    Reconnect,
    /// The events end.
    End,
    /// One has read further, on whichever device.
    ReadUpdated,
    /// Somebody types.
    Typing,
    /// Somebody comes, goes or turns away.
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
