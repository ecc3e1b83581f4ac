//! Files of other people's figures, which are not part of this repository.

/// A file's text; `None`, said plainly, where it is absent.
pub(crate) fn text(name: &str) -> Option<String> {
    let workspace = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let data = std::env::var("BELLWETHER_DATA").unwrap_or_else(|_| "../shared/data".to_owned());
    let path = std::path::Path::new(workspace).join(data).join("optimization").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("skipped: {} is absent (set BELLWETHER_DATA)", path.display());
    }
    text
}

/// The numbers of a table, row by row, without its header.
pub(crate) fn table(name: &str) -> Option<Vec<Vec<f64>>> {
    let row = |line: &str| line.split(',').map(|cell| cell.parse().unwrap()).collect();
    Some(text(name)?.lines().skip(1).map(row).collect())
}
