//! Storage on PostgreSQL: a pool of connections, each on its own thread, and a log that is sequenced after the commit.
//!
//! A command waits in a bounded, fair queue for a worker (`worker`), which runs it in its own transaction on its own
//! connection (`worker_connection`), and runs it again if the database requires it. Events are stored without a
//! position. The log thread (`log`, `sequencer`) assigns positions to committed events, on one server at a time,
//! guarded by an advisory lock (`advisory`), and publishes them to the [`EventSink`] on every server; servers notify
//! each other. `connector` opens connections, `migrate` migrates the schema, and `check` checks the database.
//!
//! [`EventSink`]: groupchat_domain::storage::EventSink

mod advisory;
mod cancel;
mod check;
pub(crate) mod connector;
mod error;
mod ids;
mod log;
mod log_state;
pub(crate) mod migrate;
mod options;
mod schema_check;
pub(crate) mod sequencer;
mod storage;
mod url;
mod worker;
mod worker_connection;

pub(crate) use advisory::AdvisoryLock;
pub use check::check;
pub use error::OpenError;
pub use ids::advance_ids;
pub use options::PostgresOptions;
pub use storage::PostgresStorage;
