//! The executor on a real file, with the tests' own SQL instead of the repositories.

mod backups;
mod batches;
mod checkpoints;
mod checks;
mod detection;
mod event_log;
mod full_disk;
mod limits;
mod maintenance;
mod migrations;
mod probe;
mod queueing;
mod reading;
mod restores;
mod shrinking;
mod shutdown;
mod startup_checks;
mod support;
mod verifies;
