//! What the two sides of a connection share about the current request: [`GuardedStream`](super::stream::GuardedStream),
//! which sees the bytes, and [`Tracked`], which sees requests and responses.

use std::cell::Cell;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_http::{ConnectionType, Request, Response, Version};
use actix_web::Error;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{AppConfig, Service, ServiceFactory, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use futures_util::future::LocalBoxFuture;
use pin_project_lite::pin_project;

/// A request and its answer. A connection has one at a time.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Whether the request has a body.
    has_body: Cell<bool>,
    /// Whether all of the answer was handed over to be written.
    answered: Cell<bool>,
    /// Whether the answer ends the connection.
    closes: Cell<bool>,
    /// Whether the answer goes on for as long as the client listens.
    is_listening: Cell<bool>,
}

impl Exchange {
    /// The next request is there.
    pub(super) fn begin(&self, has_body: bool) {
        self.has_body.set(has_body);
        self.answered.set(false);
        self.closes.set(false);
        self.is_listening.set(false);
    }

    /// All of the answer was handed over to be written.
    pub(super) fn end(&self) {
        self.answered.set(true);
    }

    /// Whether all of the answer was handed over to be written.
    pub(super) fn is_answered(&self) -> bool {
        self.answered.get()
    }

    /// Whether the answer says that the connection ends with it.
    pub(super) fn closes(&self) -> bool {
        self.closes.get()
    }

    /// Whether this is a connection for events, which has time limits of its own.
    pub(super) fn is_listening(&self) -> bool {
        self.is_listening.get() && !self.answered.get()
    }

    fn note(&self, answer: &Response<BoxBody>) {
        self.closes.set(answer.head().connection_type() == ConnectionType::Close);
        self.is_listening.set(is_for_events(answer));
    }
}

fn is_for_events(answer: &Response<BoxBody>) -> bool {
    let content_type = answer.headers().get(CONTENT_TYPE).map(|value| value.as_bytes());
    answer.status() == StatusCode::SWITCHING_PROTOCOLS || content_type == Some(b"text/event-stream")
}

/// The application, whose answers are followed to their end.
pub(super) struct Tracked<S>(pub S);

impl<S> ServiceFactory<Request> for Tracked<S>
where
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<BoxBody>,
            Error = Error,
            InitError = (),
        >,
    S::Future: 'static,
{
    type Response = Response<TrackedBody>;
    type Error = Response<BoxBody>;
    type Config = ();
    type Service = Tracked<S::Service>;
    type InitError = ();
    type Future = LocalBoxFuture<'static, Result<Self::Service, ()>>;

    fn new_service(&self, (): ()) -> Self::Future {
        let service = self.0.new_service(AppConfig::default());
        Box::pin(async move { service.await.map(Tracked) })
    }
}

impl<S> Service<Request> for Tracked<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = Error>,
{
    type Response = Response<TrackedBody>;
    type Error = Response<BoxBody>;
    type Future = Answering<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context).map_err(|error| error.error_response().into())
    }

    fn call(&self, request: Request) -> Self::Future {
        let exchange = request.conn_data::<Rc<Exchange>>().cloned().unwrap_or_default();
        let version = request.version();
        Answering { made: self.0.call(request), held: None, was_polled: false, exchange, version }
    }
}

pin_project! {
    /// An answer that is being made.
    pub(super) struct Answering<F> {
        #[pin]
        made: F,
        // An answer that was made at once.
        held: Option<Response<BoxBody>>,
        was_polled: bool,
        exchange: Rc<Exchange>,
        version: Version,
    }
}

impl<F> Future for Answering<F>
where
    F: Future<Output = Result<ServiceResponse<BoxBody>, Error>>,
{
    type Output = Result<Response<TrackedBody>, Response<BoxBody>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let was_polled = std::mem::replace(this.was_polled, true);
        let mut answer = match this.held.take() {
            Some(answer) => answer,
            None => match ready!(this.made.poll(context)) {
                Ok(answer) => answer.into(),
                Err(error) => error.error_response().into(),
            },
        };
        if !was_polled && this.exchange.has_body.get() {
            // actix-http asks before it looks at the body. Given the answer now, it would close the connection because
            // of a body that is all there.
            *this.held = Some(answer);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        // Heads are used again, with the version of their last use, and that decides whether the connection is kept.
        // The version of the request is written in any case.
        answer.head_mut().version = Version::HTTP_11;
        if *this.version < Version::HTTP_11 && answer.body().size() == BodySize::Stream {
            // Chunks are of HTTP/1.1: the end of the body is that of the connection (RFC 9112, section 6.3).
            answer.head_mut().no_chunking(true);
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        this.exchange.note(&answer);
        let exchange = Rc::clone(this.exchange);
        Poll::Ready(Ok(answer.map_body(|_, body| TrackedBody { body, exchange })))
    }
}

/// The body of an answer, which says when the last of it was taken.
#[derive(Debug)]
pub(super) struct TrackedBody {
    body: BoxBody,
    exchange: Rc<Exchange>,
}

impl MessageBody for TrackedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}

impl Drop for TrackedBody {
    fn drop(&mut self) {
        self.exchange.end();
    }
}
