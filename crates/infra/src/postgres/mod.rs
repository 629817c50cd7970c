//! Storage on PostgreSQL: a pool of connections, each on a thread of its own, and a log that is numbered after the
//! commit.
//!
//! A command waits in a bounded, fair queue for a worker (`worker`), which runs it in a transaction of its own, on a
//! connection of its own (`link`), and again where the database asks for it. Events are stored without a place; the
//! thread of the log (`log`, `numbering`) gives places to what is committed, on one server at a time by an advisory
//! lock (`advisory`), and hands it to the [`EventSink`], on every server; servers tell each other by notices. `dial`
//! opens connections, `migrate` brings the schema up to date, `check` looks whether all is well.
//!
//! [`EventSink`]: groupchat_domain::storage::EventSink

mod advisory;
mod cancel;
mod check;
pub(crate) mod dial;
mod error;
mod ids;
mod link;
mod log;
mod log_state;
pub(crate) mod migrate;
pub(crate) mod numbering;
mod options;
mod schema_check;
mod storage;
mod url;
mod worker;

pub(crate) use advisory::AdvisoryLock;
pub use check::check;
pub use error::OpenError;
pub use ids::advance_ids;
pub use options::PostgresOptions;
pub use storage::PostgresStorage;
