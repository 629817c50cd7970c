//! Every route, in the same process, against a real database: SQLite, or with the feature `postgres` PostgreSQL.
//!
//! `harness` starts a server for each test and checks of every answer what holds for all of them. `matrix`
//! calls every operation of the OpenAPI document in every role. The other modules test one feature each; the parts of a
//! feature are its child modules.

mod accounts;
mod admissions;
mod audit;
mod audited;
mod bodies;
mod bots;
mod compatibility;
mod cors;
mod docs_page;
mod documents;
mod errors;
mod events;
mod factors;
mod faults;
mod groups;
mod guides;
mod handbook;
mod harness;
mod headers;
mod hostile;
mod leaks;
mod limits;
mod lists;
mod matrix;
mod messages;
mod operations;
mod polls;
mod precedence;
mod purposes;
mod rates;
mod retention;
mod saved;
mod scheduled;
mod sockets;
mod sync;
mod tokens;
mod traps;
