//! The hub without a log: committed events are delivered when a test says so.

mod company;
mod fixture;
mod keeping_up;
mod memory;
mod passing;
mod phases;
mod rights;
