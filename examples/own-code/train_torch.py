# A PyTorch script that knows nothing of Assay: parameters come as options, results are printed.
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--width", type=int, default=16)
parser.add_argument("--epochs", type=int, default=8)
options = parser.parse_args()

torch.manual_seed(0)
points = torch.rand(1200, 2) * 2 - 1
labels = ((points**2).sum(1) < 0.5).long()
train, valid = slice(0, 1000), slice(1000, None)

net = nn.Sequential(nn.Linear(2, options.width), nn.Tanh(), nn.Linear(options.width, 2))
sgd = torch.optim.SGD(net.parameters(), lr=options.lr, momentum=0.9)
for epoch in range(options.epochs):
    for batch in torch.randperm(1000).split(50):
        sgd.zero_grad()
        loss = nn.functional.cross_entropy(net(points[batch]), labels[batch])
        loss.backward()
        sgd.step()
    with torch.no_grad():
        accuracy = (net(points[valid]).argmax(1) == labels[valid]).float().mean().item()
    print(f"epoch {epoch}: train_loss={loss.item():.4f} val_accuracy={accuracy:.4f}", flush=True)
