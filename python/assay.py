"""Talks to Assay from a training script: params, report(), should_stop(), checkpoint_dir. Works without Assay, too."""
import json
import os
import signal

params = json.loads(os.environ.get("ASSAY_PARAMS", "{}"))
seed = int(os.environ.get("ASSAY_SEED", "0"))
checkpoint_dir = os.environ.get("ASSAY_CHECKPOINT_DIR", ".")
_fd = os.environ.get("ASSAY_REPORT_FD")
_out = os.fdopen(os.dup(int(_fd)), "w", buffering=1) if _fd else None
_stopping = False


def report(step=None, **metrics):
    """Reports numbers, such as report(epoch, val_accuracy=0.9). Steps rise from 0 or 1; left out, they are counted."""
    line = {k: float(v) for k, v in metrics.items()}
    if step is not None:
        line["step"] = int(step)
    print(json.dumps(line), file=_out, flush=True)


def checkpoint(step=None):
    """Says that checkpoint_dir holds what the next attempt needs to go on after this step, or the last one reported."""
    print(json.dumps({"checkpoint": True if step is None else int(step)}), file=_out, flush=True)


def should_stop():
    """True as soon as the trial is to end: save what is to be kept and return."""
    return _stopping


def _stop(*_):
    global _stopping
    _stopping = True


if _out:
    signal.signal(signal.SIGTERM, _stop)
