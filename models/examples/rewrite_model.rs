//! Writes XGBoost model files anew, as JSON or UBJSON by the ending of the output:
//! `cargo run -p bellwether-models --example rewrite_model -- OUT.ubj MODEL..` (OUT may be a folder: then each keeps its name).
use bellwether_models::tail::boosting::xgboost;
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut paths = std::env::args_os().skip(1).map(PathBuf::from);
    let out = paths.next().ok_or("name the output, then model files")?;
    for path in paths {
        let model = xgboost::read(&std::fs::read(&path)?).map_err(|error| format!("{}: {error}", path.display()))?;
        let target = if out.is_dir() { out.join(path.file_name().unwrap_or_default()) } else { out.clone() };
        let is_binary = target.extension().is_some_and(|end| end == "ubj");
        std::fs::write(&target, if is_binary { xgboost::to_ubjson(&model) } else { xgboost::to_json(&model) })?;
        report(&path, &target);
    }
    Ok(())
}

fn report(path: &Path, target: &Path) {
    println!("{} -> {}", path.display(), target.display());
}
