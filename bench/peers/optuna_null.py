"""Null trials of Optuna: workers in processes of their own ask one storage over gRPC, which keeps them in SQLite. Prints JSON.

    python optuna_null.py TRIALS WORKERS FOLDER
"""

import json
import multiprocessing
import socket
import sys
import time
from pathlib import Path

import optuna
from optuna.storages import GrpcStorageProxy, RDBStorage, run_grpc_proxy_server

STUDY = "bench"


def serve(folder, port):
    run_grpc_proxy_server(RDBStorage(f"sqlite:///{folder}/optuna.db"), host="localhost", port=port)


def objective(trial):
    trial.suggest_int("depth", 1, 4)
    trial.suggest_categorical("optimizer", ["sgd", "adam"])
    return trial.suggest_float("lr", 1e-4, 1, log=True)


def connect(port):
    storage = GrpcStorageProxy(host="localhost", port=port)
    storage.wait_server_ready(timeout=60)
    return storage


def work(port, trials, seed):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.RandomSampler(seed=seed)
    optuna.load_study(study_name=STUDY, storage=connect(port), sampler=sampler).optimize(objective, n_trials=trials)


def main():
    trials, workers = int(sys.argv[1]), int(sys.argv[2])
    folder = Path(sys.argv[3])
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=serve, args=(folder, port), daemon=True)
    server.start()
    study = optuna.create_study(study_name=STUDY, storage=connect(port), direction="maximize")
    share = -(-trials // workers)
    began = time.perf_counter()
    processes = [context.Process(target=work, args=(port, share, seed)) for seed in range(workers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    seconds = time.perf_counter() - began
    done = [t for t in study.get_trials(deepcopy=False) if t.state == optuna.trial.TrialState.COMPLETE]
    # The workers' own start is not the storage's doing: from the first trial's start to the last one's end.
    seconds = min(seconds, (max(t.datetime_complete for t in done) - min(t.datetime_start for t in done)).total_seconds())
    print(json.dumps({"version": optuna.__version__, "trials": len(done), "seconds": seconds}))
    server.terminate()


if __name__ == "__main__":
    main()
