//! The documents that describe the API, as the server serves them. Each is made when it is first asked for, since
//! most servers never are.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::assets::Asset;
use crate::state::{AppState, State};
use crate::{asyncapi, openapi};

/// Where the OpenAPI document is.
pub(crate) const OPENAPI_PATH: &str = "/api/openapi.json";
/// Where the AsyncAPI document is.
pub(crate) const ASYNCAPI_PATH: &str = "/api/asyncapi.json";

/// Adds the documents to an app.
pub(crate) fn routes(app: &mut web::ServiceConfig) {
    app.service(web::resource(OPENAPI_PATH).route(web::get().to(openapi_document)))
        .service(web::resource(ASYNCAPI_PATH).route(web::get().to(asyncapi_document)));
}

async fn openapi_document(request: HttpRequest, state: State) -> HttpResponse {
    state.openapi.get_or_init(|| make_openapi(&state)).answer(&request)
}

async fn asyncapi_document(request: HttpRequest, state: State) -> HttpResponse {
    state.asyncapi.get_or_init(|| make_asyncapi(&state)).answer(&request)
}

/// Unless told otherwise, the document's server is `/`: the address that a client has the document from, which is right
/// behind every name of the server.
fn make_openapi(state: &AppState) -> Asset {
    let mut document = openapi::document(state.version);
    if let Some(url) = &state.options().public_url {
        document["servers"] = json!([{"url": url}]);
    }
    json_asset(&document)
}

fn make_asyncapi(state: &AppState) -> Asset {
    let mut document = asyncapi::document(state.version);
    if let Some(url) = &state.options().public_url {
        document["servers"] = asyncapi::servers_at(url);
    }
    json_asset(&document)
}

fn json_asset(document: &Value) -> Asset {
    Asset::made("application/json", document.to_string().into())
}
