//! Every documented route.

use actix_web::dev::HttpServiceFactory;
use paperclip::actix::{Mountable, web};

use crate::feature::Feature;
use crate::{
    accounts, admissions, audit, bots, events, factors, groups, messages, operations, polls, saved,
    scheduled, sign_up, sync, tokens,
};

/// The features of the API, in the order of the document.
pub const FEATURES: &[Feature] = &[
    accounts::FEATURE,
    factors::FEATURE,
    tokens::FEATURE,
    bots::FEATURE,
    groups::FEATURE,
    admissions::FEATURE,
    sign_up::FEATURE,
    messages::FEATURE,
    saved::FEATURE,
    scheduled::FEATURE,
    polls::FEATURE,
    sync::FEATURE,
    audit::FEATURE,
    events::FEATURE,
    operations::FEATURE,
];

/// The features with their routes, as they are described.
pub(crate) fn in_order() -> impl Mountable + HttpServiceFactory + 'static {
    mount(FEATURES.iter())
}

/// The features with their routes, as they are served. They are tried in turn, and each pattern takes about half a
/// microsecond: so those of messages, which are asked for the most, come before the many of groups. No two features have
/// a path in common.
pub(crate) fn busiest_first() -> impl Mountable + HttpServiceFactory + 'static {
    mount(FEATURES.iter().rev())
}

fn mount(features: impl Iterator<Item = &'static Feature>) -> impl Mountable + HttpServiceFactory + 'static {
    features.fold(web::scope("/api"), |scope, feature| scope.configure(feature.routes))
}
