//! The Swagger page: Swagger UI with this server's own document, and the handbooks that it links to.
//!
//! `build.rs` takes Swagger UI's files from a crate, adds ours, and puts a hash into the names of all files that the
//! page refers to.

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::{self, Bytes, Redirect, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::assets::{Asset, Caching};
use crate::problem::ApiError;
use crate::state::State;

/// Where the page is.
pub(crate) const PATH: &str = "/api/docs/";

/// A file that the program carries.
struct File {
    /// Below [`PATH`]; empty for the page itself.
    path: &'static str,
    media_type: &'static str,
    hash: &'static str,
    /// Whether the hash is part of its name.
    hashed: bool,
    plain: &'static [u8],
    gzipped: &'static [u8],
}

impl File {
    fn asset(&self) -> Asset {
        let caching = if self.hashed { Caching::Forever } else { Caching::AskAgain };
        let (plain, gzipped) = (Bytes::from_static(self.plain), Bytes::from_static(self.gzipped));
        Asset::new(self.media_type, caching, self.hash, plain, gzipped)
    }
}

const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Mounts the page, its files, and what leads to it.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(web::resource(["/", "/api/docs"]).route(web::get().to(|| async { Redirect::to(PATH) })));
    for file in FILES {
        let (asset, is_page) = (file.asset(), file.path.is_empty());
        let answer = move |request: HttpRequest, state: State| {
            let response = if is_page { page(&asset, &request, &state) } else { Ok(asset.answer(&request)) };
            async { response }
        };
        config.service(web::resource(format!("{PATH}{}", file.path)).route(web::get().to(answer)));
    }
}

fn page(asset: &Asset, request: &HttpRequest, state: &State) -> Result<HttpResponse, ApiError> {
    let mut response = asset.answer(request);
    let policy =
        HeaderValue::from_str(&policy(state.options().public_url.as_deref())).map_err(ApiError::internal)?;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// What the page may load and whom it may call: this server, also by its public address, and nothing else. Scripts
/// and styles come from files only; pictures may be within Swagger UI's style sheet.
fn policy(public_url: Option<&str>) -> String {
    let public_url = public_url.map(|url| format!(" {url}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'{public_url}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
