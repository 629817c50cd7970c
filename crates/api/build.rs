//! Makes the files of the Swagger page that the program carries: each compressed once, those that are large under a
//! name with their hash, so that a browser may keep them for good. Nothing is downloaded.

use std::hash::{DefaultHasher, Hasher};
use std::io::{Cursor, Error, Read, Result, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::{Compression, GzBuilder};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;

/// Files of Swagger UI that the page needs.
const SWAGGER_UI: &[&str] = &["swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"];
/// Our own files of the page, in `src/docs_page/`.
const OWN: &[&str] = &["page.js", "page.css"];
/// The page, in `src/docs_page/`, which names the files above by their plain names.
const PAGE: &str = "index.html";
/// Handbooks that the page leads to, in the repository's `docs/`.
const HANDBOOKS: &[&str] = &["API.md", "EVENTS.md"];

fn main() -> Result<()> {
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let mut archive = zip::ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    let mut files = Vec::new();
    for name in SWAGGER_UI {
        files.push((*name, swagger_ui(&mut archive, name)?));
    }
    for name in OWN {
        files.push((*name, read(&folder.join("src/docs_page").join(name))?));
    }

    let mut page =
        String::from_utf8(read(&folder.join("src/docs_page").join(PAGE))?).map_err(Error::other)?;
    let mut table = String::from("&[\n");
    for (name, bytes) in &files {
        let hashed = hashed_name(name, bytes);
        if !page.contains(name) {
            return Err(Error::other(format!("{PAGE} does not name {name}")));
        }
        page = page.replace(name, &hashed);
        table += &entry(&out, &hashed, bytes, true)?;
    }
    table += &entry(&out, "", page.as_bytes(), false)?;
    for name in HANDBOOKS {
        table += &entry(&out, name, &read(&folder.join("../../docs").join(name))?, false)?;
    }
    fs::write(out.join("files.rs"), table + "]\n")
}

fn variable(name: &str) -> Result<String> {
    env::var(name).map_err(Error::other)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    println!("cargo::rerun-if-changed={}", path.display());
    fs::read(path).map_err(|error| Error::other(format!("{}: {error}", path.display())))
}

/// A file of the one folder `swagger-ui-VERSION/dist/` in the archive.
fn swagger_ui(archive: &mut zip::ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Vec<u8>> {
    let wanted = format!("/dist/{name}");
    let in_dist = |path: &str| path.strip_suffix(&wanted).is_some_and(|folder| !folder.contains('/'));
    let path = archive.file_names().filter_map(|path| path.ok()).find(|path| in_dist(path));
    let path = path.map(|path| path.into_owned());
    let path = path.ok_or_else(|| Error::other(format!("Swagger UI has no {name}")))?;
    let mut bytes = Vec::new();
    archive.by_name(&path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// `name.js` as `name.HASH.js`.
fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}.{}.{extension}", hash(bytes))
}

/// Tells one version of a file from another. Nobody gains anything by making two alike.
fn hash(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{:016x}", hasher.finish())
}

/// Writes a file and what is left of it compressed; gives the line of Rust that embeds both.
fn entry(out: &Path, path: &str, bytes: &[u8], hashed: bool) -> Result<String> {
    let name = if path.is_empty() { PAGE } else { path };
    let plain = out.join(name);
    fs::write(&plain, bytes)?;
    let gzipped = out.join(format!("{name}.gz"));
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    fs::write(&gzipped, encoder.finish()?)?;
    Ok(format!(
        "    File {{ path: {path:?}, media_type: {:?}, hash: {:?}, hashed: {hashed}, \
         plain: include_bytes!({plain:?}), gzipped: include_bytes!({gzipped:?}) }},\n",
        media_type(name)?,
        hash(bytes),
    ))
}

fn media_type(name: &str) -> Result<&'static str> {
    match name.rsplit('.').next() {
        Some("html") => Ok("text/html; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("png") => Ok("image/png"),
        // Browsers show it as it is; they would download Markdown.
        Some("md") => Ok("text/plain; charset=utf-8"),
        _ => Err(Error::other(format!("{name} has no media type"))),
    }
}
