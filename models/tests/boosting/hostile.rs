//! Damaged, foreign and malicious files: a refusal that says where, never a panic.
use super::*;
use bellwether_models::tail::boosting::xgboost::FileError;
use proptest::prelude::*;

const CASES: [&str; 6] = [
    "3.2.0-quantiles.ubj",
    "3.2.0-approx.json",
    "3.2.0-categorical_partition.ubj",
    "3.2.0-vector_leaf.ubj",
    "1.7.6-softprob.ubj",
    "2.1.4-categorical_one_hot.json",
];

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(folder("zoo").join(name)).unwrap()
}

/// Reads bytes and, if they still are a model, uses it; a message names a place and a remedy.
fn survives(bytes: &[u8]) {
    match xgboost::read(bytes) {
        Ok(model) => {
            let features = model.parts().features.count;
            if features <= 64 {
                let rows = [vec![0.5; features], vec![f32::NAN; features], vec![f32::INFINITY; features]].concat();
                assert_eq!(model.margins(&rows).unwrap().len(), 3 * model.outputs());
                assert_eq!(model.predict(&rows.repeat(8)).unwrap().len(), 24 * model.prediction_width());
            }
            assert_eq!(xgboost::read(&xgboost::to_ubjson(&model)).map(|_| ()), Ok(()));
        }
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains(": ") && said.lines().count() == 1, "{said}");
        }
    }
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    for name in CASES {
        let bytes = bytes(name);
        for end in 0..bytes.len() {
            let refused = xgboost::read(&bytes[..end]);
            assert!(refused.is_err(), "{name} cut off at {end}");
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_never_panics() {
    for name in CASES {
        let mut bytes = bytes(name);
        for at in 0..bytes.len() {
            let bit = 1 << (at % 8);
            bytes[at] ^= bit;
            survives(&bytes);
            bytes[at] ^= bit;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_changed_byte_anywhere_never_panics(case in 0..CASES.len(), at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = bytes(CASES[case]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        survives(&bytes);
    }

    #[test]
    fn random_bytes_never_panic(start in prop::sample::select(&["", "{", "{\"", "{L\0\0\0\0\0\0\0\u{7}learner"][..]),
                                rest in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&[start.as_bytes(), &rest].concat());
    }

    #[test]
    fn random_words_of_the_format_never_panic(
        words in prop::collection::vec(prop::sample::select(&["{", "}", "[", "]", ",", ":", "\"a\"", "1", "NaN", "-", "true", "\"\\u12", " "][..]), 0..40)
    ) {
        survives(format!("{{{}", words.concat()).as_bytes());
    }
}

#[test]
fn what_contradicts_itself_is_named_by_its_path_in_the_file() {
    let text = String::from_utf8(bytes("3.2.0-approx.json")).unwrap();
    let tree = "`learner.gradient_booster.model.trees[0]";
    for (from, to, expected) in [
        ("\"num_nodes\":\"", "\"num_nodes\":\"9", format!("{tree}.left_children` has ")),
        ("\"num_nodes\":\"", "\"num_nodes\":\"-", format!("{tree}.tree_param.num_nodes` is no number")),
        ("\"left_children\":[1,", "\"left_children\":[0,", format!("{tree}.left_children` node 0 is reached twice")),
        ("\"left_children\":[1,", "\"left_children\":[99,", format!("{tree}.left_children` node 0 has child 99")),
        ("\"left_children\":[1,", "\"left_children\":[1.5,", format!("{tree}.left_children` holds `1.5` at index 0")),
        ("\"right_children\":[2,", "\"right_children\":[-1,", format!("{tree}.right_children` node 0 has child -1")),
        ("\"split_indices\":[", "\"split_indices\":[7", format!("{tree}.split_indices` names feature 7")),
        ("\"split_conditions\":[", "\"split_conditions\":[x", format!("{tree}.split_conditions` holds `x")),
        ("\"split_conditions\":[", "\"split_condition\":[", format!("{tree}` lacks `split_conditions`")),
        ("\"sum_hessian\":[", "\"sum_hessian\":[1,", format!("{tree}.sum_hessian` has ")),
        ("\"size_leaf_vector\":\"1", "\"size_leaf_vector\":\"4", format!("{tree}.tree_param.size_leaf_vector` is 4")),
        ("\"tree_info\":[0,", "\"tree_info\":[5,", "`learner.gradient_booster.model.tree_info` names".to_owned()),
        (
            "\"num_trees\":\"3",
            "\"num_trees\":\"4",
            "`learner.gradient_booster.model.gbtree_model_param.num_trees` is 4".to_owned(),
        ),
        (
            "\"iteration_indptr\":[0,1",
            "\"iteration_indptr\":[0,3",
            "`learner.gradient_booster.model.iteration_indptr` does".to_owned(),
        ),
        ("\"id\":1,", "\"id\":0,", "`learner.gradient_booster.model.trees[1].id` is 0, which is taken".to_owned()),
        (
            "\"num_feature\":\"5\",\"num_target",
            "\"num_feature\":\"0\",\"num_target",
            "`learner.learner_model_param.num_feature` is 0".to_owned(),
        ),
        (
            "\"num_class\":\"0",
            "\"num_class\":\"99999999",
            "`learner.learner_model_param.num_class` is 99999999".to_owned(),
        ),
        (
            "\"base_score\":\"[",
            "\"base_score\":\"[NaN,",
            "`learner.learner_model_param.base_score` is not finite".to_owned(),
        ),
        (
            "\"base_score\":\"[",
            "\"base_score\":\"[1,",
            "`learner.learner_model_param.base_score` has 2 numbers for 1".to_owned(),
        ),
        (
            "\"feature_types\":[\"float",
            "\"feature_types\":[\"flow",
            "`learner.feature_types[0]` is no feature type".to_owned(),
        ),
        (
            "\"feature_names\":[\"load\",",
            "\"feature_names\":[",
            "the list of feature names has 4 entries, not 5".to_owned(),
        ),
        ("\"learner\"", "\"leaner\"", "the file lacks `learner`".to_owned()),
    ] {
        assert!(text.contains(from), "{from}");
        let error = xgboost::read(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with(&expected), "{from}: {error}");
    }
}

#[test]
fn other_kinds_of_files_and_models_are_refused_by_name() {
    let text = String::from_utf8(bytes("3.2.0-approx.json")).unwrap();
    let objective = text.replace("reg:squarederror", "my:objective");
    let linear = text.replace("\"name\":\"gbtree\"", "\"name\":\"gblinear\"");
    let quantile = String::from_utf8(bytes("3.2.0-quantile.json")).unwrap().replace("\"[9E-1]\"", "\"[1.5E0]\"");
    for (bytes, expected) in [
        (&b""[..], "it is an empty file, not XGBoost's JSON or UBJSON: save the model with save_model(\"model.json\")"),
        (b"binf\x00\x00\x00", "it is XGBoost's old binary format"),
        (b"\x80\x04\x95\x00", "it is a pickle"),
        (b"\x1f\x8b\x08\x00", "it is a gzip archive"),
        (b"booster[0]:\n0:[f0<1]", "it is a dump of trees"),
        (b"tree\nversion=v4", "it is a LightGBM model"),
        (b"\xff\xfe\x00", "it is another kind of file"),
        (objective.as_bytes(), "a model with objective `my:objective` cannot be used: "),
        (linear.as_bytes(), "a linear model (gblinear) cannot be used: train with booster gbtree or dart"),
        (quantile.as_bytes(), "`learner.objective.quantile_loss_param.quantile_alpha` holds a level"),
    ] {
        let error = xgboost::read(bytes).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn what_is_no_json_is_named_by_line_and_column_and_what_is_no_ubjson_by_byte() {
    for (bytes, expected) in [
        (&b"{\"learner\":\n  {\"a\" 1}}"[..], "`:` is expected at line 2, column 8: "),
        (b"{\"learner\": 12x}", "a value is expected at line 1, column 13: "),
        (b"{\"learner\": [1, \"a\"]}", "a number is expected at line 1, column 17: "),
        (b"{\"a\": \"\\ud800\"}", "an escaped character does not exist at line 1, column 14: "),
        (b"{\"a\": \"\xff\"}", "a text is no UTF-8 at line 1, column "),
        (b"{\"a\": 1} x", "there is more behind the end at line 1, column 10: "),
        (b"{L\0\0\0\0\0\0\0\x01aQ", "a value of an unknown type at byte 11: "),
        (b"{L\0\0\0\0\0\0\0\x01a[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", "a length is wrong at byte "),
        (
            b"{L\0\0\0\0\0\0\0\x01a[#L\x7f\xff\xff\xff\xff\xff\xff\xff",
            "the file is cut off, or a length is wrong at byte ",
        ),
        (b"{L\xff\xff\xff\xff\xff\xff\xff\xff", "a length is negative at byte 1: "),
        (b"{L\0\0\0\0\0\0\0\x01aZ}Z", "there is more behind the end at byte 13: "),
    ] {
        let error = xgboost::read(bytes).unwrap_err();
        assert!(matches!(error, FileError::Syntax { .. }) && error.to_string().starts_with(expected), "{error}");
    }
}

#[test]
fn nesting_without_end_and_endless_values_end_in_an_error() {
    let depth = 1_000_000;
    for (bytes, expected) in [
        (["{\"a\":", &"[".repeat(depth)].concat().into_bytes(), "values are nested more than 64 deep"),
        ("{\"a\":".repeat(depth).into_bytes(), "values are nested more than 64 deep"),
        ([&b"{L\0\0\0\0\0\0\0\x01a"[..], &b"[".repeat(depth)].concat(), "values are nested more than 64 deep"),
        (["{\"a\":[", &"[],".repeat(5_000_000)].concat().into_bytes(), "the file holds more than 4194304 values"),
    ] {
        let error = xgboost::read(&bytes).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn categories_are_bounded_and_names_beyond_ascii_refused_where_xgboost_writes_them_wrongly() {
    let text = String::from_utf8(xgboost::to_json(&model(&folder("zoo/3.2.0-categorical_partition.ubj")))).unwrap();
    let codes = text.find("\"categories\":[").unwrap() + "\"categories\":[".len();
    for (inserted, expected) in [("99999999,", "holds a code"), ("-3,", "holds a code")] {
        let damaged = format!("{}{inserted}{}", &text[..codes], &text[codes..]);
        let error = xgboost::read(damaged.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("trees[0].categories` holds a code"), "{expected}: {error}");
    }
    let zurich = text.replacen("\"values\":[111", "\"values\":[-61", 1);
    let error = xgboost::read(zurich.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("a dictionary of categories with names beyond ASCII"), "{error}");
}
