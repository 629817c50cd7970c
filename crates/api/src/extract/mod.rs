//! Extractors: what handlers take from a request. Each one also describes itself in the OpenAPI document.
//!
//! The web framework polls a handler's arguments in their order, and the first failure decides the response. So a
//! handler takes them in the order of the contract: [`Key`], [`Body`] or [`OptionalBody`], then [`Ids`] and [`Params`].

mod body;
mod client;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod ids;
mod key;
mod key_or_body;
mod optional_body;
mod params;
mod proxies;
mod serde_errors;

pub(crate) use body::parse as parse_json;
pub use body::{BODY_LIMIT, Body, OPEN_BODY_LIMIT};
pub use client::Client;
pub(crate) use client::{MAX_USER_AGENT, address, comes_from_proxy, origin};
pub use ids::{Ids, PathIds, Segment, Segments, UserOrMe};
pub use key::Key;
pub(crate) use key::credential;
pub use key_or_body::{InsteadOfKey, KeyOrBody};
pub use optional_body::OptionalBody;
#[cfg(any(test, fuzzing))]
pub(crate) use params::parse as parse_query;
pub use params::{NoParams, Params};
pub use proxies::{IpNetwork, NotAnIpNetwork, UntrustedProxies};
