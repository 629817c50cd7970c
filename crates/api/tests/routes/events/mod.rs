//! Events over each transport, on real connections.

pub(crate) mod all_transports;
mod connection_limit;
mod cursors;
pub(crate) mod deadlines;
mod endings;
mod examples;
mod faults;
mod frames;
mod long_past;
mod poll;
mod presence;
mod rights;
mod rights_table;
mod scene;
pub(crate) mod scripted;
mod seam;
mod slowness;
mod socket_requests;
mod tickets;
mod transports;
