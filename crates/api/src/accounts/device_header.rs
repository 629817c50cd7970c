//! The header with the token that a device got at an earlier login.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::accounts::Secret;
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, Either, Parameter, ParameterIn};
use paperclip::v2::schema::Apiv2Schema;

use super::values::DeviceTokenText;
use crate::wire::Field;
use crate::wire::annotation::Annotation;

/// The token of the device, if it has one.
pub(crate) struct DeviceHeader(pub Option<Secret>);

impl DeviceHeader {
    const NAME: &str = "X-Device-Token";
}

impl FromRequest for DeviceHeader {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        // Whatever else is in it is no token of ours, and so the same as none.
        let token = request.headers().get(Self::NAME).and_then(|value| value.to_str().ok());
        ready(Ok(Self(token.map(|token| Secret::new(token.to_owned())))))
    }
}

impl Apiv2Schema for DeviceHeader {}

impl OperationModifier for DeviceHeader {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        let text = "The `device_token` that an earlier login of this user on this device returned. Anything else is ignored.";
        let schema = Field::<DeviceTokenText>::raw_schema();
        let annotation = Annotation::of_schema(&schema).unwrap_or_default();
        let (name, description) = (Self::NAME.to_owned(), Some(text.to_owned()));
        let parameter = annotation.into_parameter(ParameterIn::Header, &schema);
        operation.parameters.push(Either::Right(Parameter { name, description, ..parameter }));
    }
}
