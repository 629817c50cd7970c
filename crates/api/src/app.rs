//! The whole web application: routes, the Swagger page, and what surrounds every request.

use actix_web::body::BoxBody;
use actix_web::dev::{HttpServiceFactory, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::header::ContentType;
use actix_web::middleware::from_fn;
use actix_web::web::Redirect;
use actix_web::{App, Error, HttpResponse, Responder, web};
use paperclip::actix::{Mountable, web as documented};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::observe::observe;
use crate::state::State;
use crate::{accounts, groups, messages, operations};

/// Where the OpenAPI document is.
const DOCUMENT_PATH: &str = "/api/openapi.json";
/// Where the Swagger page is.
const DOCS_PATH: &str = "/api/docs/";

/// Builds the application. Called once for each worker; what is costly is in the state and shared. Paths that
/// no route has get the framework's bare 404, of which [`observe`] makes a problem like of all its errors.
pub fn app(
    state: State,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(state)
        .wrap(from_fn(observe))
        .service(web::resource(["/", "/api/docs"]).route(web::get().to(to_docs)))
        .service(web::resource(DOCUMENT_PATH).route(web::get().to(document)))
        // Before the scope: that answers 404 for every path below it that it doesn't know.
        .service(swagger_page())
        .service(api())
}

/// Every documented route.
pub(crate) fn api() -> impl Mountable + HttpServiceFactory + 'static {
    documented::scope("/api")
        .configure(accounts::routes)
        .configure(groups::routes)
        .configure(messages::routes)
        .configure(operations::routes)
}

fn swagger_page() -> SwaggerUi {
    let config = Config::from(DOCUMENT_PATH).persist_authorization(true);
    SwaggerUi::new(format!("{DOCS_PATH}{{_:.*}}")).config(config)
}

async fn to_docs() -> Redirect {
    Redirect::to(DOCS_PATH)
}

async fn document(state: State) -> impl Responder {
    HttpResponse::Ok().content_type(ContentType::json()).body(state.document())
}
