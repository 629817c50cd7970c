//! The types of events and their names.

macro_rules! event_types {
    ($($name:ident = $word:literal,)+) => {
        /// The type of an event, without its entity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is the Event of the same name")]
        pub enum EventType {
            $($name,)+
        }

        impl EventType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable name of the type, on the wire and in the log.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// The type that the log stores under this name; `None` for a name that this program doesn't know.
            pub fn from_stored(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

event_types! {
    UserCreated = "user.created",
    UserUpdated = "user.updated",
    UserDeleted = "user.deleted",
    GroupCreated = "group.created",
    GroupUpdated = "group.updated",
    GroupDeleted = "group.deleted",
    MemberAdded = "member.added",
    MemberUpdated = "member.updated",
    MemberRemoved = "member.removed",
    MessageCreated = "message.created",
    MessageUpdated = "message.updated",
    MessageDeleted = "message.deleted",
    MessageLiked = "message.liked",
    MessageUnliked = "message.unliked",
    SessionsEnded = "sessions.ended",
}

impl EventType {
    /// Whether no client is told of it: the servers tell each other.
    pub const fn is_hidden(self) -> bool {
        matches!(self, Self::SessionsEnded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name() {
        for &event_type in EventType::ALL {
            assert_eq!(EventType::from_stored(event_type.as_str()), Some(event_type));
        }
    }

    #[test]
    fn other_names_stand_for_no_type() {
        for name in ["", "user", "user.", "User.Created", " user.created", "user.created ", "userXcreated"] {
            assert_eq!(EventType::from_stored(name), None, "{name:?}");
        }
    }
}
