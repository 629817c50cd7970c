//! The hub without a log: events are broadcast when a test says so.

mod ephemeral;
mod fixture;
mod keeping_up;
mod memory;
mod phases;
mod presence;
mod rights;
