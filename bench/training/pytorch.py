"""PyTorch's rate on the same networks: python pytorch.py MODEL BATCH SECONDS THREADS. Prints {"rate": images per second}."""

import json
import os
import sys
import time

model, batch, seconds, threads = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
os.environ['OMP_NUM_THREADS'] = str(threads)

import torch
from torch import nn

torch.set_num_threads(threads)
torch.manual_seed(1)
if model == 'mlp':
    network = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10)
    )
else:
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
    )
optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
cross_entropy = nn.CrossEntropyLoss()
images = torch.rand(8 * batch, 1, 28, 28)
labels = torch.randint(0, 10, (8 * batch,))


def step(index):
    rows = slice(index % 8 * batch, (index % 8 + 1) * batch)
    optimizer.zero_grad()
    loss = cross_entropy(network(images[rows]), labels[rows])
    loss.backward()
    optimizer.step()
    return loss.item()


for warm in range(5):
    step(warm)
steps, begin, cpu = 0, time.perf_counter(), time.process_time()
while time.perf_counter() - begin < seconds:
    step(steps)
    steps += 1
spent = time.perf_counter() - begin
print(
    json.dumps(
        {
            'rate': steps * batch / spent,
            'cpuRate': steps * batch / (time.process_time() - cpu),
            'what': f'PyTorch {torch.__version__}',
        }
    )
)
