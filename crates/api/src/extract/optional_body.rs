//! A JSON body that may be left out.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest};
use futures_util::Stream;
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, Either};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::DeserializeOwned;

use super::body::{BODY_TIMEOUT, Body, BodyReader, cut_short};
use crate::problem::ApiError;

/// A body like [`Body`], or none at all.
#[derive(Debug)]
pub struct OptionalBody<T>(pub Option<T>);

/// A body that is arriving, if there is one.
pub struct OptionalBodyReader<T> {
    is_declared: bool,
    reader: BodyReader<T>,
}

impl<T: DeserializeOwned> FromRequest for OptionalBody<T> {
    type Error = ApiError;
    type Future = OptionalBodyReader<T>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_declared = request.headers().contains_key(CONTENT_TYPE);
        OptionalBodyReader { is_declared, reader: BodyReader::new(request, payload.take(), BODY_TIMEOUT) }
    }
}

impl<T: DeserializeOwned> Future for OptionalBodyReader<T> {
    type Output = Result<OptionalBody<T>, ApiError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        while !this.is_declared {
            match Pin::new(&mut this.reader.payload).poll_next(context) {
                Poll::Ready(None) => return Poll::Ready(Ok(OptionalBody(None))),
                Poll::Ready(Some(Ok(chunk))) if chunk.is_empty() => {}
                // There is a body after all, and the reader refuses what is not declared as JSON.
                Poll::Ready(Some(Ok(_))) => this.is_declared = true,
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(cut_short())),
                Poll::Pending => {
                    ready!(this.reader.poll_deadline(context));
                    return Poll::Ready(Err(this.reader.give_up()));
                }
            }
        }
        let read = ready!(Pin::new(&mut this.reader).poll(context));
        Poll::Ready(match read {
            // Many clients declare a type for whatever they send.
            Err(_) if this.reader.was_empty() => Ok(OptionalBody(None)),
            read => read.map(|Body(value)| OptionalBody(Some(value))),
        })
    }
}

impl<T: Apiv2Schema> Apiv2Schema for OptionalBody<T> {}

impl<T: Apiv2Schema> OperationModifier for OptionalBody<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        Body::<T>::update_parameter(operation);
        if let Some(Either::Right(body)) = operation.parameters.last_mut() {
            body.required = false;
        }
    }

    fn update_definitions(
        definitions: &mut std::collections::BTreeMap<String, paperclip::v2::models::DefaultSchemaRaw>,
    ) {
        Body::<T>::update_definitions(definitions);
    }
}
