//! Events over each transport, on real connections.

mod all_transports;
mod cursors;
mod endings;
mod examples;
mod faults;
mod frames;
mod long_past;
pub(crate) mod patience;
mod places;
mod poll;
mod presence;
mod rights;
mod rights_table;
pub(crate) mod scripted;
mod seam;
mod slowness;
mod socket_requests;
mod tickets;
mod transports;
