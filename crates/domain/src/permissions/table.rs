//! What both tables of permissions have in common.

/// Makes the enumeration of a table's permissions. One row says everything about one:
///
/// ```text
/// /// What it allows, in a sentence or two.
/// Variant = bit, "name" from BuiltInRole, note, note;
/// ```
///
/// `Row`, where the macro is used, is made of the name, the summary and the role, where there is one. Each note is one of
/// its methods.
macro_rules! permissions {
    ($(#[$meta:meta])* $enum:ident {
        $($(#[doc = $doc:literal])+ $name:ident = $bit:literal, $word:literal $(from $least:ident)? $(, $note:ident)*;)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $enum {
            $($(#[doc = $doc])+ $name = $bit,)+
        }

        impl $enum {
            /// Every permission, in the order of the bits.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row::new($word, concat!($($doc),+) $(, BuiltInRole::$least)?)$(.$note())*,)+
                }
            }

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                self.row().name
            }

            /// The permission of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
            }

            /// What it allows, in a sentence or two.
            pub const fn summary(self) -> &'static str {
                self.row().summary.trim_ascii()
            }

            /// The number of its bit in a stored set.
            pub const fn bit(self) -> u8 {
                self as u8
            }
        }
    };
}

pub(super) use permissions;
