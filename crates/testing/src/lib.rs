//! What the tests of several crates share. Knows none of them: it is only ever a dev-dependency.

mod dice;

#[cfg(feature = "asyncapi")]
mod asyncapi;
#[cfg(feature = "postgres")]
mod postgres;
mod proxy;

#[cfg(feature = "asyncapi")]
pub use asyncapi::{EventContract, Transport};
pub use dice::Dice;
#[cfg(feature = "postgres")]
pub use postgres::Scratch;
pub use proxy::Proxy;
