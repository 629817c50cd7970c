//! The API key of a request, or a body that does instead.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use groupchat_domain::storage::Credential;
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw, SecurityScheme};
use paperclip::v2::schema::Apiv2Schema;
use serde::de::DeserializeOwned;

use super::key::{Key, credential};
use super::optional_body::{OptionalBody, OptionalBodyReader};
use crate::problem::ApiError;

/// A body that may do instead of a key.
pub trait InsteadOfKey {
    /// Whether this one does.
    fn does_instead(&self) -> bool;
}

/// A key, or a body that does instead. Without either, whatever else is wrong with the request, the key is missing.
#[derive(Debug)]
pub struct KeyOrBody<T> {
    /// The key, if the request has one.
    pub key: Result<Credential, ApiError>,
    /// The body, if the request has one.
    pub body: Option<T>,
}

/// A body that is arriving, and the key that came before.
pub struct KeyOrBodyReader<T> {
    key: Option<Result<Credential, ApiError>>,
    body: OptionalBodyReader<T>,
}

impl<T: DeserializeOwned + InsteadOfKey> FromRequest for KeyOrBody<T> {
    type Error = ApiError;
    type Future = KeyOrBodyReader<T>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        KeyOrBodyReader { key: Some(credential(request)), body: OptionalBody::from_request(request, payload) }
    }
}

impl<T: DeserializeOwned + InsteadOfKey> Future for KeyOrBodyReader<T> {
    type Output = Result<KeyOrBody<T>, ApiError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let body = ready!(Pin::new(&mut this.body).poll(context));
        let key = this.key.take().unwrap_or_else(|| Err(ApiError::internal("polled after its end")));
        Poll::Ready(match (key, body) {
            (Err(missing), Ok(OptionalBody(body))) => {
                let does_instead = body.as_ref().is_some_and(T::does_instead);
                if does_instead { Ok(KeyOrBody { key: Err(missing), body }) } else { Err(missing) }
            }
            (Err(missing), Err(_)) => Err(missing),
            (Ok(key), Ok(OptionalBody(body))) => Ok(KeyOrBody { key: Ok(key), body }),
            (Ok(_), Err(broken)) => Err(broken),
        })
    }
}

impl<T: Apiv2Schema> Apiv2Schema for KeyOrBody<T> {
    fn name() -> Option<String> {
        Key::name()
    }

    fn security_scheme() -> Option<SecurityScheme> {
        Key::security_scheme()
    }
}

impl<T: Apiv2Schema> OperationModifier for KeyOrBody<T> {
    fn update_parameter(operation: &mut DefaultOperationRaw) {
        OptionalBody::<T>::update_parameter(operation);
    }

    fn update_definitions(definitions: &mut std::collections::BTreeMap<String, DefaultSchemaRaw>) {
        OptionalBody::<T>::update_definitions(definitions);
    }
}
