//! Where a page of observations ended: event time and name, as text that survives a query string unescaped.
use bellwether_domain::ports::StoreError;
use bellwether_domain::types::{FeatureName, Observation, Timestamp};
use std::fmt::Write as _;

/// Longest part of a refused position that is repeated to the caller, in characters.
const SHOWN: usize = 64;

/// The position of `observation`: `<nanoseconds>.<name in hex>`.
pub(crate) fn print(observation: &Observation) -> String {
    let mut text = format!("{}.", observation.at.nanoseconds());
    for byte in observation.name.as_str().bytes() {
        let _ = write!(text, "{byte:02x}"); // a String never refuses
    }
    text
}

/// The event time and name that `text` stands for.
///
/// # Errors
/// [`StoreError::UnknownPosition`] if no page can have given it.
pub(crate) fn parse(text: &str) -> Result<(Timestamp, FeatureName), StoreError> {
    read(text).ok_or_else(|| StoreError::UnknownPosition(text.chars().take(SHOWN).collect()))
}

fn read(text: &str) -> Option<(Timestamp, FeatureName)> {
    let (at, name) = text.split_once('.')?;
    let digits = name.as_bytes().chunks(2);
    let name: Option<Vec<u8>> = digits.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect();
    let name = String::from_utf8(name?).ok()?;
    Some((Timestamp::from_nanoseconds(at.parse().ok()?), FeatureName::new(&name).ok()?))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_domain::types::ServiceId;

    #[test]
    fn a_position_is_safe_in_a_query_string_and_reads_back() {
        for (at, name) in [(0, "load"), (-5, "Zürich latency & p99"), (i64::MIN, "a.b"), (i64::MAX, "東京")] {
            let name = FeatureName::new(name).unwrap();
            let at = Timestamp::from_nanoseconds(at);
            let text = print(&Observation { service: ServiceId::default(), name: name.clone(), at, value: 1.0 });
            assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)), "{text}");
            assert_eq!(parse(&text), Ok((at, name)));
        }
    }

    #[test]
    fn any_other_text_is_refused_and_repeated_shortened() {
        let long = "9".repeat(500);
        for text in ["", "1", "1.", ".61", "x.61", "1.6", "1.6g", "1.ff", "1.0a", "1.6é", long.as_str()] {
            let Err(StoreError::UnknownPosition(shown)) = parse(text) else { panic!("{text:?} was taken") };
            assert!(text.starts_with(&shown) && shown.len() <= 64);
        }
    }
}
