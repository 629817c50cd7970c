//! What the table of commands becomes: the type of commands, how each is drawn, and how it is run.

/// Declares the commands. One entry says everything about one:
///
/// ```text
/// /// What it does.
/// 20 write Send[messages::send](group: AGroup, text: AText)
///     |tx, actor| messages::send(tx, actor, &MessageDraft { group, … });
/// ```
///
/// - How often it is drawn, compared with the others.
/// - How it runs: `write` and `read` as the holder of a key, in a transaction; `system` and `system_read` as the server
///   itself; `flow` is async over the [`Ports`](crate::commands::Ports).
/// - The use cases that it covers.
/// - Its arguments, each with its type, which says how it is drawn and what it stands for.
/// - The body, in which the arguments are values of the domain. It may run more than once. What it returns is an
///   [`Answer`](crate::commands::Answer).
macro_rules! commands {
    ($(
        $(#[$doc:meta])*
        $weight:literal $how:ident $name:ident [$($use_case:path),+] ($($argument:ident: $type:ty),* $(,)?)
            |$($parameter:ident),+| $body:expr;
    )+) => {
        /// A command of a client, or of the server.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Command {
            $($(#[$doc])* $name { $(#[doc = "See its type."] $argument: $type,)* },)+
        }

        impl Command {
            /// The use cases of the domain that commands cover.
            pub const USE_CASES: &[&str] = &[$($(stringify!($use_case),)+)+];

            /// The names of all commands.
            pub const NAMES: &[&str] = &[$(stringify!($name),)+];

            /// The command's name.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)+
                }
            }

            /// The command as it is written in Rust.
            pub fn in_rust(&self) -> String {
                let written = format!("Command::{self:?}");
                if written.ends_with('}') { written } else { written + " {}" }
            }

            /// Throws the dice for a command, from what clients know.
            pub fn draw(dice: &mut Dice, known: &Known) -> Self {
                const TOTAL: usize = 0 $(+ $weight)+;
                let mut drawn = dice.below(TOTAL);
                $(
                    if drawn < $weight {
                        return Self::$name { $($argument: Argument::draw(dice, known),)* };
                    }
                    drawn -= $weight;
                )+
                unreachable!("{drawn} is beyond the last command")
            }

            /// Runs the command; what it answers, in the backend's ids.
            ///
            /// # Errors
            /// What it refuses, or a fault.
            pub async fn run(self, ports: &Ports<'_>) -> Result<Answer, Error> {
                match self {
                    $(Self::$name { $($argument,)* } => {
                        $(let $argument = Argument::on($argument, ports.ids);)*
                        commands!(@$how ports, |$($parameter),+| $body)
                    })+
                }
            }
        }
    };
    (@write $ports:ident, |$tx:ident, $actor:ident| $body:expr) => {{
        let work = move |$tx: &mut dyn Tx, $actor: &Actor| Ok(Answer::from($body?));
        $ports.storage.write_as($ports.who, work).await
    }};
    (@read $ports:ident, |$tx:ident, $actor:ident| $body:expr) => {{
        let work = move |$tx: &mut dyn Tx, $actor: &Actor| Ok(Answer::from($body?));
        $ports.storage.read_as($ports.who, work).await
    }};
    (@system $ports:ident, |$tx:ident| $body:expr) => {{
        let access = Access { mode: Mode::Write, caller: Caller::System };
        $ports.storage.run(access, move |$tx: &mut dyn Tx| Ok(Answer::from($body?))).await
    }};
    (@system_read $ports:ident, |$tx:ident| $body:expr) => {{
        let access = Access { mode: Mode::Read, caller: Caller::System };
        $ports.storage.run(access, move |$tx: &mut dyn Tx| Ok(Answer::from($body?))).await
    }};
    (@flow $ports:ident, |$given:ident| $body:expr) => {{
        let $given = $ports;
        Ok(Answer::from($body.await?))
    }};
}

pub(crate) use commands;
