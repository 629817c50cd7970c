//! What handlers respond with. Each type also describes itself in the OpenAPI document.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpRequest, HttpResponse, Responder};
use paperclip::actix::OperationModifier;
use paperclip::v2::models::{DefaultOperationRaw, DefaultSchemaRaw, Either, Header, Response};
use paperclip::v2::schema::Apiv2Schema;
use serde::Serialize;

use crate::assets::{Pieces, Slices, WRITE_BUFFER};
use crate::json;
use crate::limits::{CountedBody, Permit};
use crate::problem::ApiError;

/// 200 with a body.
#[derive(Debug)]
pub struct Ok200<T>(pub T);

/// 200 with a large body, which counts toward the caller's budget until the client has received it.
#[derive(Debug)]
pub struct Large<T> {
    rendered: Pieces,
    permit: Permit,
    /// What was rendered.
    of: PhantomData<fn() -> T>,
}

impl<T> Large<T> {
    /// A response of these rendered bytes, which the permit counts.
    pub(crate) const fn new(rendered: Pieces, permit: Permit) -> Self {
        Self { rendered, permit, of: PhantomData }
    }
}

/// 201 with what was created and its location.
#[derive(Debug)]
pub struct Created<T> {
    /// What was created.
    pub body: T,
    /// Its path on this server.
    pub location: String,
}

/// 201 for what this request created, 200 for what existed already.
#[derive(Debug)]
pub enum CreatedOrOk<T> {
    /// This request created it.
    Created(Created<T>),
    /// It existed already. This is its current state.
    Ok(T),
}

/// 201 for what this request created, 200 for what an earlier request with the same `client_id` created, with a header
/// that says so.
#[derive(Debug)]
pub enum CreatedOrReplayed<T> {
    /// This request created it.
    Created(Created<T>),
    /// An earlier request created it. This is its current state.
    Replayed(T),
}

/// The same with a large body.
#[derive(Debug)]
pub enum LargeCreatedOrReplayed<T> {
    /// This request created it, at this path on this server.
    Created(Large<T>, String),
    /// An earlier request created it. This is its current state.
    Replayed(Large<T>),
}

/// 202 with what is to be decided by others.
#[derive(Debug)]
pub struct Accepted<T>(pub T);

/// What was done at once, or 202.
#[derive(Debug)]
pub enum OrAccepted<R, T> {
    /// It was done.
    Done(R),
    /// Others decide.
    Accepted(Accepted<T>),
}

/// Marks the response to a repeated request.
pub(crate) const REPLAYED: &str = "Idempotent-Replayed";

/// 202: it is done later.
#[derive(Debug, Clone, Copy)]
pub struct Queued;

/// What was done at once, or 202.
#[derive(Debug)]
pub enum OrQueued<R> {
    /// It was done.
    Done(R),
    /// It is done later.
    Queued,
}

/// 204: done.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl<T: Serialize> Responder for Ok200<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        with_body(StatusCode::OK, None, &self.0)
    }
}

impl<T: Serialize> Responder for Accepted<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        with_body(StatusCode::ACCEPTED, None, &self.0)
    }
}

impl<R: Responder<Body = BoxBody>, T: Serialize> Responder for OrAccepted<R, T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Done(done) => done.respond_to(request),
            Self::Accepted(accepted) => accepted.respond_to(request),
        }
    }
}

impl<T> Responder for Large<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let body = CountedBody::body(self.rendered, self.permit);
        HttpResponse::Ok().content_type(ContentType::json()).body(body)
    }
}

impl<T: Serialize> Responder for Created<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        with_body(StatusCode::CREATED, Some(self.location), &self.body)
    }
}

impl<T: Serialize> Responder for CreatedOrOk<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Created(created) => created.respond_to(request),
            Self::Ok(body) => Ok200(body).respond_to(request),
        }
    }
}

impl<T: Serialize> Responder for CreatedOrReplayed<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Created(created) => created.respond_to(request),
            Self::Replayed(body) => replayed(Ok200(body).respond_to(request)),
        }
    }
}

impl<T> Responder for LargeCreatedOrReplayed<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Created(body, location) => {
                let mut response = body.respond_to(request);
                *response.status_mut() = StatusCode::CREATED;
                if let Ok(location) = HeaderValue::try_from(location) {
                    response.headers_mut().insert(LOCATION, location);
                }
                response
            }
            Self::Replayed(body) => replayed(body.respond_to(request)),
        }
    }
}

/// Says that an earlier request did what this one was to do.
fn replayed(mut response: HttpResponse) -> HttpResponse {
    let name = HeaderName::from_static("idempotent-replayed");
    response.headers_mut().insert(name, HeaderValue::from_static("true"));
    response
}

impl Responder for Queued {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::Accepted().finish()
    }
}

impl<R: Responder<Body = BoxBody>> Responder for OrQueued<R> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Done(done) => done.respond_to(request),
            Self::Queued => Queued.respond_to(request),
        }
    }
}

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}

fn with_body(status: StatusCode, location: Option<String>, value: &impl Serialize) -> HttpResponse {
    let body = match json::to_vec(value) {
        Ok(body) => body,
        Err(error) => return HttpResponse::from_error(ApiError::internal(error)),
    };
    let mut response = HttpResponse::build(status);
    response.insert_header(ContentType::json());
    if let Some(location) = location {
        response.insert_header((LOCATION, location));
    }
    if body.len() <= WRITE_BUFFER { response.body(body) } else { response.body(Slices::of(body.into())) }
}

fn describe<T: Apiv2Schema>(operation: &mut DefaultOperationRaw, status: StatusCode, text: &str) {
    let mut schema = T::schema_with_ref();
    schema.retain_ref();
    insert(operation, status, text, Some(schema));
}

fn insert(op: &mut DefaultOperationRaw, status: StatusCode, text: &str, schema: Option<DefaultSchemaRaw>) {
    let response = Response { description: Some(text.to_owned()), schema, ..Response::default() };
    op.responses.insert(status.as_str().to_owned(), Either::Right(response));
}

/// Declares a response header, which is described among the components of the document.
fn add_header(operation: &mut DefaultOperationRaw, status: StatusCode, name: &str) {
    if let Some(Either::Right(response)) = operation.responses.get_mut(status.as_str()) {
        response.headers.insert(name.to_owned(), Header::default());
    }
}

/// Adds a type's schema and those of the named types in it to the document, each once.
fn define<T: Apiv2Schema>(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
    let mut schema = T::schema_with_ref();
    schema.reference = None;
    hoist_parts(&mut schema, definitions);
    if let Some(name) = T::name() {
        definitions.insert(name, schema);
    }
}

fn hoist_parts(schema: &mut DefaultSchemaRaw, definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
    for part in schema.properties.values_mut().chain(schema.items.as_mut()) {
        hoist_parts(part, definitions);
        let Some(name) = part.name.clone() else { continue };
        let reference = DefaultSchemaRaw {
            reference: Some(format!("#/definitions/{name}")),
            ..DefaultSchemaRaw::default()
        };
        let mut definition = std::mem::replace(part.as_mut(), reference);
        definition.reference = None;
        definitions.entry(name).or_insert(definition);
    }
}

macro_rules! document_as {
    ($responder:ident: $($status:ident $text:literal $($header:ident)?),+) => {
        impl<T: Apiv2Schema> Apiv2Schema for $responder<T> {
            fn name() -> Option<String> {
                T::name()
            }

            fn raw_schema() -> DefaultSchemaRaw {
                T::raw_schema()
            }
        }

        impl<T: Apiv2Schema> OperationModifier for $responder<T> {
            fn update_response(operation: &mut DefaultOperationRaw) {
                $(
                    describe::<T>(operation, StatusCode::$status, $text);
                    $(add_header(operation, StatusCode::$status, $header);)?
                )+
            }

            fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
                define::<T>(definitions);
            }
        }
    };
}

document_as!(Ok200: OK "Done.");
document_as!(Large: OK "Done.");
document_as!(Created: CREATED "Created.");
document_as!(CreatedOrOk: CREATED "Created.", OK "It existed already.");
document_as!(CreatedOrReplayed: CREATED "Created.", OK "It existed already, from an earlier request." REPLAYED);
document_as!(
    LargeCreatedOrReplayed: CREATED "Created.",
    OK "It existed already, from an earlier request." REPLAYED
);

document_as!(Accepted: ACCEPTED "Accepted. Others decide.");

impl<R> Apiv2Schema for OrQueued<R> {}

impl<R: OperationModifier> OperationModifier for OrQueued<R> {
    fn update_response(operation: &mut DefaultOperationRaw) {
        R::update_response(operation);
        Queued::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        R::update_definitions(definitions);
    }
}

impl<R, T> Apiv2Schema for OrAccepted<R, T> {}

impl<R: OperationModifier, T: Apiv2Schema> OperationModifier for OrAccepted<R, T> {
    fn update_response(operation: &mut DefaultOperationRaw) {
        R::update_response(operation);
        Accepted::<T>::update_response(operation);
    }

    fn update_definitions(definitions: &mut BTreeMap<String, DefaultSchemaRaw>) {
        R::update_definitions(definitions);
        Accepted::<T>::update_definitions(definitions);
    }
}

impl Apiv2Schema for Queued {}

impl OperationModifier for Queued {
    fn update_response(operation: &mut DefaultOperationRaw) {
        insert(operation, StatusCode::ACCEPTED, "Accepted. It is done a little later.", None);
    }
}

impl Apiv2Schema for NoContent {}

impl OperationModifier for NoContent {
    fn update_response(operation: &mut DefaultOperationRaw) {
        insert(operation, StatusCode::NO_CONTENT, "Done.", None);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
    use actix_web::test::TestRequest;

    use super::*;
    use crate::testing::header;

    fn answer(responder: impl Responder) -> (u16, HeaderMap) {
        let response = responder.respond_to(&TestRequest::default().to_http_request());
        (response.status().as_u16(), response.headers().clone())
    }

    #[test]
    fn each_answer_has_its_status_and_headers() {
        let (status, headers) = answer(Ok200(1));
        assert_eq!((status, header(&headers, CONTENT_TYPE)), (200, "application/json"));
        let created = || Created { body: 1, location: "/api/groups/1".to_owned() };
        let (status, headers) = answer(created());
        assert_eq!((status, header(&headers, LOCATION)), (201, "/api/groups/1"));
        assert_eq!(answer(CreatedOrOk::Created(created())).0, 201);
        assert_eq!(answer(CreatedOrOk::Ok(1)).0, 200);
        assert_eq!(answer(CreatedOrReplayed::Created(created())).0, 201);
        assert_eq!(answer(OrAccepted::<_, i32>::Done(Ok200(1))).0, 200);
        assert_eq!(answer(OrAccepted::<NoContent, _>::Accepted(Accepted(1))).0, 202);
        assert_eq!(answer(OrQueued::Done(Ok200(1))).0, 200);
        assert_eq!(answer(OrQueued::<NoContent>::Queued).0, 202);
        let (status, headers) = answer(CreatedOrReplayed::Replayed(1));
        let replayed = HeaderName::from_bytes(REPLAYED.as_bytes()).unwrap();
        assert_eq!((status, header(&headers, replayed)), (200, "true"));
        let (status, headers) = answer(NoContent);
        assert_eq!((status, headers.len()), (204, 0));
    }
}
