# Scikit-learn with the helper beside: it is two calls, and runs without Assay as well.
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))
import assay
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

data, digits = load_digits(return_X_y=True)
x, x_valid, y, y_valid = train_test_split(data / 16, digits, random_state=0)
params = {"alpha": 1e-4, "penalty": "l2", **assay.params}
model = SGDClassifier(loss="log_loss", random_state=assay.seed, **params)
for epoch in range(10):
    model.partial_fit(x, y, classes=range(10))
    assay.report(epoch, val_accuracy=model.score(x_valid, y_valid))
    if assay.should_stop():
        break
