//! The executor on a real file, with SQL of the tests' own instead of the repositories.

mod batches;
mod checkpoints;
mod full_disk;
mod migrations;
mod queueing;
mod reading;
mod shutdown;
mod support;
mod upkeep;
