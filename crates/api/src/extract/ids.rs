//! The ids in a path.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::ids::{GroupId, MAX_SAFE_INTEGER, MessageId, SessionId, UserId};
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DataType, DataTypeFormat, DefaultOperationRaw, Either, Parameter, ParameterIn};
use paperclip::v2::schema::Apiv2Schema;

use crate::problem::ApiError;

/// The ids in the request's path, in the order of the route's template: one, or a tuple of them.
#[derive(Debug, Clone, Copy)]
pub struct Ids<T>(pub T);

/// An id, or a tuple of ids, that a path can hold.
pub trait PathIds: Sized {
    /// How many segments it takes.
    const COUNT: usize;

    /// Takes the ids from checked integers, one for each segment.
    fn from_integers(integers: &mut impl Iterator<Item = i64>) -> Option<Self>;
}

macro_rules! path_ids {
    ($($id:ident)+) => {$(
        impl PathIds for $id {
            const COUNT: usize = 1;

            fn from_integers(integers: &mut impl Iterator<Item = i64>) -> Option<Self> {
                integers.next().map(Self::new)
            }
        }
    )+};
}

path_ids! { GroupId MessageId SessionId UserId }

impl<A: PathIds, B: PathIds> PathIds for (A, B) {
    const COUNT: usize = A::COUNT + B::COUNT;

    fn from_integers(integers: &mut impl Iterator<Item = i64>) -> Option<Self> {
        Some((A::from_integers(integers)?, B::from_integers(integers)?))
    }
}

impl<T: PathIds> FromRequest for Ids<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request))
    }
}

fn read<T: PathIds>(request: &HttpRequest) -> Result<Ids<T>, ApiError> {
    let mut integers = Vec::with_capacity(T::COUNT);
    let mut errors = Vec::new();
    for (name, text) in request.match_info().iter() {
        match parse(text) {
            Ok(id) => integers.push(id),
            Err(violation) => errors.push(violation.in_field(name)),
        }
    }
    if !errors.is_empty() {
        return Err(ApiError::invalid(errors));
    }
    let ids = T::from_integers(&mut integers.into_iter());
    ids.map(Ids).ok_or_else(|| ApiError::internal("the route has fewer ids than its handler takes"))
}

fn parse(text: &str) -> Result<i64, Violation> {
    let detail = || format!("must be an integer from 1 to {MAX_SAFE_INTEGER}");
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Violation::new(ViolationCode::InvalidType, detail()));
    }
    match text.parse() {
        Ok(id @ 1..=MAX_SAFE_INTEGER) => Ok(id),
        _ => Err(Violation::new(ViolationCode::OutOfRange, detail())),
    }
}

impl<T> Apiv2Schema for Ids<T> {}

impl<T: PathIds> OperationModifier for Ids<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        // Without names: paperclip takes them from the route's template.
        operation.parameters.extend((0..T::COUNT).map(|_| {
            Either::Right(Parameter {
                in_: ParameterIn::Path,
                required: true,
                data_type: Some(DataType::Integer),
                format: Some(DataTypeFormat::Int64),
                minimum: Some(1.0),
                ..Parameter::default()
            })
        }));
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn ids_are_taken_in_the_order_of_the_path() {
        let request =
            TestRequest::default().param("group_id", "7").param("message_id", "12").to_http_request();
        let Ids((group, message)) = read::<(GroupId, MessageId)>(&request).unwrap();
        assert_eq!((group, message), (GroupId::new(7), MessageId::new(12)));
    }

    #[test]
    fn what_is_no_id_is_named() {
        for bad in ["", "x", "0", "-1", "+1", "1.0", "9007199254740992", "99999999999999999999"] {
            let request = TestRequest::default().param("group_id", bad.to_owned()).to_http_request();
            let error = read::<GroupId>(&request).unwrap_err();
            assert!(error.to_string().contains("group_id: must be an integer"), "{bad}: {error}");
        }
    }
}
