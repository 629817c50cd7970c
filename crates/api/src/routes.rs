//! Every documented route.

use actix_web::dev::HttpServiceFactory;
use paperclip::actix::{Mountable, web};

use crate::feature::Feature;
use crate::{accounts, events, groups, messages, operations};

/// What is documented, in the order of the document.
pub const FEATURES: &[Feature] =
    &[accounts::FEATURE, groups::FEATURE, messages::FEATURE, events::FEATURE, operations::FEATURE];

/// The features with their routes.
pub(crate) fn api() -> impl Mountable + HttpServiceFactory + 'static {
    web::scope("/api")
        .configure(accounts::routes)
        .configure(groups::routes)
        .configure(messages::routes)
        .configure(events::routes)
        .configure(operations::routes)
}
