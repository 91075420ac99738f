"""A trial in PyTorch that trains for ever, on a GPU where there is one: python pytorch_trial.py MODEL BATCH IMAGES.

After each epoch, of so many images, it reports its loss. The images lie on the device.
"""

import json
import os
import sys

import torch
from torch import nn

from pytorch_networks import network

model, batch, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
device = 'cuda' if torch.cuda.is_available() else 'cpu'
torch.manual_seed(1)
net = network(model).to(device)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
cross_entropy = nn.CrossEntropyLoss()
images = torch.rand(count, 1, 28, 28, device=device)
labels = torch.randint(0, 10, (count,), device=device)
reports = os.fdopen(int(os.environ['ASSAY_REPORT_FD']), 'w', buffering=1)

while True:
    total = torch.zeros((), device=device)
    for rows in torch.randperm(count, device=device).split(batch):
        optimizer.zero_grad()
        loss = cross_entropy(net(images[rows]), labels[rows])
        loss.backward()
        optimizer.step()
        total += loss.detach()
    reports.write(json.dumps({'train_loss': total.item() / (count / batch)}) + '\n')
