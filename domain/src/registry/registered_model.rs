//! A model with all its versions and its history.
use super::{Action, ModelEvent, ModelName, ModelVersion, VersionNumber};

/// A named model.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisteredModel {
    /// Its name.
    pub name: ModelName,
    /// Its versions, by number.
    pub versions: Vec<ModelVersion>,
    /// What was done, the oldest first.
    pub history: Vec<ModelEvent>,
}

impl RegisteredModel {
    /// A version by its number.
    #[must_use]
    pub fn version(&self, number: VersionNumber) -> Option<&ModelVersion> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The version that answers: the one promoted, or rolled back to, last.
    #[must_use]
    pub fn champion(&self) -> Option<VersionNumber> {
        self.reign().last().copied()
    }

    /// The version that would be champion: the one registered last, until it is promoted.
    #[must_use]
    pub fn challenger(&self) -> Option<VersionNumber> {
        let newest = self.history.iter().rev().find(|event| event.action == Action::Registered)?.version;
        let was_champion = |event: &ModelEvent| event.action == Action::Promoted && event.version == newest;
        (!self.history.iter().any(was_champion)).then_some(newest)
    }

    /// The champions that a rollback can go back to and the present one last: a promotion adds one, a rollback takes away
    /// those above its version, or adds its version if an earlier rollback took it away.
    #[must_use]
    pub fn reign(&self) -> Vec<VersionNumber> {
        let mut reign: Vec<VersionNumber> = Vec::new();
        for event in &self.history {
            match event.action {
                Action::Registered => {}
                Action::Promoted => reign.push(event.version),
                Action::RolledBack => match reign.iter().rposition(|version| *version == event.version) {
                    Some(at) => reign.truncate(at + 1),
                    None => reign.push(event.version),
                },
            }
        }
        reign
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{ContentHash, FeatureSchema, ModelKind};
    use super::*;
    use crate::types::Timestamp;

    pub(in crate::registry) fn model(history: &[(Action, u32)]) -> RegisteredModel {
        let event = |(action, version): &(Action, u32)| ModelEvent {
            action: *action,
            version: VersionNumber(*version),
            at: Timestamp::from_nanoseconds(0),
            by: "ada".to_owned(),
            reason: None,
            comparison: None,
        };
        let name = ModelName::new("tail-slo").unwrap();
        RegisteredModel { name, versions: Vec::new(), history: history.iter().map(event).collect() }
    }

    pub(in crate::registry) fn with_versions(mut model: RegisteredModel, count: u32) -> RegisteredModel {
        let version = |number| ModelVersion {
            number: VersionNumber(number),
            sha256: ContentHash::of(&number.to_le_bytes()),
            bytes: 4,
            kind: ModelKind::QuantileBoosting,
            quantiles: vec![0.5],
            features: FeatureSchema::default(),
            features_sha256: FeatureSchema::default().hash(),
            training: None,
            parameters: std::collections::BTreeMap::new(),
            validation: None,
            registered_at: Timestamp::from_nanoseconds(0),
            registered_by: "ada".to_owned(),
        };
        model.versions = (1..=count).map(version).collect();
        model
    }

    #[test]
    fn champion_and_challenger_follow_from_the_history() {
        use Action::{Promoted, Registered, RolledBack};
        for (history, champion, challenger) in [
            (&[][..], None, None),
            (&[(Registered, 1)], None, Some(1)),
            (&[(Registered, 1), (Promoted, 1)], Some(1), None),
            (&[(Registered, 1), (Promoted, 1), (Registered, 2)], Some(1), Some(2)),
            (&[(Registered, 1), (Promoted, 1), (Registered, 2), (Promoted, 2)], Some(2), None),
            (&[(Registered, 1), (Promoted, 1), (Registered, 2), (Promoted, 2), (RolledBack, 1)], Some(1), None),
            (&[(Registered, 1), (Registered, 2), (Promoted, 1)], Some(1), Some(2)),
        ] {
            let model = model(history);
            let numbers = (model.champion().map(|version| version.0), model.challenger().map(|version| version.0));
            assert_eq!(numbers, (champion, challenger), "{history:?}");
        }
    }
}
