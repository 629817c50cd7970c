//! Polls and their ballots.

mod ballots;
mod repository;
mod rows;
mod voter_among;

pub(crate) use ballots::purge_ballots;
pub(crate) use rows::{counts_column, stored_voters, voters_column};
