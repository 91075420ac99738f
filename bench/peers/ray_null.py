"""Null trials of Ray Tune: TRIALS configurations by random search, each reports one value and ends. Prints JSON.

    python ray_null.py TRIALS
"""

import json
import logging
import sys
import time

import ray
from ray import tune

trials = int(sys.argv[1])


def objective(config):
    tune.report({"value": config["lr"]})


ray.init(log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
tuner = tune.Tuner(
    objective,
    param_space={
        "lr": tune.loguniform(1e-4, 1),
        "depth": tune.randint(1, 5),
        "optimizer": tune.choice(["sgd", "adam"]),
    },
    tune_config=tune.TuneConfig(num_samples=trials, metric="value", mode="max", reuse_actors=True),
    run_config=tune.RunConfig(verbose=0),
)
began = time.perf_counter()
results = tuner.fit()
seconds = time.perf_counter() - began
assert len(results) == trials and results.num_errors == 0
print(json.dumps({"version": ray.__version__, "trials": trials, "seconds": seconds}))
