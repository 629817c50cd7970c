//! The HTTP edge of groupchat: requests in, use cases out. It is thin: no rule is decided here.
//!
//! A module is a feature, with the name it has in `groupchat-domain`: `dto.rs` has its JSON, `handlers.rs`
//! what each route does, `routes.rs` where it is found and what it refuses, `values.rs` how the values that its
//! JSON holds are written. What features share: [`extract`] takes things out of a request, [`wire`] has the types
//! of fields, [`respond`] the answers, [`problem`] the errors. [`app()`] puts it all together, for the server and
//! for tests in the same process alike. [`openapi`] makes the document out of all this and knows no feature.
//!
//! To add a route: a handler that takes its arguments in the order of [`extract`] and hands one command to
//! the storage; a line for the route and one for what it refuses in the feature's `routes.rs`.
//! To add a field: a field of the DTO, whose type says whether it must be there and what it may be; see [`wire`].

pub mod accounts;
mod app;
mod assets;
pub mod asyncapi;
mod connection;
mod docs_page;
mod documents;
pub mod events;
pub mod extract;
pub mod feature;
pub mod groups;
mod limits;
pub mod messages;
mod observe;
pub mod openapi;
pub mod operations;
mod options;
pub mod problem;
mod request_id;
pub mod respond;
mod routes;
mod security_headers;
mod state;
#[cfg(test)]
mod testing;
pub mod wire;

pub use app::app;
pub use connection::{ConnectionOptions, ConnectionTimeouts, REFUSING, serve};
pub use extract::{Network, NotANetwork};
pub use options::ServerOptions;
pub use request_id::RequestId;
pub use routes::FEATURES;
pub use state::{AppState, Ports, State};
