//! Rows that are no rows of the model.
use crate::random_trees::{Recipe, sample};
use bellwether_models::tail::boosting::RowPredictor;

#[test]
fn lengths_that_do_not_fit_are_refused_by_what_they_should_be() {
    let model = sample(&Recipe { features: 3, outputs: 2, ..Recipe::default() }, 0, 1).model;
    let predictor = RowPredictor::new(&model);
    assert_eq!((predictor.features(), predictor.outputs()), (3, 2));
    for (values, margins, expected) in [
        (2, 2, "the row has 2 values, but the model takes 3"),
        (4, 2, "the row has 4 values, but the model takes 3"),
        (3, 1, "the output has 1 values, but the model takes 2"),
    ] {
        let error = predictor.margins(&vec![0.0; values], &mut vec![0.0; margins]).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    for (values, margins) in [(6, 2), (3, 4), (7, 4), (6, 5)] {
        let refused = predictor.margins_of_rows(&vec![0.0; values], &mut vec![0.0; margins]);
        assert!(refused.is_err(), "{values} values for {margins} margins");
    }
    assert_eq!(predictor.margins_of_rows(&[], &mut []), Ok(()));
}
