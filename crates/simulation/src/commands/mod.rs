//! All commands, drawn at random and run on any backend.

mod about;
mod all;
mod answer;
mod argument;
mod ids;
mod known;
mod ports;
pub(crate) mod renumber;
mod table;

pub use all::Command;
pub use answer::{Answer, FollowedThreads, Replayed, Synced};
pub use argument::*;
pub use ids::Ids;
pub use known::Known;
pub use ports::{Notebook, Ports, QUOTAS};
pub(crate) use renumber::Renumber;
