//! The built program, over real sockets, with a client that is not ours.

mod compatibility;
mod crash;
mod harness;
mod jobs;
mod races;
mod start_and_stop;
