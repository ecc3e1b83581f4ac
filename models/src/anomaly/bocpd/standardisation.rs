//! What an observation model takes from the centre and spread of the data: a unit for the values, and a prior in it.

use super::observation_model::ObservationModel;
use super::options::Scaling;
use super::scaling::Unit;

/// How values become samples, and what the prior follows in the unit of the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standardisation {
    pub(super) unit: Unit,
    pub(super) prior: Unit,
}

impl ObservationModel {
    /// By a centre and a spread that are known; for counts the spread is their rate.
    pub(super) fn known(self, centre: f64, spread: f64) -> Standardisation {
        match self {
            Self::Gaussian(_) => of_values(Unit { centre, spread }),
            Self::KnownVariance { standard_deviation, .. } => of_values(Unit { centre, spread: standard_deviation }),
            Self::Variance { .. } => of_values(Unit { centre: 0.0, spread }),
            Self::Poisson { .. } => of_counts(Unit { centre: 0.0, spread }),
            Self::Binomial { .. } => of_counts(Unit::IDENTITY),
        }
    }

    /// By the values of the warm-up, robustly; they are reordered.
    pub(super) fn first(self, values: &mut [f64]) -> Standardisation {
        match self {
            Self::Gaussian(_) => of_values(Unit::robust(values)),
            Self::KnownVariance { standard_deviation, .. } => {
                of_values(Unit { spread: standard_deviation, ..Unit::robust(values) })
            }
            Self::Variance { .. } => of_values(Unit::about_zero(values)),
            Self::Poisson { .. } => of_counts(Unit::of_counts(values)),
            Self::Binomial { .. } => of_counts(Unit::IDENTITY),
        }
    }

    /// By a whole series.
    pub(super) fn whole(self, values: &[Option<f64>]) -> Standardisation {
        let present = values.iter().flatten().copied();
        match self {
            Self::Gaussian(_) => of_values(Unit::whole(present)),
            Self::KnownVariance { standard_deviation, .. } => {
                of_values(Unit { spread: standard_deviation, ..Unit::whole(present) })
            }
            Self::Variance { .. } | Self::Poisson { .. } | Self::Binomial { .. } => {
                self.first(&mut present.collect::<Vec<f64>>())
            }
        }
    }
}

impl Standardisation {
    /// The scaling that [`ObservationModel::known`] turns into this.
    pub(super) fn scaling(self, model: ObservationModel) -> Scaling {
        let Unit { centre, spread } = match model {
            ObservationModel::Poisson { .. } => self.prior,
            _ => self.unit,
        };
        Scaling::Known { centre, spread }
    }
}

fn of_values(unit: Unit) -> Standardisation {
    Standardisation { unit, prior: Unit::IDENTITY }
}

fn of_counts(prior: Unit) -> Standardisation {
    Standardisation { unit: Unit::IDENTITY, prior }
}
