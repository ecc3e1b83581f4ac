#!/usr/bin/env python3
"""Makes the model files of models/tests/boosting/zoo, with what XGBoost itself predicts from them.

    python scripts/make-xgboost-zoo.py make  models/tests/boosting/zoo
    python scripts/make-xgboost-zoo.py check models/tests/boosting/zoo FOLDER

Run `make` once under each of xgboost 1.7.6, 2.1.4, 3.2.0 and 3.4.1 (with numpy and pandas): a run writes the files that start
with its own version, and the two tables of inputs, which are the same under each. The same version gives the same bytes.

`check` loads from FOLDER the files of the zoo as `cargo run -p bellwether-models --example rewrite_model` has written
them anew, and compares what the installed xgboost predicts from them with the zoo, bit for bit.

Beside VERSION-CASE.json or .ubj stands VERSION-CASE.csv: per row of the inputs the margins m0.. and predictions p0..,
in the shortest digits that give the same f32.
"""
import os
import sys
import warnings

import numpy as np
import pandas as pd
import xgboost as xgb

warnings.filterwarnings("ignore")
xgb.set_config(verbosity=0)
VERSION = xgb.__version__
MAJOR, MINOR = map(int, VERSION.split(".")[:2])
ROWS, TESTED = 300, 40
CITIES = ["oslo", "bern", "rome", "paris", "wien", "prag", "kyiv", "bonn", "riga", "lyon"]


def numeric():
    """Five features, missing values in two of them, values that tie with thresholds, and large and small ones."""
    random = np.random.RandomState(11)
    x = random.normal(size=(ROWS, 5)).astype(np.float32)
    x[:, 2] = np.round(x[:, 2] * 4) / 4
    x[:, 4] = random.randint(0, 6, ROWS)
    x[random.uniform(size=ROWS) < 0.2, 1] = np.nan
    x[random.uniform(size=ROWS) < 0.1, 3] = np.nan
    signal = np.nan_to_num(x[:, 0] + 0.7 * x[:, 2] - 0.5 * np.nan_to_num(x[:, 1]) * (x[:, 4] > 2))
    return x, (signal + 0.3 * random.normal(size=ROWS)).astype(np.float32)


def categorical():
    random = np.random.RandomState(12)
    city, group = random.randint(0, len(CITIES), ROWS), random.randint(0, 3, ROWS)
    x = random.normal(size=ROWS).astype(np.float32)
    y = x + np.sin(city * 1.7) * 2 + (group == 1) * (city % 2) + 0.2 * random.normal(size=ROWS)
    frame = pd.DataFrame(
        {
            "x": x,
            "city": pd.Categorical([CITIES[c] for c in city], categories=CITIES),
            "group": pd.Categorical(np.array([20, 0, 10])[group], categories=[20, 0, 10]),
        }
    )
    frame.loc[::17, "x"] = np.nan
    frame.loc[3::29, "city"] = np.nan
    return frame, y.astype(np.float32)


X, Y = numeric()
C, CY = categorical()
NAMES = ["load", "lag, 1", 'the "quoted"', "größe", "hour"]
KINDS = ["float", "q", "float", "float", "int"]


def data(x=None, y=None, names=True, **more):
    x = X if x is None else x
    if isinstance(x, pd.DataFrame):
        return xgb.DMatrix(x, y, enable_categorical=True, nthread=1, **more)
    naming = dict(feature_names=NAMES, feature_types=KINDS) if names else {}
    return xgb.DMatrix(x, y, nthread=1, **naming, **more)


def train(parameters, matrix, rounds=4, **more):
    defaults = dict(max_depth=3, nthread=1, seed=7, tree_method="hist", eta=0.3)
    return xgb.train({**defaults, **parameters}, matrix, rounds, verbose_eval=False, **more)


def simple(objective, y=Y, rounds=3, **parameters):
    return lambda: train({"objective": objective, **parameters}, data(y=y), rounds)


def censored():
    matrix = data()
    time = np.exp(Y)
    matrix.set_float_info("label_lower_bound", time)
    matrix.set_float_info("label_upper_bound", np.where(np.arange(ROWS) % 4, time, np.inf))
    return matrix


def ranked(**more):
    matrix = data(y=np.clip(np.round(Y + 2), 0, 4))
    matrix.set_group([ROWS // 10] * 10)
    return matrix


def early(rounds=30):
    train_rows, valid_rows = data(X[:200], Y[:200]), data(X[200:], -Y[200:] + X[200:, 0])
    return train({"eta": 0.5}, train_rows, rounds, evals=[(valid_rows, "valid")], early_stopping_rounds=2)


POSITIVE, BINARY, CLASS = np.exp(Y), (Y > 0).astype(int), np.digitize(Y, [-0.7, 0.7])
BOTH = np.stack([Y, 3 - 2 * Y, Y**2], axis=1)
CASES = {
    "squared_error": simple("reg:squarederror"),
    "squared_error_deep": simple("reg:squarederror", max_depth=9, rounds=1, min_child_weight=3),
    "reg_linear": simple("reg:linear"),
    "squared_log_error": simple("reg:squaredlogerror", POSITIVE),
    "pseudo_huber": simple("reg:pseudohubererror", huber_slope=0.5),
    "absolute_error": simple("reg:absoluteerror"),
    "reg_logistic": simple("reg:logistic", BINARY * 0.8 + 0.1),
    "binary_logistic": simple("binary:logistic", BINARY),
    "binary_logistic_weighted": simple("binary:logistic", BINARY, scale_pos_weight=3, base_score=0.3),
    "binary_logistic_far": simple("binary:logistic", BINARY, eta=400, rounds=3, **{"lambda": 0}),
    "binary_logitraw": simple("binary:logitraw", BINARY, base_score=0.2),
    "binary_hinge": simple("binary:hinge", BINARY),
    "poisson": simple("count:poisson", np.round(POSITIVE)),
    "gamma": simple("reg:gamma", POSITIVE),
    "tweedie": simple("reg:tweedie", POSITIVE, tweedie_variance_power=1.3),
    "softmax": simple("multi:softmax", CLASS, num_class=3, rounds=2),
    "softprob": simple("multi:softprob", CLASS, num_class=3, rounds=2),
    "softprob_forest": simple("multi:softprob", CLASS, num_class=3, rounds=2, num_parallel_tree=2, subsample=0.5),
    "aft": lambda: train({"objective": "survival:aft", "aft_loss_distribution": "logistic"}, censored(), 3),
    "cox": simple("survival:cox", np.where(np.arange(ROWS) % 3, POSITIVE, -POSITIVE)),
    "rank_pairwise": lambda: train({"objective": "rank:pairwise"}, ranked(), 3),
    "rank_ndcg": lambda: train({"objective": "rank:ndcg"}, ranked(), 3),
    "rank_map": lambda: train({"objective": "rank:map"}, data_map(), 3),
    "dart": simple("reg:squarederror", rounds=6, booster="dart", rate_drop=0.5, one_drop=1),
    "dart_softprob": simple("multi:softprob", CLASS, num_class=3, booster="dart", rate_drop=0.4, one_drop=1),
    "forest": simple("reg:squarederror", rounds=2, num_parallel_tree=3, subsample=0.6, colsample_bynode=0.6),
    "lossguide": simple("reg:squarederror", grow_policy="lossguide", max_leaves=9, max_depth=0),
    "approx": simple("reg:squarederror", tree_method="approx"),
    "exact_deleted_nodes": simple("reg:squarederror", tree_method="exact", gamma=6, max_depth=5),
    "early_stopped": early,
    "sliced": lambda: early()[0:3],
    "no_rounds": simple("reg:squarederror", rounds=0),
    "large_target": simple("reg:squarederror", Y * 1e12),
    "small_target": simple("reg:squarederror", Y * 1e-9),
    "no_names": lambda: train({}, data(y=Y, names=False), 2),
    "several_targets": lambda: train({}, data(y=BOTH), 2),
    "categorical_one_hot": lambda: train({"max_cat_to_onehot": 20}, data(C, CY), 3),
    "categorical_partition": lambda: train({"max_cat_to_onehot": 1, "max_depth": 4}, data(C, CY), 3),
    "user_attributes": lambda: with_attributes(train({}, data(y=Y), 2)),
}
if MAJOR >= 2:
    CASES |= {
        "quantile": simple("reg:quantileerror", quantile_alpha=0.9),
        "quantiles": simple("reg:quantileerror", quantile_alpha=[0.05, 0.5, 0.95]),
        "quantiles_unsorted": simple("reg:quantileerror", quantile_alpha=[0.99, 0.5, 0.01]),
        "rank_unbiased": lambda: train({"objective": "rank:ndcg", "lambdarank_unbiased": True}, ranked(), 3),
        "vector_leaf": lambda: train({"multi_strategy": "multi_output_tree"}, data(y=BOTH), 3),
        "vector_leaf_softprob": simple(
            "multi:softprob", CLASS, num_class=3, multi_strategy="multi_output_tree", rounds=2
        ),
    }
BINARY_FORMAT = {"squared_error", "dart", "quantiles", "softprob", "categorical_partition", "early_stopped", "vector_leaf"}
if MAJOR >= 3:
    CASES["quantiles_forest"] = simple(
        "reg:quantileerror", quantile_alpha=[0.9, 0.1], num_parallel_tree=2, subsample=0.5
    )
if (MAJOR, MINOR) >= (3, 4):
    # What changed: quantiles sorted and smoothed, expectiles, names of categories in bytes, where weights of dart stand.
    CASES["expectiles"] = simple("reg:expectileerror", expectile_alpha=[0.1, 0.5, 0.9])
    CASES["expectile"] = simple("reg:expectileerror", expectile_alpha=[0.8])
    CASES["categorical_names"] = lambda: train({}, data(with_umlauts(), CY), 3)
    CHANGED = ["squared_error", "binary_logistic", "softprob", "dart", "dart_softprob", "quantiles", "vector_leaf"]
    CHANGED += ["early_stopped", "categorical_partition", "categorical_names", "expectiles", "expectile"]
    CASES = {case: CASES[case] for case in CHANGED}


def with_umlauts():
    return C.assign(city=C["city"].cat.rename_categories({"wien": "zürich", "riga": "łódź", "oslo": "東京"}))


def data_map():
    matrix = data(y=BINARY)
    matrix.set_group([ROWS // 10] * 10)
    return matrix


def with_attributes(booster):
    booster.set_attr(author="a \"b\" \\ c", note="zwei\nZeilen, größer")
    return booster


def inputs(case):
    if case.startswith("categorical"):
        return data((with_umlauts() if case == "categorical_names" else C)[:TESTED])
    return data(X[:TESTED], names=case != "no_names")


def predicted(booster, case):
    best, rounds = booster.attr("best_iteration"), booster.num_boosted_rounds()
    end = int(best) + 1 if best is not None and int(best) < rounds else rounds
    matrix, what = inputs(case), []
    for is_margin in [True, False]:
        values = booster.predict(matrix, output_margin=is_margin, iteration_range=(0, end))
        what.append(values.reshape(TESTED, -1).astype(np.float32))
    return what


def table(path, heads, columns):
    with open(path, "w", encoding="utf-8", newline="\n") as out:
        out.write(",".join(heads) + "\n")
        for row in columns:
            out.write(",".join("" if value == "nan" else value for value in map(shortest, row)) + "\n")


def shortest(value):
    return value if isinstance(value, str) else str(np.float32(value))


def make(folder):
    os.makedirs(folder, exist_ok=True)
    table(f"{folder}/inputs.csv", [f"f{i}" for i in range(5)], X[:TESTED])
    codes = np.stack([C["x"], *(C[name].cat.codes.replace(-1, np.nan) for name in ["city", "group"])], axis=1)
    table(f"{folder}/categorical_inputs.csv", ["x", "city", "group"], codes[:TESTED])
    for case, trained in CASES.items():
        booster = trained()
        margins, predictions = predicted(booster, case)
        stem = f"{folder}/{VERSION}-{case}"
        booster.save_model(f"{stem}.{'ubj' if case in BINARY_FORMAT else 'json'}")
        heads = [f"m{i}" for i in range(margins.shape[1])] + [f"p{i}" for i in range(predictions.shape[1])]
        table(f"{stem}.csv", heads, np.concatenate([margins, predictions], axis=1))


def check(zoo, folder):
    """Exit code 1 if a prediction differs, or a file does not load that an xgboost of its writer's age should."""
    compared, different, refused = 0, [], []
    for name in sorted(os.listdir(folder)):
        stem = name.rsplit(".", 1)[0]
        case = stem.split("-", 1)[1]
        expected = np.loadtxt(f"{zoo}/{stem}.csv", delimiter=",", skiprows=1, ndmin=2, dtype=np.float32)
        try:
            booster = xgb.Booster({"nthread": 1}, model_file=f"{folder}/{name}")
            found = np.concatenate(predicted(booster, case), axis=1)
        except Exception as error:  # pylint: disable=broad-except
            refused.append((name, str(error).strip().splitlines()[0][:150]))
            continue
        compared += 1
        if not np.array_equal(found.view(np.uint32), expected.view(np.uint32)):
            different.append((name, float(np.abs(found - expected).max())))
    print(f"xgboost {VERSION}: {compared} files agree or not, {len(different)} differ, {len(refused)} do not load")
    for name, why in different + refused:
        print("  ", name, why)
    sys.exit(1 if different or (refused and MAJOR >= 3) else 0)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "make":
        make(sys.argv[2])
    elif len(sys.argv) == 4 and sys.argv[1] == "check":
        check(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)
