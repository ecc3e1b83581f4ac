"""Quantile boosting beside XGBoost, LightGBM and treelite: fit, one row, batch and SHAP, in one run on one thread.

Usage: quantile_boosting.py BELLWETHER DATA_FOLDER

Prints Markdown tables. Times are CPU seconds of the whole process for fits and batches (a busy machine stretches the
wall clock of all), microseconds of wall clock for one row: best and median of many calls.
"""
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import lightgbm
import numpy
import pandas
import treelite
import xgboost

QUANTILES = [0.05, 0.5, 0.95, 0.99, 0.999]
PARAMETERS = {
    "objective": "reg:quantileerror", "quantile_alpha": QUANTILES, "tree_method": "hist", "max_depth": 6, "eta": 0.1,
    "min_child_weight": 5, "nthread": 1, "seed": 0,
}
ROUNDS = 300
REPEATS = 3
ROWS_EXPLAINED = 200


def pinball(target, predicted, level):
    over = target - predicted
    return float(numpy.mean(numpy.maximum(level * over, (level - 1) * over)))


def losses(target, predicted):
    """Pinball loss per quantile of rows whose outputs are sorted first."""
    predicted = numpy.sort(numpy.asarray(predicted, dtype=numpy.float64), axis=1)
    return [pinball(target, predicted[:, k], level) for k, level in enumerate(QUANTILES)]


def median_cpu(work):
    """The median CPU time of a few runs, and the last result."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return statistics.median(times), result


def child_cpu(command):
    """CPU time of a command (the median of a few runs), and its standard output."""
    times = []
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    return statistics.median(times), done.stdout.decode()


def one_row(call, seconds=2.0):
    """Best and median latency of a call in microseconds."""
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter_ns()
        call()
        times.append(time.perf_counter_ns() - start)
    return min(times) / 1e3, statistics.median(times) / 1e3


def table(title, header, rows):
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for row in rows:
        print(f"| {' | '.join(str(cell) for cell in row)} |")


def main():
    program, data = os.path.abspath(sys.argv[1]), os.path.join(os.path.abspath(sys.argv[2]), "tail")
    train_csv, test_csv = (os.path.join(data, f"etth1_quantile_{part}.csv") for part in ("train", "test"))
    train, test = pandas.read_csv(train_csv), pandas.read_csv(test_csv)
    features = [name for name in train.columns if name != "target"]
    target = test["target"].to_numpy()
    print(f"xgboost {xgboost.__version__}, lightgbm {lightgbm.__version__}, treelite {treelite.__version__}; "
          f"{len(train)} rows, {len(features)} features, {ROUNDS} rounds x {len(QUANTILES)} quantiles; "
          f"load average {os.getloadavg()[0]:.1f}")

    with tempfile.TemporaryDirectory() as folder:
        fit_and_predict(program, folder, train_csv, test_csv, train, test, features, target)


def fit_and_predict(program, folder, train_csv, test_csv, train, test, features, target):
    matrix = xgboost.DMatrix(train[features], train["target"], nthread=1)
    tested = xgboost.DMatrix(test[features], nthread=1)
    fit_xgboost, booster = median_cpu(lambda: xgboost.train(PARAMETERS, xgboost.QuantileDMatrix(train[features], train["target"], nthread=1), ROUNDS))
    reference = losses(target, booster.predict(tested))

    def lightgbm_fit():
        return [lightgbm.train(
            {"objective": "quantile", "alpha": level, "num_leaves": 64, "max_depth": 6, "min_data_in_leaf": 5, "learning_rate": 0.1,
             "num_threads": 1, "verbosity": -1, "seed": 0},
            lightgbm.Dataset(train[features], train["target"]), ROUNDS) for level in QUANTILES]
    fit_lightgbm, models = median_cpu(lightgbm_fit)
    by_lightgbm = losses(target, numpy.column_stack([model.predict(test[features], num_threads=1) for model in models]))

    levels = ",".join(map(str, QUANTILES))
    alike, ours = os.path.join(folder, "alike.ubj"), os.path.join(folder, "ours.ubj")
    base = [program, "train", "xgboost", "--data", train_csv, "--target", "target", "--quantiles", levels, "--threads", "1"]
    fit_alike, _ = child_cpu([*base, "--rounds", str(ROUNDS), "--max-depth", "6", "--learning-rate", "0.1",
                              "--min-child-weight", "5", "--out", alike])
    fit_ours, _ = child_cpu([*base, "--out", ours])

    def predicted(model):
        seconds, text = child_cpu([program, "predict", "--model", model, "--data", test_csv])
        return seconds, numpy.array([line.split(",") for line in text.splitlines()[1:]], dtype=numpy.float64)
    batch_alike, by_alike = predicted(alike)
    _, by_ours = predicted(ours)
    rows = []
    for name, seconds, found in (
            ("xgboost", fit_xgboost, reference), ("lightgbm, five models", fit_lightgbm, by_lightgbm),
            ("bellwether, xgboost's parameters", fit_alike, losses(target, by_alike)),
            ("bellwether, defaults", fit_ours, losses(target, by_ours))):
        ratios = [mine / theirs for mine, theirs in zip(found, reference)]
        rows.append([name, f"{seconds:.2f}", f"{seconds / fit_xgboost:.2f}", *(f"{ratio:.3f}" for ratio in ratios),
                     f"{statistics.mean(ratios):.3f}"])
    table("Fit (ours includes the start of the process, reading the CSV and writing the model), and pinball loss to xgboost's:",
          ["trainer", "CPU s", "to xgboost", *map(str, QUANTILES), "mean"], rows)

    booster.save_model(os.path.join(folder, "model.json"))
    model = os.path.join(folder, "model.json")
    single = test[features].to_numpy(dtype=numpy.float32)[:1].copy()
    forest = treelite.frontend.from_xgboost(booster) if hasattr(treelite.frontend, "from_xgboost") else None
    entries = [("xgboost inplace_predict", one_row(lambda: booster.inplace_predict(single))),
               ("xgboost predict(DMatrix)", one_row(lambda: booster.predict(xgboost.DMatrix(single, feature_names=features, nthread=1)))),
               ("lightgbm, five models", one_row(lambda: [m.predict(single, num_threads=1) for m in models]))]
    if forest is not None:
        entries.append(("treelite gtil", one_row(lambda: treelite.gtil.predict(forest, single, nthread=1))))
    told = json.loads(subprocess.run(
        [program, "bench", "predict", "--model", model, "--data", test_csv, "--threads", "1", "--seconds", "3", "--format", "json"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout)
    entries.append(("bellwether bench predict", (None, told["latency_us"]["p50"])))
    fastest = entries[0][1][1]
    table("One row of xgboost's model of 1,500 trees:", ["predictor", "best us", "median us", "to xgboost"],
          [[name, "" if best is None else f"{best:.1f}", f"{middle:.1f}", f"{middle / fastest:.3f}"] for name, (best, middle) in entries])

    batch_xgboost, _ = median_cpu(lambda: booster.predict(xgboost.DMatrix(pandas.read_csv(test_csv)[features], nthread=1)))
    table(f"Batch of {len(test)} rows, CSV read and (ours) the model loaded and the predictions printed:",
          ["predictor", "CPU s", "to xgboost"],
          [["xgboost", f"{batch_xgboost:.3f}", "1.00"], ["bellwether", f"{batch_alike:.3f}", f"{batch_alike / batch_xgboost:.2f}"]])

    some = xgboost.DMatrix(test[features][:ROWS_EXPLAINED], nthread=1)
    shap_xgboost, _ = median_cpu(lambda: booster.predict(some, pred_contribs=True))
    few_csv = os.path.join(folder, "few.csv")
    test[:ROWS_EXPLAINED].to_csv(few_csv, index=False)
    shap_ours, _ = child_cpu([program, "predict", "--model", model, "--data", few_csv, "--contributions", "--quantile", "0.95"])
    each = shap_xgboost / ROWS_EXPLAINED / len(QUANTILES)
    mine = shap_ours / ROWS_EXPLAINED
    table(f"SHAP of {ROWS_EXPLAINED} rows, a row and quantile (ours includes the process's start and the model's loading):",
          ["explainer", "CPU us", "to xgboost"],
          [["xgboost", f"{each * 1e6:.0f}", "1.00"], ["bellwether", f"{mine * 1e6:.0f}", f"{mine / each:.2f}"]])


if __name__ == "__main__":
    main()
