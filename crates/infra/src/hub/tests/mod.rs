//! The hub without a log: what was committed is handed out when a test says so.

mod company;
mod fixture;
mod keeping_up;
mod memory;
mod passing;
mod phases;
mod rights;
