use std::io::Read;

use actix_web::body::to_bytes;
use actix_web::http::header::{HeaderMap, HeaderName, IF_NONE_MATCH};
use actix_web::test::TestRequest;

use super::*;
use crate::testing::header;

const TEXT: &str = "text/plain; charset=utf-8";

fn file() -> Asset {
    Asset::made(TEXT, Bytes::from("All work and no play. ".repeat(1_000)))
}

async fn ask(asset: &Asset, headers: &[(HeaderName, &str)]) -> (u16, HeaderMap, Bytes) {
    let request = headers
        .iter()
        .fold(TestRequest::get(), |request, (name, value)| request.append_header((name.clone(), *value)));
    let response = asset.answer(&request.to_http_request());
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, to_bytes(response.into_body()).await.unwrap())
}

#[actix_web::test]
async fn it_is_compressed_for_who_prefers_that() {
    let file = file();
    for (accepted, compressed) in [
        (None, false),
        (Some(""), false),
        (Some("gzip"), true),
        (Some("GZIP"), true),
        (Some("deflate, gzip, br, zstd"), true),
        (Some("gzip;q=0.5, *;q=0.1"), true),
        (Some("gzip;q=0"), false),
        (Some("identity, gzip;q=0.5"), false),
        (Some("identity;q=0.5, gzip;q=1.0"), true),
        (Some("br"), false),
        (Some("identity;q=0"), false),
        (Some(";;;=q,,\u{fffd}"), false),
    ] {
        let headers: Vec<_> = accepted.map(|accepted| (ACCEPT_ENCODING, accepted)).into_iter().collect();
        let (status, headers, body) = ask(&file, &headers).await;
        assert_eq!((status, header(&headers, CONTENT_TYPE)), (200, TEXT));
        assert_eq!(header(&headers, VARY), "accept-encoding", "{accepted:?}");
        assert_eq!(headers.contains_key(CONTENT_ENCODING), compressed, "{accepted:?}");
        let mut text = Vec::new();
        if compressed {
            assert!(body.len() < file.plain.len() / 10);
            flate2::read::GzDecoder::new(&*body).read_to_end(&mut text).unwrap();
        } else {
            text.extend_from_slice(&body);
        }
        assert!(text == file.plain, "{accepted:?}");
    }
}

#[actix_web::test]
async fn who_has_it_is_told_so() {
    let file = file();
    let (_, headers, _) = ask(&file, &[]).await;
    let plain = header(&headers, ETAG).to_owned();
    let (_, headers, _) = ask(&file, &[(ACCEPT_ENCODING, "gzip")]).await;
    let gzipped = header(&headers, ETAG).to_owned();
    assert_ne!(plain, gzipped, "two representations have two strong tags");
    for (known, accepted, status) in [
        (plain.as_str(), "", 304),
        (gzipped.as_str(), "gzip", 304),
        (&format!("\"other\", W/{plain}"), "", 304),
        ("*", "", 304),
        (gzipped.as_str(), "", 200),
        ("\"other\"", "", 200),
        ("other", "", 200),
        ("", "", 200),
    ] {
        let (answered, headers, body) =
            ask(&file, &[(IF_NONE_MATCH, known), (ACCEPT_ENCODING, accepted)]).await;
        assert_eq!(answered, status, "{known} {accepted}");
        assert_eq!(body.is_empty(), status == 304);
        assert_eq!(header(&headers, CACHE_CONTROL), "no-cache");
        assert!(headers.contains_key(ETAG) && headers.contains_key(VARY));
    }
}

#[actix_web::test]
async fn other_content_has_another_tag() {
    let (_, one, _) = ask(&Asset::made(TEXT, Bytes::from_static(b"one")), &[]).await;
    let (_, two, _) = ask(&Asset::made(TEXT, Bytes::from_static(b"two")), &[]).await;
    assert_ne!(header(&one, ETAG), header(&two, ETAG));
}

#[actix_web::test]
async fn what_compression_makes_no_smaller_is_served_as_it_is() {
    let small = Asset::made(TEXT, Bytes::from_static(b"?"));
    let (_, headers, body) = ask(&small, &[(ACCEPT_ENCODING, "gzip")]).await;
    assert!(!headers.contains_key(CONTENT_ENCODING) && !headers.contains_key(VARY));
    assert_eq!(body, "?");
}
