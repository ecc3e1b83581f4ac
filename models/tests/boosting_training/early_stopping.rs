//! When training ends.
use super::{noise, quantiles, table_of};
use bellwether_models::tail::boosting::{EarlyStopping, Options, Parameters, TrainError, TrainingTable, train};
use std::ops::ControlFlow;

/// What is learnt helps only while it is coarse: the finer waves are another in the second table.
fn waves(fine: f64) -> TrainingTable {
    let x = noise(600, 0);
    let fine_noise = noise(600, fine as usize);
    let target: Vec<f64> = x.iter().zip(fine_noise).map(|(x, noise)| (x * 9.0).sin() * 3.0 + 2.0 * noise).collect();
    table_of(vec![("x", x)], &target)
}

fn options(min_delta: f64) -> Options {
    let early_stopping = Some(EarlyStopping { patience: 5, min_delta });
    let quick = Parameters { rounds: 200, learning_rate: 0.3, min_child_weight: Some(2.0), ..quantiles(&[0.3, 0.7]) };
    Options::new(Parameters { early_stopping, ..quick }).unwrap()
}

#[test]
fn training_stops_when_the_validation_loss_has_not_fallen_for_the_patience() {
    let (table, validation) = (waves(1.0), waves(2.0));
    for min_delta in [0.0, 0.01] {
        let mut seen = Vec::new();
        let trained = train(&table, Some(&validation), &options(min_delta), &mut |round| {
            seen.push(round.clone());
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(seen, trained.curve);
        let losses: Vec<f64> =
            seen.iter().map(|round| round.validation.as_ref().unwrap().iter().sum::<f64>() / 2.0).collect();
        let best = trained.best_round;
        assert_eq!(losses.len(), best + 5 + 1, "{losses:?}");
        assert!(losses.len() < 200 && losses[best + 1..].iter().all(|loss| *loss >= losses[best] - min_delta));
        assert!(losses[..best].iter().all(|loss| *loss > losses[best]), "{losses:?}");
        let parts = trained.model.parts();
        assert_eq!((parts.best_round, parts.round_starts.len()), (Some(best), losses.len() + 1));
        assert_eq!(parts.attributes["best_iteration"], best.to_string());
        assert_eq!(trained.model.trees_in_use().len(), 2 * (best + 1));
    }
}

#[test]
fn an_observer_can_end_it() {
    let mut rounds = 0;
    let ended = train(&waves(1.0), Some(&waves(2.0)), &options(0.0), &mut |_| {
        rounds += 1;
        if rounds == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((ended.unwrap_err(), rounds), (TrainError::Cancelled, 3));
}
