#!/usr/bin/env python3
"""Makes the tables of models/tests/explain/contributions: what XGBoost 3.2.0 says about models of the zoo.

    python scripts/make-xgboost-contributions.py models/tests/boosting/zoo models/tests/explain/contributions

Per model a table with a line for each of the first rows of its inputs and each output: the contributions of the features
(`predict(pred_contribs=True)`, with the trees up to the best iteration), and the bias. IMPORTANCE.csv has a line per
model and feature: weight, total gain and total cover (`get_score`), likewise. MODEL-uncovered.json are models a third of whose leaves were
left without cover. The same xgboost gives the same bytes.
"""
import json
import os
import sys

import numpy as np
import xgboost as xgb

xgb.set_config(verbosity=0)
ROWS = 8


def short(number):
    return np.format_float_positional(np.float32(number), trim="-") if 1e-4 < abs(number) < 1e7 else repr(float(np.float32(number)))


def rows_of(zoo, name):
    path = "categorical_inputs.csv" if "categorical" in name else "inputs.csv"
    return np.genfromtxt(os.path.join(zoo, path), delimiter=",", skip_header=1, dtype=np.float32)[:ROWS]


def booster(path):
    model = xgb.Booster(params={"nthread": 1})
    model.load_model(path)
    best = model.attr("best_iteration")
    return model[: int(best) + 1] if best is not None else model


def uncovered(path, out):
    """The same model, but every third leaf has no cover. (XGBoost refuses to explain inner nodes without cover.)"""
    with open(path) as file:
        model = json.load(file)
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        for node in range(1, len(tree["left_children"])):
            if node % 3 == 0 and tree["left_children"][node] == -1:
                tree["sum_hessian"][node] = 0.0
    with open(out, "w") as file:
        json.dump(model, file, separators=(",", ":"))


def main():
    zoo, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    for name in ["3.2.0-quantile", "3.2.0-squared_error_deep"]:
        uncovered(os.path.join(zoo, name + ".json"), os.path.join(out, name + "-uncovered.json"))
    files = [os.path.join(zoo, f) for f in os.listdir(zoo) if f.startswith("3.2.0-") and not f.endswith(".csv")]
    files += [os.path.join(out, f) for f in os.listdir(out) if f.endswith("-uncovered.json")]
    importance = ["model,feature,weight,total_gain,total_cover"]
    for path in sorted(files, key=os.path.basename):
        name = os.path.basename(path).rsplit(".", 1)[0]
        model = booster(path)
        values = rows_of(zoo, name)
        names, kinds = model.feature_names, model.feature_types
        data = xgb.DMatrix(values, feature_names=names, feature_types=kinds, enable_categorical=True)
        try:
            contributions = model.predict(data, pred_contribs=True, strict_shape=True)
        except xgb.core.XGBoostError as error:
            print(f"{name}: left out: {str(error)[:300]}")
            continue
        lines = [",".join([f"c{i}" for i in range(values.shape[1])] + ["bias"])]
        for row in contributions:
            for output in row:
                lines.append(",".join(short(c) for c in output))
        with open(os.path.join(out, name + ".csv"), "w") as file:
            file.write("\n".join(lines) + "\n")
        if len(model.get_dump()) == 0:
            continue
        scores = [model.get_score(importance_type=kind) for kind in ("weight", "total_gain", "total_cover")]
        for index in range(values.shape[1]):
            key = names[index] if names else f"f{index}"
            importance.append(",".join([name, str(index)] + [short(score.get(key, 0.0)) for score in scores]))
    with open(os.path.join(out, "IMPORTANCE.csv"), "w") as file:
        file.write("\n".join(importance) + "\n")


main()
