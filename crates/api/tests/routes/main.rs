//! Every route, in the same process, against a real database: SQLite, or with the feature `postgres` PostgreSQL.
//!
//! `harness` starts a server for each test and checks of every answer what holds for all of them. `matrix`
//! calls every operation of the OpenAPI document in every role; the other modules take a feature each.

mod accounts;
mod bodies;
mod docs_page;
mod documents;
mod errors;
mod events;
mod faults;
mod groups;
mod handbook;
mod harness;
mod headers;
mod hostile;
mod likes;
mod limits;
mod lists;
mod logins;
mod matrix;
mod members;
mod messages;
mod operations;
mod passwords;
mod pins;
mod precedence;
mod quotas;
mod reading;
mod sessions;
mod sockets;
