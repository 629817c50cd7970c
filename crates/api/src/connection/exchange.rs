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

/// A request and its response. A connection has one exchange at a time.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Whether the request has a body.
    has_body: Cell<bool>,
    /// Whether all of the response was passed on to be written.
    answered: Cell<bool>,
    /// Whether the response ends the connection.
    closes: Cell<bool>,
    /// Whether the response lasts as long as the client listens.
    is_listening: Cell<bool>,
}

impl Exchange {
    /// The next request has been read.
    pub(super) fn begin(&self, has_body: bool) {
        self.has_body.set(has_body);
        self.answered.set(false);
        self.closes.set(false);
        self.is_listening.set(false);
    }

    /// All of the response was passed on to be written.
    pub(super) fn end(&self) {
        self.answered.set(true);
    }

    /// Whether all of the response was passed on to be written.
    pub(super) fn is_answered(&self) -> bool {
        self.answered.get()
    }

    /// Whether the response ends the connection.
    pub(super) fn closes(&self) -> bool {
        self.closes.get()
    }

    /// Whether this is a connection for events. These have timeouts of their own.
    pub(super) fn is_listening(&self) -> bool {
        self.is_listening.get() && !self.answered.get()
    }

    fn note(&self, response: &Response<BoxBody>) {
        self.closes.set(response.head().connection_type() == ConnectionType::Close);
        self.is_listening.set(is_for_events(response));
    }
}

fn is_for_events(response: &Response<BoxBody>) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE).map(|value| value.as_bytes());
    response.status() == StatusCode::SWITCHING_PROTOCOLS
        || content_type.is_some_and(|found| found.starts_with(b"text/event-stream"))
}

/// Wraps the application to track its responses to their end.
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
    type Future = PendingResponse<S::Future>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context).map_err(|error| error.error_response().into())
    }

    fn call(&self, request: Request) -> Self::Future {
        let exchange = request.conn_data::<Rc<Exchange>>().cloned().unwrap_or_default();
        let version = request.version();
        PendingResponse { made: self.0.call(request), held: None, was_polled: false, exchange, version }
    }
}

pin_project! {
    /// A response that is being produced.
    pub(super) struct PendingResponse<F> {
        #[pin]
        made: F,
        // A response that was available at the first poll.
        held: Option<Response<BoxBody>>,
        was_polled: bool,
        exchange: Rc<Exchange>,
        version: Version,
    }
}

impl<F> Future for PendingResponse<F>
where
    F: Future<Output = Result<ServiceResponse<BoxBody>, Error>>,
{
    type Output = Result<Response<TrackedBody>, Response<BoxBody>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let was_polled = std::mem::replace(this.was_polled, true);
        let mut response = match this.held.take() {
            Some(response) => response,
            None => match ready!(this.made.poll(context)) {
                Ok(response) => response.into(),
                Err(error) => error.error_response().into(),
            },
        };
        if !was_polled && this.exchange.has_body.get() {
            // actix-http polls for the response before it reads the body. If it got the response now, it would close
            // the connection because of an unread body, although the body has arrived.
            *this.held = Some(response);
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        // actix-http reuses heads with the version of their last use, which decides whether the connection is kept. It
        // writes the version of the request in any case.
        response.head_mut().version = Version::HTTP_11;
        if *this.version < Version::HTTP_11 && response.body().size() == BodySize::Stream {
            // HTTP/1.0 has no chunks: the body ends with the connection (RFC 9112, section 6.3).
            response.head_mut().no_chunking(true);
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        this.exchange.note(&response);
        let exchange = Rc::clone(this.exchange);
        Poll::Ready(Ok(response.map_body(|_, body| TrackedBody { body, exchange })))
    }
}

/// The body of a response. It notes when its last part was taken.
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
