//! The executable specification of the database: every port of the domain on plain maps, in memory. Commands run one at
//! a time; one that is refused is undone.

mod accounts;
mod admissions;
mod audit;
mod bans;
mod blocks;
mod edits;
mod events;
mod factors;
mod groups;
mod invite_links;
mod jobs;
mod join_requests;
mod key_use;
mod known_devices;
mod members;
mod mentions;
mod messages;
mod mutes;
mod names;
mod password_resets;
mod permissions;
mod quotes;
mod read_cursors;
mod server_roles;
mod sessions;
mod state;
mod storage;
mod table;
mod threads;
mod tickets;
mod tx;

pub use storage::{Executed, ModelDatabase, ModelStorage, NoSink};
