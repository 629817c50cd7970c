//! The HTTP edge of groupchat: requests in, use cases out. It is thin: no rule is decided here.
//!
//! A module is a feature, with the same name as in `groupchat-domain`: `dto.rs` has its JSON, `handlers.rs` the
//! handlers, `routes.rs` their paths and what each route can reject, and `values.rs` the form of the values in its
//! JSON. Features share [`extract`] for reading requests, [`wire`] for the types of fields, [`respond`] for responses
//! and [`problem`] for errors. [`app()`] puts everything together, for the server and for tests in the same process.
//! [`openapi`] creates the document from all this and knows no feature.
//!
//! To add a route: write a handler that takes its arguments in the order of [`extract`] and passes one command to the
//! storage, and add a line for the route and one for what it rejects to the feature's `routes.rs`. To add a field: add
//! it to the DTO. Its type says whether it is required and what it can be; see [`wire`].

pub mod accounts;
mod admissions;
mod app;
mod assets;
pub mod asyncapi;
mod audit;
mod bots;
mod connection;
mod cors;
mod docs_page;
mod documents;
pub mod events;
pub mod extract;
mod factors;
pub mod feature;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod groups;
mod json;
mod limits;
pub mod messages;
mod observe;
pub mod openapi;
pub mod operations;
mod options;
mod permissions;
mod polls;
pub mod problem;
mod rate_notice;
mod request_id;
pub mod respond;
mod routes;
mod saved;
mod scheduled;
mod security_headers;
mod sign_up;
mod state;
mod sync;
#[cfg(test)]
mod testing;
mod tokens;
pub mod wire;

pub use app::app;
pub use connection::{ConnectionOptions, ConnectionTimeouts, REJECTION_SLOTS, ServerTls, TlsError, serve};
pub use extract::{IpNetwork, NotAnIpNetwork};
pub use options::ServerOptions;
pub use request_id::RequestId;
pub use routes::FEATURES;
pub use security_headers::StrictTransport;
pub use state::{AppState, Ports, State};
