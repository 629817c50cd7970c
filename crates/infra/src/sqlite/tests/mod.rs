//! The executor on a real file, with SQL of the tests' own instead of the repositories.

mod backups;
mod batches;
mod checkpoints;
mod checks;
mod event_log;
mod full_disk;
mod limits;
mod migrations;
mod presence;
mod probe;
mod queueing;
mod reading;
mod restores;
mod shutdown;
mod startup_checks;
mod support;
mod upkeep;
