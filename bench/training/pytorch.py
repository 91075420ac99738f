"""PyTorch's rate on the same networks: python pytorch.py MODEL BATCH SECONDS THREADS [DEVICE].

Prints {"rate": images per second}. The images lie on the device.
"""

import json
import os
import sys
import time

model, batch, seconds, threads = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
device = sys.argv[5] if len(sys.argv) > 5 else 'cpu'
os.environ['OMP_NUM_THREADS'] = str(threads)

import torch
from torch import nn

from pytorch_networks import network

torch.set_num_threads(threads)
torch.manual_seed(1)
net = network(model).to(device)
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
cross_entropy = nn.CrossEntropyLoss()
images = torch.rand(8 * batch, 1, 28, 28, device=device)
labels = torch.randint(0, 10, (8 * batch,), device=device)


def step(index):
    rows = slice(index % 8 * batch, (index % 8 + 1) * batch)
    optimizer.zero_grad()
    loss = cross_entropy(net(images[rows]), labels[rows])
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
name = torch.cuda.get_device_name() if device == 'cuda' else 'CPU'
print(
    json.dumps(
        {
            'rate': steps * batch / spent,
            'cpuRate': steps * batch / (time.process_time() - cpu),
            'what': f'PyTorch {torch.__version__}, {name}',
        }
    )
)
