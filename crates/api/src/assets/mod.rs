//! Files that are the same for everyone: the parts of the Swagger page, and the API documents.
//!
//! Their bytes are shared and compressed once, and a connection reads them in slices ([`Slices`]), so that clients that
//! request a large file and don't read it cost little.

mod pieces;
mod slices;

use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write};

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    self, ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, Encoding,
    EntityTag, Header, IfNoneMatch, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;

pub(crate) use pieces::Pieces;
pub(crate) use slices::{Slices, WRITE_BUFFER};

/// How long clients may cache a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caching {
    /// A year without revalidation, because the file's name changes with its content (RFC 8246).
    Forever,
    /// As long as the server confirms that it is unchanged.
    AskAgain,
}

impl Caching {
    fn header(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::AskAgain => "no-cache",
        }
    }
}

/// A file as it is served: plain, and compressed if that makes it smaller.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    media_type: &'static str,
    caching: Caching,
    hash: String,
    plain: Bytes,
    gzipped: Option<Bytes>,
}

impl Asset {
    /// A file that was compressed at build time. `hash` identifies this version.
    pub(crate) fn new(
        media_type: &'static str,
        caching: Caching,
        hash: &str,
        plain: Bytes,
        gzipped: Bytes,
    ) -> Self {
        let gzipped = (gzipped.len() < plain.len()).then_some(gzipped);
        Self { media_type, caching, hash: hash.to_owned(), plain, gzipped }
    }

    /// A file that is generated while the server runs. It is compressed here, once.
    pub(crate) fn made(media_type: &'static str, plain: Bytes) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&plain);
        let hash = format!("{:016x}", hasher.finish());
        let gzipped = gzip(&plain).unwrap_or_else(|_| plain.clone());
        Self::new(media_type, Caching::AskAgain, &hash, plain, gzipped)
    }

    /// The response to a request for the file: the file, or 304 if the client has it already (RFC 9110, section
    /// 13.1.2).
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let gzipped = self.gzipped.as_ref().filter(|_| takes_gzip(request));
        let tag = EntityTag::new_strong(if gzipped.is_some() {
            self.hash.clone() + "-gzip"
        } else {
            self.hash.clone()
        });
        let mut response = HttpResponse::Ok();
        response.insert_header((CACHE_CONTROL, self.caching.header()));
        if self.gzipped.is_some() {
            response.insert_header((VARY, ACCEPT_ENCODING.as_str()));
        }
        let known = is_known(request, &tag);
        response.insert_header((ETAG, tag));
        if known {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.insert_header((CONTENT_TYPE, self.media_type));
        if gzipped.is_some() {
            response.insert_header((CONTENT_ENCODING, "gzip"));
        }
        response.body(BoxBody::new(Slices::of(gzipped.unwrap_or(&self.plain).clone())))
    }
}

fn gzip(bytes: &[u8]) -> io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.into())
}

/// Whether the client prefers gzip to the plain file (RFC 9110, section 12.5.3). A header that can't be parsed is
/// ignored.
fn takes_gzip(request: &HttpRequest) -> bool {
    let offered = [Encoding::identity(), Encoding::gzip()];
    let chosen = AcceptEncoding::parse(request).ok().and_then(|accepted| accepted.negotiate(offered.iter()));
    chosen == Some(Encoding::gzip())
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    request.headers().contains_key(header::IF_NONE_MATCH)
        && match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
            Err(_) => false,
        }
}

#[cfg(test)]
mod tests;
