//! `POST /models/extreme-events`.
use crate::support::{SERVICE_TIMES, Server, before_now, good_question, until};
use serde_json::{Value, json};

#[track_caller]
fn assert_close(what: &str, got: &Value, expected: f64) {
    let number = got.as_f64().unwrap_or_else(|| panic!("{what} is {got}"));
    assert!((number - expected).abs() <= 1e-6 * expected.abs(), "{what}: {number} instead of {expected}");
}

/// The threshold is the type 7 quantile (numpy 2.4.6); shape and scale minimise `-genpareto.logpdf(...).sum()`
/// (scipy 1.17.1), started at `genpareto.fit(floc=0)` and polished by Nelder-Mead to 1e-13; the rest follows by `ppf`.
#[test]
fn the_fit_is_the_one_that_scipy_finds() {
    let server = Server::start();
    let output = server.post("/models/extreme-events", &good_question()).with(200)["output"].take();
    assert_eq!((output["exceedances"].as_u64(), output["observations"].as_u64()), (Some(30), Some(60)));
    for (what, expected) in [
        ("/threshold", 13.825),
        ("/shape", 0.035_701_774_56),
        ("/scale", 8.236_110_859),
        ("/log_likelihood", -94.326_901_128_2),
        ("/var/0.95", 33.590_647_267_8),
        ("/var/0.99", 48.403_379_211_3),
        ("/var/0.999", 71.131_696_570_6),
        ("/cvar/0.95", 42.863_483_519_2),
        ("/cvar/0.99", 58.224_635_860_6),
        ("/cvar/0.999", 81.794_436_944_6),
        ("/return_levels/100", 48.403_379_211_3),
        ("/return_levels/1000", 71.131_696_570_6),
    ] {
        assert_close(what, output.pointer(what).unwrap_or(&Value::Null), expected);
    }
    assert_eq!(output["is_black_swan"], false);
}

#[test]
fn the_envelope_is_complete() {
    let server = Server::start();
    let mut body = good_question();
    body["service"] = json!("order-gateway");
    body["features"] = json!({ "request_rate": 12.5 });
    let answer = server.post("/models/extreme-events", &body);
    let envelope = answer.with(200);
    let keys: Vec<&str> = envelope.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = [
        "request_id",
        "model",
        "model_version",
        "service",
        "output",
        "source",
        "fallback",
        "config_version",
        "safety_check",
        "features",
        "latency_ms",
    ];
    expected.sort_unstable();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(envelope["request_id"], answer.header("x-request-id"));
    assert_eq!(envelope["model"], "extreme_events");
    assert_eq!(envelope["model_version"], format!("peaks_over_threshold@{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(envelope["service"], "order-gateway");
    assert_eq!((envelope["source"].as_str(), &envelope["fallback"]), (Some("model"), &Value::Null));
    assert_eq!(envelope["safety_check"], json!({ "level": "SAFE", "is_safe": true, "violations": [] }));
    assert_eq!(envelope["config_version"], server.get("/config/active").with(200)["version"]["id"]);
    assert_eq!(envelope["features"]["request_rate"]["value"], 12.5);
    assert_eq!(envelope["features"]["request_rate"]["stale"], false);
    assert!(envelope["features"]["request_rate"]["as_of"].as_str().unwrap().ends_with('Z'));
    assert!(envelope["latency_ms"].as_f64().unwrap() > 0.0);
}

#[test]
fn options_do_what_they_say() {
    let server = Server::start();
    let ask = |options: Value| {
        let mut body = good_question();
        body.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let envelope = server.post("/models/extreme-events", &body).with(200);
        assert_eq!(envelope["source"], "model", "{options}: {envelope}");
        envelope["output"].clone()
    };
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let number = |value: &Value, pointer: &str| value.pointer(pointer).unwrap().as_f64().unwrap();

    let plain = ask(json!({}));
    assert_eq!((keys(&plain["var"]), plain["intervals"]["method"].as_str()), (keys(&plain["cvar"]), Some("delta")));
    assert_eq!(plain["intervals"]["coverage"], 0.95);
    for bounds in ["shape", "scale"] {
        let [lower, upper] = ["lower", "upper"].map(|side| number(&plain, &format!("/intervals/{bounds}/{side}")));
        assert!(lower < number(&plain, &format!("/{bounds}")) && number(&plain, &format!("/{bounds}")) < upper);
    }

    let levels = ask(json!({ "levels": [0.75, 0.9], "return_periods": [50] }));
    assert_eq!(
        (keys(&levels["var"]), keys(&levels["return_levels"])),
        (vec!["0.75".to_owned(), "0.9".to_owned()], vec!["50".to_owned()])
    );

    let tail = ask(json!({ "threshold_quantile": 0.75 }));
    assert_eq!(tail["exceedances"], 15);

    let profile = ask(json!({ "intervals": "profile" }));
    assert_eq!(profile["intervals"]["method"], "profile");
    let at = "/intervals/return_levels/1000";
    let [lower, upper] = ["lower", "upper"].map(|side| number(&profile, &format!("{at}/{side}")));
    let estimate = number(&profile, "/return_levels/1000");
    assert!(upper - estimate > 1.5 * (estimate - lower), "{lower} {estimate} {upper}: a tail is uncertain upwards");
    assert_eq!((&profile["shape"], &profile["scale"]), (&plain["shape"], &plain["scale"]));

    let beyond = ["lower", "upper"].map(|side| number(&plain, &format!("/intervals/cvar/0.95/{side}")));
    assert!(beyond[0] < number(&plain, "/cvar/0.95") && number(&plain, "/cvar/0.95") < beyond[1]);
    assert!((0.05..0.999).contains(&number(&plain, "/goodness_of_fit/p_value")));
    assert!(number(&plain, "/goodness_of_fit/anderson_darling") > number(&plain, "/goodness_of_fit/cramer_von_mises"));

    let bursts = ask(json!({ "clusters": "intervals" }));
    assert_eq!((&bursts["var"], &bursts["extremal_index"]), (&plain["var"], &plain["extremal_index"]));
    let [count, size] = ["/clusters/count", "/clusters/mean_size"].map(|figure| number(&bursts, figure));
    assert!((count * size - 30.0).abs() < 1e-9, "{count} bursts of {size} values are not all 30");
    assert!(plain.get("clusters").is_none());

    let mut tested = good_question();
    tested.as_object_mut().unwrap().remove("threshold_quantile");
    tested["threshold_selection"] = json!("tested");
    let tested = server.post("/models/extreme-events", &tested).with(200)["output"].clone();
    assert_eq!(tested["threshold_selection"]["candidates"][0]["threshold"], tested["threshold"]);
    assert_eq!(tested["exceedances"], 12);

    let narrow = ask(json!({ "coverage": 0.5 }));
    let width = |of: &Value| number(of, "/intervals/shape/upper") - number(of, "/intervals/shape/lower");
    assert!(width(&narrow) < 0.5 * width(&plain));

    for harmless in
        [json!({ "bucket_key": "user-7" }), json!({ "deadline_ms": 60_000 }), json!({ "quantity": "latency_ms" })]
    {
        assert_eq!(ask(harmless)["shape"], plain["shape"]);
    }
}

#[test]
fn a_request_against_the_schema_is_told_where() {
    let server = Server::start();
    let long = "x".repeat(201);
    let many = |value: f64| vec![value; 33];
    for (options, pointer) in [
        (json!({ "valeus": [1] }), "/valeus"),
        (json!({ "values": [] }), "/values"),
        (json!({ "values": "x" }), "/values"),
        (json!({ "values": [1, "x"] }), "/values/1"),
        (json!({ "values": [1, null] }), "/values/1"),
        (json!({ "values": vec![3.0; 50] }), "/values"),
        (json!({ "values": [1, 2, 3, 4, 5, 6, 7, 8, 9] }), "/values"),
        (json!({ "threshold_quantile": 0 }), "/threshold_quantile"),
        (json!({ "threshold_quantile": 1 }), "/threshold_quantile"),
        (json!({ "threshold_quantile": "high" }), "/threshold_quantile"),
        (json!({ "levels": [0.99, 1] }), "/levels/1"),
        (json!({ "levels": [0.1] }), "/levels"),
        (json!({ "levels": many(0.99) }), "/levels"),
        (json!({ "levels": 0.99 }), "/levels"),
        (json!({ "return_periods": [100, 1] }), "/return_periods/1"),
        (json!({ "return_periods": many(100.0) }), "/return_periods"),
        (json!({ "intervals": "bayes" }), "/intervals"),
        (json!({ "threshold_selection": "best" }), "/threshold_selection"),
        (json!({ "threshold_selection": "tested" }), "/threshold_quantile"),
        (json!({ "clusters": 3 }), "/clusters"),
        (json!({ "coverage": 1 }), "/coverage"),
        (json!({ "coverage": -0.5 }), "/coverage"),
        (json!({ "deadline_ms": 0 }), "/deadline_ms"),
        (json!({ "deadline_ms": -5 }), "/deadline_ms"),
        (json!({ "deadline_ms": 60_001 }), "/deadline_ms"),
        (json!({ "service": "" }), "/service"),
        (json!({ "service": long }), "/service"),
        (json!({ "service": "a\nb" }), "/service"),
        (json!({ "service": 5 }), "/service"),
        (json!({ "quantity": "" }), "/quantity"),
        (json!({ "bucket_key": long }), "/bucket_key"),
        (json!({ "features": { "load": "x" } }), "/features/load"),
        (json!({ "features": [] }), "/features"),
    ] {
        let mut body = good_question();
        body.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let answer = server.post("/models/extreme-events", &body);
        assert_eq!(answer.pointers(), [pointer], "{options}: {}", answer.shown());
    }
    let all = json!({ "values": [], "coverage": 2, "levels": [0, 0.99, 2], "return_periods": [0] });
    let mut pointers = server.post("/models/extreme-events", &all).pointers();
    pointers.sort();
    assert_eq!(pointers, ["/coverage", "/levels/0", "/levels/2", "/return_periods/0", "/values"]);
}

#[test]
fn a_return_period_that_lies_below_the_tail_is_told_as_such() {
    let server = Server::start();
    let mut body = good_question();
    body["return_periods"] = json!([1.5]);
    assert_eq!(server.post("/models/extreme-events", &body).pointers(), ["/return_periods"]);
}

#[test]
fn without_values_the_service_s_own_observations_are_fitted() {
    let server = Server::start();
    let admin = server.as_admin();
    let rows = |name: &str, scale: f64| {
        let row = |(i, value): (usize, &f64)| {
            let ts = before_now(60_000 - 1_000 * i as u64);
            json!({ "service": "checkout", "name": name, "ts": ts, "value": value * scale })
        };
        json!({ "observations": SERVICE_TIMES.iter().enumerate().map(row).collect::<Vec<_>>() })
    };
    for (name, scale) in [("latency_ms", 1.0), ("queue_wait", 2.0)] {
        assert_eq!(admin.post("/telemetry/observations", &rows(name, scale)).with(200)["accepted"], 60);
    }
    for (quantity, scale) in [(None, 1.0), (Some("latency_ms"), 1.0), (Some("queue_wait"), 2.0)] {
        let name = quantity.unwrap_or("latency_ms");
        let mut body = json!({ "service": "checkout", "threshold_quantile": 0.5 });
        if let Some(quantity) = quantity {
            body["quantity"] = json!(quantity);
        }
        let envelope = server.post("/models/extreme-events", &body).with(200);
        assert_eq!(envelope["source"], "model", "{envelope}");
        assert_close("scale", &envelope["output"]["scale"], 8.236_110_859 * scale);
        assert_close("newest", &envelope["features"][name]["value"], 26.47 * scale);
    }
}

#[test]
fn the_simulated_day_is_answered_from_the_start() {
    let server = Server::start();
    until("the simulated order-gateway has a tail", || {
        let envelope = server.post("/models/extreme-events", &json!({ "service": "order-gateway" })).with(200);
        (envelope["source"] == "model").then_some(())
    });
}

#[test]
fn a_service_that_nobody_observed_gets_the_approved_fallback() {
    let server = Server::start();
    let envelope = server.post("/models/extreme-events", &json!({ "service": "nobody" })).with(200);
    assert_eq!(envelope["source"], "fallback");
    assert_eq!(envelope["fallback"], json!({ "reason": "error", "kind": "approved" }));
    assert_eq!(
        (&envelope["safety_check"]["level"], &envelope["safety_check"]["is_safe"]),
        (&json!("WARNING"), &json!(true))
    );
    assert_eq!((&envelope["output"]["shape"], &envelope["output"]["exceedances"]), (&json!(0.1), &json!(0)));
}

#[test]
fn an_answer_that_would_come_too_late_is_the_fallback() {
    let server = Server::start();
    let values: Vec<f64> = (0..100_000).map(|i| f64::from(i * 7_919 % 100_003)).collect();
    let envelope = server.post("/models/extreme-events", &json!({ "values": values, "deadline_ms": 1 })).with(200);
    assert_eq!(envelope["fallback"], json!({ "reason": "deadline", "kind": "approved" }), "{envelope}");
    assert_eq!(envelope["safety_check"]["level"], "WARNING");
}

/// Quantiles of a Pareto tail of this shape, in no order.
fn pareto(shape: f64) -> Vec<f64> {
    (0..100).map(|i| ((f64::from(i * 37 % 100) + 0.5) / 100.0).powf(-shape)).collect()
}

#[test]
fn a_tail_without_a_mean_leaves_with_a_warning() {
    let server = Server::start();
    let body = json!({ "values": pareto(1.4), "threshold_quantile": 0.5 });
    let envelope = server.post("/models/extreme-events", &body).with(200);
    let check = &envelope["safety_check"];
    assert_eq!(
        (&envelope["source"], &check["level"], &check["is_safe"]),
        (&json!("model"), &json!("WARNING"), &json!(true)),
        "{envelope}"
    );
    let violation = &check["violations"][0];
    assert_eq!((&violation["check"], &violation["level"]), (&json!("evt_shape_plausible"), &json!("WARNING")));
    assert_eq!(violation["observed"], envelope["output"]["shape"]);
    assert!(violation["message"].as_str().is_some_and(|text| !text.is_empty()) && !violation["limit"].is_null());
    assert_eq!(envelope["output"]["cvar"]["0.99"], Value::Null);
    assert!(envelope["output"]["cvar_reason"].as_str().unwrap().contains("infinite"));
}

#[test]
fn an_output_that_is_not_safe_is_replaced_and_remembered() {
    let server = Server::start();
    let body = json!({ "service": "wild", "values": pareto(4.0), "threshold_quantile": 0.5 });
    let envelope = server.post("/models/extreme-events", &body).with(200);
    let check = &envelope["safety_check"];
    assert_eq!(envelope["fallback"], json!({ "reason": "unsafe", "kind": "approved" }), "{envelope}");
    assert_eq!((&check["level"], &check["is_safe"]), (&json!("UNSAFE"), &json!(false)), "{envelope}");
    assert!(check["violations"].as_array().unwrap().iter().any(|one| one["check"] == "evt_shape_safe"), "{check}");
    assert_eq!(envelope["output"]["shape"], 0.1);
    let status = until("the violation is in the history", || {
        let status = server.get("/safety/status").with(200);
        (status["recent_violations"] != json!([])).then_some(status)
    });
    assert_eq!(status["level"], "UNSAFE");
    let count = status["counts"].as_array().unwrap().iter().find(|one| one["check"] == "evt_shape_safe").unwrap();
    assert_eq!(
        (&count["model"], &count["level"], &count["count"]),
        (&json!("extreme_events"), &json!("UNSAFE"), &json!(1))
    );
    let series = r#"safety_violations_total{model_type="extreme_events",check="evt_shape_safe",severity="UNSAFE"}"#;
    assert!((server.metric(series) - 1.0).abs() < f64::EPSILON);
}
