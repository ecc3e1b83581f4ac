//! XGBoost's own model file, JSON and UBJSON: read and written so that either side predicts the same bits.
//!
//! Source: XGBoost's `doc/model.schema`, `src/common/json.cc`, `src/tree/tree_model.cc`; files of versions 1.0 to 3.4.
//! A tree whose leaves hold several numbers is read as one tree per output, which predicts the same bits.
mod cursor;
mod error;
mod json;
mod numbers;
mod read;
mod ubjson;
mod value;
mod write;

pub use error::{FileError, Place};

use super::BoostedTrees;
use cursor::Cursor;
use value::Value;

/// The model that a file holds; the bytes say which format it is.
///
/// # Errors
/// [`FileError`] names what is wrong and where.
pub fn read(bytes: &[u8]) -> Result<BoostedTrees, FileError> {
    let document = parse(bytes)?;
    read::model(&Cursor::root(&document))
}

/// The model as JSON.
#[must_use]
pub fn to_json(model: &BoostedTrees) -> Vec<u8> {
    let mut sink = write::Json::default();
    write::model(model.parts(), &mut sink);
    sink.into_bytes()
}

/// The model as UBJSON, which is smaller and quicker to read.
#[must_use]
pub fn to_ubjson(model: &BoostedTrees) -> Vec<u8> {
    let mut sink = write::Ubjson::default();
    write::model(model.parts(), &mut sink);
    sink.into_bytes()
}

/// The document that bytes hold, in whichever of the two formats they are.
fn parse(bytes: &[u8]) -> Result<Value<'_>, FileError> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let start = text.trim_ascii_start();
    match start {
        [b'{', b'i' | b'U' | b'I' | b'l' | b'L', ..] => ubjson::parse(start),
        [b'{', ..] => json::parse(text),
        _ => Err(FileError::OtherFormat { what: other_format(start) }),
    }
}

/// What bytes are that are no model file.
fn other_format(bytes: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"binf", "XGBoost's old binary format"),
        (b"bs64", "XGBoost's old binary format in base 64"),
        (b"\x80", "a pickle"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"booster[", "a dump of trees, which no program can load"),
        (b"tree\n", "a LightGBM model"),
        (b"CBM1", "a CatBoost model"),
        (b"[", "a JSON array (a dump of trees, which no program can load?)"),
    ];
    if bytes.is_empty() {
        return "an empty file";
    }
    KNOWN.iter().find(|(start, _)| bytes.starts_with(start)).map_or("another kind of file", |(_, what)| what)
}
