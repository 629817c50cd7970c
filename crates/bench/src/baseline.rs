//! What the server is compared with: a bare actix-web program with the same number of workers. The server
//! itself has no routes for benchmarks.

use std::net::Ipv4Addr;
use std::path::Path;

use actix_web::web::{Bytes, Data, Json};
use actix_web::{App, HttpResponse, HttpServer, web};
use serde::{Deserialize, Serialize};

use crate::cli::BaselineArgs;
use crate::error::BenchError;
use crate::output;

/// A request to send, as a client writes it.
#[derive(Debug, Deserialize)]
struct EchoRequest {
    text: String,
    client_id: String,
}

/// A reply of about the size of a sent message. It doesn't follow the server's: each field that the API gains costs the
/// server time, and a comparison that grew with it would hide that.
#[derive(Debug, Serialize)]
struct EchoReply {
    id: i64,
    group_id: i64,
    seq: i64,
    author: EchoAuthor,
    text: String,
    client_id: String,
    version: i64,
    created_at: &'static str,
    edited_at: Option<&'static str>,
    deleted_at: Option<&'static str>,
    likes: i64,
    liked: bool,
}

#[derive(Debug, Serialize)]
struct EchoAuthor {
    id: i64,
    username: &'static str,
    display_name: &'static str,
}

async fn echo(request: Json<EchoRequest>) -> HttpResponse {
    let EchoRequest { text, client_id } = request.into_inner();
    HttpResponse::Created().json(EchoReply {
        id: 100_000,
        group_id: 7,
        seq: 10_000,
        author: EchoAuthor { id: 100, username: "bench-100", display_name: "Bench User 100" },
        text,
        client_id,
        version: 1,
        created_at: "2026-01-01T00:00:00.000000Z",
        edited_at: None,
        deleted_at: None,
        likes: 0,
        liked: false,
    })
}

/// The pages of the server, ready-made.
#[derive(Debug, Clone)]
struct Pages {
    plain: Bytes,
    rich: Bytes,
}

async fn static_reply(pages: Data<Pages>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(pages.plain.clone())
}

async fn rich_reply(pages: Data<Pages>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(pages.rich.clone())
}

fn read(path: &Path) -> Result<Bytes, BenchError> {
    let read = std::fs::read(path);
    read.map(Bytes::from).map_err(|source| BenchError::io(format!("reading {}", path.display()), source))
}

/// Serves on a free port, which it prints, until it is ended.
///
/// # Errors
/// The file of a static reply can't be read, or the port not be bound.
pub(crate) async fn serve(args: &BaselineArgs) -> Result<(), BenchError> {
    let plain = read(&args.static_reply)?;
    let rich = args.rich_reply.as_deref().map(read).transpose()?.unwrap_or_default();
    let pages = Data::new(Pages { plain, rich });
    let server = HttpServer::new(move || {
        App::new()
            .app_data(pages.clone())
            .route("/echo", web::post().to(echo))
            .route("/static", web::get().to(static_reply))
            .route("/static-rich", web::get().to(rich_reply))
    })
    .bind((Ipv4Addr::LOCALHOST, 0))
    .map_err(|source| BenchError::io("binding a port", source))?;
    for address in server.addrs() {
        output::print(&format!("http://{address}\n"))?;
    }
    server.run().await.map_err(|source| BenchError::io("serving the comparison", source))
}
