//! How commands that fill a database run.

use std::iter;
use std::ops::Range;

use groupchat_domain::storage::{Access, Caller, Mode};

use super::rich;

/// The server's own access, which no limit per caller applies to.
pub(crate) const WRITE: Access = Access { mode: Mode::Write, caller: Caller::System };
/// The same, to read.
pub(crate) const READ: Access = Access { mode: Mode::Read, caller: Caller::System };

/// How many steps a command takes: as many as a command of the server may touch rows.
pub(super) const STEPS_PER_COMMAND: usize = 500;

/// The numbers of the messages that a command writes, and of which kind they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Messages {
    /// Plain ones.
    Plain(Range<u64>),
    /// Those with reactions, threads and mentions.
    Rich(Range<u64>),
}

/// The commands that write so many plain and so many rich messages. Both kinds are spread over all of the database.
pub(super) fn commands(plain: u64, rich: u64) -> impl Iterator<Item = Messages> {
    let (mut of_plain, mut of_rich) = (0..plain, 0..rich);
    iter::from_fn(move || {
        let is_rich_due =
            u128::from(of_rich.start) * u128::from(plain) <= u128::from(of_plain.start) * u128::from(rich);
        if !of_rich.is_empty() && (of_plain.is_empty() || is_rich_due) {
            Some(Messages::Rich(take(&mut of_rich, rich::PER_COMMAND)))
        } else if of_plain.is_empty() {
            None
        } else {
            Some(Messages::Plain(take(&mut of_plain, STEPS_PER_COMMAND as u64)))
        }
    })
}

/// So many of the numbers that are left, or all.
fn take(left: &mut Range<u64>, most: u64) -> Range<u64> {
    let end = left.end.min(left.start + most);
    let taken = left.start..end;
    left.start = end;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_in_a_command_and_the_kinds_take_turns() {
        let all: Vec<_> = commands(1_100, 120).collect();
        let expected = [
            Messages::Rich(0..50),
            Messages::Plain(0..500),
            Messages::Rich(50..100),
            Messages::Plain(500..1_000),
            Messages::Rich(100..120),
            Messages::Plain(1_000..1_100),
        ];
        assert_eq!(all, expected);
        assert_eq!(commands(0, 60).collect::<Vec<_>>(), [Messages::Rich(0..50), Messages::Rich(50..60)]);
        assert_eq!(commands(501, 0).count(), 2);
    }
}
