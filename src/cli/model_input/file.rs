//! Opening a model file.
use crate::cli::{Refusal, say};
use bellwether_models::tail::boosting::BoostedTrees;
use bellwether_models::tail::boosting::xgboost::{self, FileError};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes of a model file beyond which its reading would take too long or too much memory.
const MOST_BYTES: u64 = 128 << 20;

/// Reads a model in XGBoost's JSON or UBJSON, whatever the file is called.
///
/// # Errors
/// A [`Refusal`] that names the file and what is wrong with it.
pub(in crate::cli) fn open_model(path: &Path) -> Result<BoostedTrees, Refusal> {
    let name = path.display().to_string();
    let not_read = |error: io::Error| {
        Refusal::new(format!("{name} cannot be read: {error}"), "give the path of a model file in JSON or UBJSON")
    };
    let mut bytes = Vec::new();
    let source = File::open(path).map_err(not_read)?;
    let size = source.metadata().map_or(0, |facts| facts.len());
    bytes.reserve_exact(usize::try_from(size.min(MOST_BYTES)).unwrap_or(0) + 1);
    source.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(not_read)?;
    if bytes.len() as u64 > MOST_BYTES {
        let what = format!("{name} is larger than {} MiB", MOST_BYTES >> 20);
        return Err(Refusal::new(what, "train with fewer rounds or a smaller depth"));
    }
    xgboost::read(&bytes).map_err(|error| refusal(&error, name))
}

/// Says on standard error that not all trees are used, if so.
pub(in crate::cli) fn say_best_round(model: &BoostedTrees) {
    let rounds = model.parts().round_starts.len() - 1;
    if let Some(best) = model.parts().best_round.filter(|best| best + 1 < rounds) {
        say(&format!(
            "note: training stopped early (best_iteration {best}): {} of {rounds} rounds are used\n",
            best + 1
        ));
    }
}

fn refusal(error: &FileError, file: String) -> Refusal {
    let said = error.to_string();
    let (what, hint) = said.rsplit_once(": ").unwrap_or((&said, "save the model again"));
    Refusal::new(what, hint).at(file)
}
