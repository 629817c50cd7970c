//! The executable specification of the database: every port of the domain on plain maps, in memory. Commands run one at
//! a time; one that is refused is undone.

mod accounts;
mod admissions;
mod audit;
mod bans;
mod blocks;
mod edits;
mod events;
mod exports;
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
mod overviews;
mod passkeys;
mod password_resets;
mod pending_accounts;
mod permissions;
mod polls;
mod quotes;
mod read_cursors;
mod retention;
mod saved;
mod scheduled;
mod server_invites;
mod server_roles;
mod sessions;
mod settings;
mod state;
mod storage;
mod table;
mod threads;
mod tickets;
mod tokens;
mod tx;

pub use storage::{Executed, ModelDatabase, ModelStorage, NoSink};
