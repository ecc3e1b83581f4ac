//! From streams to what is said of them, as fields: what the endpoint answers.
use super::reader::ServiceStreams;
use super::stream::{FoundChange, Standing, Stream};
use bellwether_domain::types::{FeatureName, FieldValue, Fields, Timestamp};
use bellwether_models::anomaly::bocpd::Regime;
use std::sync::Arc;

/// Changes that an answer tells of; the history has more.
const MOST_CHANGES: usize = 10;
/// Streams that an answer summarises; the likeliest changes first.
const MOST_SUMMARIES: usize = 100;

/// What is said of one stream.
#[must_use]
pub fn report_stream(quantity: &FeatureName, stream: &Stream) -> Fields {
    let changes = stream.changes().iter().rev().take(MOST_CHANGES).map(|found| change_point(quantity, found).into());
    told(quantity, stream, changes.collect())
}

/// What is said of a service: the stream whose change is likeliest decides, all are summarised. `None` without a stream.
#[must_use]
pub fn report_service(streams: &ServiceStreams) -> Option<Fields> {
    let mut ranked: Vec<(f64, &FeatureName, &Stream)> =
        streams.iter().map(|(quantity, stream)| (stream.change_probability(), quantity, &**stream)).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0)); // stable: of equals the first by name
    let (_, quantity, decisive) = *ranked.first()?;
    let mut changes: Vec<(&FeatureName, &FoundChange)> = ranked
        .iter()
        .flat_map(|(_, quantity, stream)| stream.changes().iter().rev().take(MOST_CHANGES).map(|one| (*quantity, one)))
        .collect();
    changes.sort_by_key(|(_, found)| std::cmp::Reverse(found.detected_at()));
    let changes = changes.into_iter().take(MOST_CHANGES).map(|(quantity, one)| change_point(quantity, one).into());
    let summaries = ranked.iter().take(MOST_SUMMARIES).map(|(_, quantity, stream)| summary(quantity, stream).into());
    let mut fields = told(quantity, decisive, changes.collect());
    fields.push("streams", summaries.collect::<Vec<FieldValue>>());
    fields.push("streams_total", streams.len());
    Some(fields)
}

/// Which stream decides what is said of a service.
#[must_use]
pub fn decisive(streams: &ServiceStreams) -> Option<(&FeatureName, &Arc<Stream>)> {
    let likelier = |a: &(&FeatureName, &Arc<Stream>), b: &(&FeatureName, &Arc<Stream>)| {
        a.1.change_probability().total_cmp(&b.1.change_probability())
    };
    streams.iter().rev().max_by(likelier) // of equals the last one, which is the first by name
}

fn told(quantity: &FeatureName, stream: &Stream, changes: Vec<FieldValue>) -> Fields {
    let standing = stream.standing();
    let mut fields = Fields::with_capacity(19);
    fields.push("change_probability", stream.change_probability());
    fields.push("run_length", whole(stream.run_length()));
    fields.push("change_points", changes);
    fields.push("regime", regime_word(standing));
    fields.push("regime_statistics", regime_statistics(&stream.regime(), stream.regime_since()));
    fields.push("anomaly_score", stream.score());
    fields.push("is_anomaly", stream.is_anomaly());
    let detectors = Fields::with_capacity(3).with("bocpd", stream.score());
    fields.push("detectors", detectors.with("isolation_forest", FieldValue::Null).with("rrcf", FieldValue::Null));
    let (gate, reason) = gate(standing);
    fields.push("gate", gate);
    fields.push("gate_reason", reason);
    fields.push("quantity", quantity.to_string());
    fields.push("values", whole(stream.values()));
    fields.push("appended_values", whole(stream.appended()));
    fields.push("observed_values", whole(stream.observed()));
    fields.push("last_value_at", stream.last_at().to_string());
    fields.push("discarded_mass", stream.discarded_mass());
    fields
}

fn summary(quantity: &FeatureName, stream: &Stream) -> Fields {
    let standing = stream.standing();
    let (gate, reason) = gate(standing);
    let mut fields = Fields::with_capacity(10);
    fields.push("quantity", quantity.to_string());
    fields.push("change_probability", stream.change_probability());
    fields.push("run_length", whole(stream.run_length()));
    fields.push("regime", regime_word(standing));
    fields.push("anomaly_score", stream.score());
    fields.push("is_anomaly", stream.is_anomaly());
    fields.push("gate", gate);
    fields.push("gate_reason", reason);
    fields.push("values", whole(stream.values()));
    fields.push("last_value_at", stream.last_at().to_string());
    fields
}

/// What is said of a change.
fn change_point(quantity: &FeatureName, found: &FoundChange) -> Fields {
    let change = found.change;
    let magnitude = Fields::with_capacity(2).with("before", level(&change.before)).with("after", level(&change.after));
    let mut fields = Fields::with_capacity(8);
    fields.push("quantity", quantity.to_string());
    fields.push("at", found.started_at().map(|at| at.to_string()));
    fields.push("detected_at", found.detected_at().to_string());
    fields.push("index", whole(change.alarm));
    fields.push("start", whole(change.start));
    fields.push("probability", change.probability);
    fields.push("magnitude", magnitude);
    fields.push("lag", whole(change.lag()));
    fields
}

fn level(regime: &Regime) -> Fields {
    Fields::with_capacity(2).with("mean", regime.mean).with("sd", regime.standard_deviation)
}

fn regime_statistics(regime: &Regime, since: Option<Timestamp>) -> Fields {
    Fields::with_capacity(4)
        .with("mean", regime.mean)
        .with("standard_deviation", regime.standard_deviation)
        .with("samples", whole(regime.samples))
        .with("since", since.map(|at| at.to_string()))
}

const fn regime_word(standing: Standing) -> &'static str {
    match standing {
        Standing::WarmingUp => "warming_up",
        Standing::ChangeLikely | Standing::RecentChange => "changing",
        Standing::Stable => "stable",
    }
}

/// Whether a deploy may go on, and why not.
const fn gate(standing: Standing) -> (&'static str, Option<&'static str>) {
    match standing {
        Standing::WarmingUp => ("hold", Some("insufficient_data")),
        Standing::ChangeLikely => ("hold", Some("change_likely")),
        Standing::RecentChange => ("hold", Some("recent_change")),
        Standing::Stable => ("open", None),
    }
}

/// Counts stay far below 2^63.
fn whole(count: u64) -> FieldValue {
    FieldValue::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bellwether_models::anomaly::bocpd::{Detector, Options};

    /// So many values of a regime, then so many of another.
    fn stream(before: u64, after: u64) -> Arc<Stream> {
        let mut stream = Stream::new(Detector::new(Options::default()).unwrap());
        for row in 0..before + after {
            let value = (row * 7919 % 101) as f64 / 101.0 + if row < before { 0.0 } else { 10.0 };
            stream.append(row + 1, Timestamp::from_milliseconds(1_000 * row.cast_signed()), value);
        }
        Arc::new(stream)
    }

    fn streams(named: &[(&str, u64, u64)]) -> ServiceStreams {
        named.iter().map(|(name, before, after)| (FeatureName::new(name).unwrap(), stream(*before, *after))).collect()
    }

    fn text<'a>(fields: &'a Fields, path: &str) -> Option<&'a str> {
        match fields.at(path) {
            Some(FieldValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn the_likeliest_change_decides_and_of_equals_the_first_by_name() {
        for (named, expected) in [
            (&[("b", 60, 0), ("a", 60, 0), ("c", 60, 0)][..], "a"),
            (&[("b", 60, 0), ("a", 60, 0), ("c", 60, 4)], "c"),
            (&[("d", 60, 4), ("a", 60, 0), ("c", 60, 4), ("e", 60, 40)], "c"),
        ] {
            let streams = streams(named);
            let report = report_service(&streams).unwrap();
            assert_eq!(text(&report, "quantity"), Some(expected));
            assert_eq!(text(&report, "streams.0.quantity"), Some(expected));
            assert_eq!(decisive(&streams).unwrap().0.as_str(), expected);
        }
        assert!(report_service(&ServiceStreams::new()).is_none() && decisive(&ServiceStreams::new()).is_none());
    }

    #[test]
    fn a_service_tells_of_its_changes_newest_first_whichever_stream_decides() {
        let streams = streams(&[("early", 60, 40), ("late", 90, 4), ("never", 99, 0)]);
        let report = report_service(&streams).unwrap();
        assert_eq!(text(&report, "quantity"), Some("late"));
        let quantities = ["change_points.0.quantity", "change_points.1.quantity", "change_points.2.quantity"];
        assert_eq!(quantities.map(|path| text(&report, path)), [Some("late"), Some("early"), None]);
    }

    #[test]
    fn the_gate_is_open_while_a_stream_is_stable_and_says_why_it_holds() {
        for (standing, regime, expected) in [
            (Standing::WarmingUp, "warming_up", ("hold", Some("insufficient_data"))),
            (Standing::ChangeLikely, "changing", ("hold", Some("change_likely"))),
            (Standing::RecentChange, "changing", ("hold", Some("recent_change"))),
            (Standing::Stable, "stable", ("open", None)),
        ] {
            assert_eq!((regime_word(standing), gate(standing)), (regime, expected));
        }
    }

    #[test]
    fn at_most_a_hundred_streams_are_summarised() {
        let one = stream(1, 0);
        let streams: ServiceStreams =
            (0..120).map(|number| (FeatureName::new(&format!("q{number:03}")).unwrap(), Arc::clone(&one))).collect();
        let report = report_service(&streams).unwrap();
        assert_eq!(report.at("streams_total"), Some(&FieldValue::Integer(120)));
        assert!(report.at("streams.99").is_some() && report.at("streams.100").is_none());
    }
}
