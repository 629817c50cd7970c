//! What the rows of the [table](super::table) expand to: the types [`Event`](super::Event) and
//! [`EventType`](super::EventType), and everything that differs between types.

macro_rules! events {
    ($(
        #[doc = $summary:literal]
        $name:ident($subject:ident) = $word:literal, to $audience:ident, by $actor:ident $(, $hidden:ident)?;
    )+) => {
        /// An event, with its subject in the state after the event. The log stores only the type and the ids, so that
        /// deleted text doesn't stay there. The subject saves a read for live delivery.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Event {
            $(#[doc = $summary] $name($subject),)+
            /// An event loaded from the log whose subject no longer exists. Its position is left, so that positions
            /// have no gaps, and the ids that it had. It is delivered to nobody, and no command emits it.
            Gone(EventType, SubjectIds),
        }

        /// The type of an event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventType {
            $(#[doc = $summary] $name,)+
        }

        impl EventType {
            /// Every type.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        name: $word,
                        summary: $summary,
                        subject: SubjectKind::$subject,
                        may_be_by_server: events!(@by $actor),
                        is_hidden: events!(@is $($hidden)?),
                    },)+
                }
            }

            /// The type that the log stores under this name, or `None` if this program doesn't know the name.
            pub fn from_stored(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// The event of this type about a subject, or `None` if the type has another kind of subject.
            pub fn about(self, subject: Subject) -> Option<Event> {
                match (self, subject) {
                    $((Self::$name, Subject::$subject(subject)) => Some(Event::$name(subject)),)+
                    (_, Subject::Gone) => Some(Event::Gone(self, SubjectIds::default())),
                    _ => None,
                }
            }

            /// Notes what has to be loaded to restore an event of this type whose subject has these ids.
            pub(super) fn look_up(self, ids: SubjectIds, lookup: &mut Lookup) -> Result<(), MissingId> {
                match self {
                    $(Self::$name => <$subject>::look_up(ids, lookup),)+
                }
            }

            /// Restores the event of this type whose subject has these ids, and which this audience may see.
            pub(super) fn restore(
                self,
                ids: SubjectIds,
                audience: Audience,
                found: &Found,
            ) -> Result<Event, MissingId> {
                let restored = match self {
                    $(Self::$name => <$subject>::restore(ids, audience, found)?.map(Event::$name),)+
                };
                Ok(restored.unwrap_or(Event::Gone(self, ids)))
            }
        }

        impl Event {
            /// The event's type.
            pub const fn event_type(&self) -> EventType {
                match self {
                    $(Self::$name(_) => EventType::$name,)+
                    Self::Gone(event_type, _) => *event_type,
                }
            }

            /// Who may see it, by the rule of its type. `None` if the subject is gone. Such an event must not be
            /// emitted.
            pub fn audience(&self) -> Option<Audience> {
                match self {
                    $(Self::$name(subject) => Some(audience::$audience(subject)),)+
                    Self::Gone(..) => None,
                }
            }

            /// Its subject.
            pub fn into_subject(self) -> Subject {
                match self {
                    $(Self::$name(subject) => Subject::$subject(subject),)+
                    Self::Gone(..) => Subject::Gone,
                }
            }

            fn about(&self) -> Option<&dyn About> {
                match self {
                    $(Self::$name(subject) => Some(subject),)+
                    Self::Gone(..) => None,
                }
            }
        }
    };
    (@by user) => { false };
    (@by user_or_server) => { true };
    (@is) => { false };
    (@is hidden) => { true };
}

pub(super) use events;
