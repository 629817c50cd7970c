//! Every documented route.

use actix_web::dev::HttpServiceFactory;
use paperclip::actix::{Mountable, web};

use crate::feature::Feature;
use crate::{accounts, admissions, events, groups, messages, operations};

/// The features of the API, in the order of the document.
pub const FEATURES: &[Feature] = &[
    accounts::FEATURE,
    groups::FEATURE,
    admissions::FEATURE,
    messages::FEATURE,
    events::FEATURE,
    operations::FEATURE,
];

/// The features with their routes.
pub(crate) fn api() -> impl Mountable + HttpServiceFactory + 'static {
    FEATURES.iter().fold(web::scope("/api"), |scope, feature| scope.configure(feature.routes))
}
