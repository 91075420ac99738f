"""Writes reference.json: a few steps of training by PyTorch on the CPU, in double precision.

    python3 -m venv venv && venv/bin/pip install torch --index-url https://download.pytorch.org/whl/cpu
    venv/bin/python test/golden/train/reference.py > test/golden/train/reference.json

Weights and images come from a small formula, not from a generator, so that both sides can make them.
"""

import json
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

IMAGES, SIDE, CHANNELS, STEPS = 6, 6, 2, 6


def wave(count, phase):
    """Numbers between -1 and 1 that look like noise."""
    values = [math.sin(12.9898 * (i + 1) + 78.233 * phase) * 43758.5453 for i in range(count)]
    return [2 * (value - math.floor(value)) - 1 for value in values]


def tensor(shape, phase, scale=1.0):
    return torch.tensor(wave(math.prod(shape), phase)).reshape(shape) * scale


images = tensor([IMAGES, SIDE, SIDE, CHANNELS], 0)


class Network:
    """Layers on rows of NHWC pictures; parameters in the order of layers, kernel before bias, scale before shift."""

    def __init__(self, layers, outputs):
        self.layers = [*layers, {'type': 'dense', 'units': outputs, 'activation': 'linear'}]
        self.parameters, self.decays = [], []
        shape = (SIDE, SIDE, CHANNELS)
        for layer in self.layers:
            kind = layer['type']
            if kind == 'conv':
                k = layer['kernel']
                self.add([k, k, shape[2], layer['filters']], True)
                self.add([layer['filters']], False)
                side = lambda n: math.ceil((n if layer['padding'] == 'same' else n - k + 1) / layer['stride'])
                shape = (side(shape[0]), side(shape[1]), layer['filters'])
            elif kind == 'pooling':
                stride = layer.get('stride', layer['size'])
                side = lambda n: (n - layer['size']) // stride + 1
                shape = (side(shape[0]), side(shape[1]), shape[2])
            elif kind == 'global_average':
                shape = (shape[2],)
            elif kind == 'dense':
                self.add([math.prod(shape), layer['units']], True)
                self.add([layer['units']], False)
                shape = (layer['units'],)
            elif kind == 'batch_norm':
                self.add([shape[-1]], False, around=1)
                self.add([shape[-1]], False)

    def add(self, shape, decays, around=0):
        value = (around + tensor(shape, len(self.parameters) + 1, 0.5 if decays else 0.1)).requires_grad_()
        self.parameters.append(value)
        self.decays.append(decays)

    def __call__(self, x):
        parameters = iter(self.parameters)
        for layer in self.layers:
            kind = layer['type']
            if kind == 'conv':
                kernel, bias = next(parameters), next(parameters)
                k, stride = layer['kernel'], layer['stride']
                x = x.permute(0, 3, 1, 2)
                if layer['padding'] == 'same':
                    pads = []
                    for n in (x.shape[3], x.shape[2]):
                        total = max(0, (math.ceil(n / stride) - 1) * stride + k - n)
                        pads += [total // 2, total - total // 2]
                    x = F.pad(x, pads)
                x = F.conv2d(x, kernel.permute(3, 2, 0, 1), bias, stride=stride).permute(0, 2, 3, 1)
            elif kind == 'pooling':
                pool = F.max_pool2d if layer['kind'] == 'max' else F.avg_pool2d
                x = pool(x.permute(0, 3, 1, 2), layer['size'], layer.get('stride', layer['size'])).permute(0, 2, 3, 1)
            elif kind == 'global_average':
                x = x.mean((1, 2))
            elif kind == 'dense':
                x = x.reshape(x.shape[0], -1) @ next(parameters) + next(parameters)
            elif kind == 'batch_norm':
                scale, shift = next(parameters), next(parameters)
                axes = tuple(range(x.dim() - 1))
                mean, variance = x.mean(axes), x.var(axes, unbiased=False)
                x = (x - mean) / torch.sqrt(variance + 1e-5) * scale + shift
            x = ACTIVATIONS[layer.get('activation', 'linear')](x)
        return x


ACTIVATIONS = {
    'linear': lambda x: x,
    'relu': F.relu,
    'leaky_relu': lambda x: F.leaky_relu(x, 0.01),
    'elu': F.elu,
    'selu': F.selu,
    'tanh': torch.tanh,
    'sigmoid': torch.sigmoid,
}


def optimizer_of(config, network):
    kernels = [p for p, decays in zip(network.parameters, network.decays) if decays]
    rest = [p for p, decays in zip(network.parameters, network.decays) if not decays]
    lr, name = config['learning_rate'], config['type']
    epsilon = {'eps': config['epsilon']} if 'epsilon' in config else {}
    decayed = {'params': kernels, **({'weight_decay': config['weight_decay']} if 'weight_decay' in config else {})}
    groups = [decayed, {'params': rest, 'weight_decay': 0}]
    if name == 'sgd':
        assert 'weight_decay' not in config
        return torch.optim.SGD(groups, lr, momentum=config.get('momentum', 0), nesterov=config.get('nesterov', False))
    if name == 'rmsprop':
        return torch.optim.RMSprop(groups, lr, alpha=config['rho'], **epsilon)
    if name == 'adagrad':
        return torch.optim.Adagrad(groups, lr, **epsilon)
    if name == 'adadelta':
        return torch.optim.Adadelta(groups, lr, rho=config['rho'], **epsilon)
    betas = (config.get('beta1', 0.9), config.get('beta2', 0.999))
    if name == 'adam':
        return torch.optim.Adam(groups, lr, betas=betas, **epsilon)
    return torch.optim.AdamW(groups, lr, betas=betas, **epsilon)


def train(layers, optimizer, classes=4, loss=None, smoothing=0.0, l1=0.0, l2=0.0):
    outputs = 1 if loss == 'binary_crossentropy' else classes
    network = Network(layers, outputs)
    labels = torch.tensor([(7 * i + 3) % classes for i in range(IMAGES)])
    steps = optimizer_of(optimizer, network)
    losses = []
    first = None
    for _ in range(STEPS):
        logits = network(images)
        if outputs == 1:
            wanted = labels.double()
            plain = F.binary_cross_entropy_with_logits(logits[:, 0], wanted)
            aimed = F.binary_cross_entropy_with_logits(logits[:, 0], wanted * (1 - smoothing) + smoothing / 2)
        else:
            plain = F.cross_entropy(logits, labels)
            aimed = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        losses.append(plain.item())
        steps.zero_grad()
        aimed.backward()
        if first is None:
            first = [p.grad.norm().item() for p in network.parameters]
        if 'clip_norm' in optimizer:
            torch.nn.utils.clip_grad_norm_(network.parameters, optimizer['clip_norm'], error_if_nonfinite=True)
        if 'clip_value' in optimizer:
            torch.nn.utils.clip_grad_value_(network.parameters, optimizer['clip_value'])
        for parameter, decays in zip(network.parameters, network.decays):
            if decays:
                parameter.grad = parameter.grad + l1 * parameter.detach().sign() + 2 * l2 * parameter.detach()
        steps.step()
    weights = [w for p in network.parameters for w in p.detach().flatten().tolist()[:5]]
    return {'losses': losses, 'gradients': first, 'weights': weights}


MLP = [{'type': 'dense', 'units': 9, 'activation': 'tanh'}, {'type': 'dense', 'units': 7, 'activation': 'relu'}]
CNN = [
    {'type': 'conv', 'filters': 5, 'kernel': 3, 'stride': 1, 'padding': 'same', 'activation': 'relu'},
    {'type': 'pooling', 'kind': 'max', 'size': 2},
    {'type': 'conv', 'filters': 9, 'kernel': 3, 'stride': 1, 'padding': 'same', 'activation': 'relu'},
    {'type': 'dense', 'units': 6, 'activation': 'relu'},
]
NORMED = [
    {'type': 'conv', 'filters': 4, 'kernel': 2, 'stride': 2, 'padding': 'same', 'activation': 'linear'},
    {'type': 'batch_norm', 'activation': 'leaky_relu'},
    {'type': 'conv', 'filters': 6, 'kernel': 2, 'stride': 1, 'padding': 'valid', 'activation': 'selu'},
    {'type': 'global_average'},
    {'type': 'dense', 'units': 5, 'activation': 'elu'},
    {'type': 'batch_norm', 'activation': 'sigmoid'},
]
AVERAGED = [
    {'type': 'pooling', 'kind': 'average', 'size': 2, 'stride': 1},
    {'type': 'conv', 'filters': 3, 'kernel': 3, 'stride': 1, 'padding': 'same', 'activation': 'tanh'},
    {'type': 'pooling', 'kind': 'max', 'size': 3, 'stride': 1},
]
SGD = {'type': 'sgd', 'learning_rate': 0.1}

CASES = {
    'sgd': dict(layers=MLP, optimizer=SGD),
    'sgd with momentum': dict(layers=MLP, optimizer={**SGD, 'momentum': 0.9}),
    'sgd with Nesterov': dict(layers=MLP, optimizer={**SGD, 'momentum': 0.9, 'nesterov': True}),
    'rmsprop': dict(layers=MLP, optimizer={'type': 'rmsprop', 'learning_rate': 0.01, 'rho': 0.8, 'epsilon': 1e-5}),
    'adagrad': dict(layers=MLP, optimizer={'type': 'adagrad', 'learning_rate': 0.05, 'epsilon': 1e-6}),
    'adadelta': dict(layers=MLP, optimizer={'type': 'adadelta', 'learning_rate': 1, 'rho': 0.9, 'epsilon': 1e-5}),
    'adam': dict(layers=MLP, optimizer={'type': 'adam', 'learning_rate': 0.01}),
    'adam, other betas': dict(
        layers=MLP, optimizer={'type': 'adam', 'learning_rate': 0.01, 'beta1': 0.8, 'beta2': 0.95, 'epsilon': 1e-4}
    ),
    'adamw': dict(layers=MLP, optimizer={'type': 'adamw', 'learning_rate': 0.01, 'weight_decay': 0.3}),
    'clipped norm': dict(layers=MLP, optimizer={**SGD, 'learning_rate': 1, 'clip_norm': 0.3}),
    'clipped values': dict(layers=MLP, optimizer={**SGD, 'learning_rate': 1, 'clip_value': 0.02}),
    'l1 and l2': dict(layers=MLP, optimizer={**SGD, 'momentum': 0.5}, l1=0.01, l2=0.02),
    'smoothed labels': dict(layers=MLP, optimizer=SGD, smoothing=0.2),
    'two classes by one logit': dict(layers=MLP, optimizer=SGD, classes=2, loss='binary_crossentropy'),
    'two classes by one logit, smoothed': dict(
        layers=MLP, optimizer=SGD, classes=2, loss='binary_crossentropy', smoothing=0.1
    ),
    'two classes by two logits': dict(layers=MLP, optimizer=SGD, classes=2, loss='categorical_crossentropy'),
    'convolutions and max pooling': dict(layers=CNN, optimizer=SGD),
    'convolutions and adam': dict(layers=CNN, optimizer={'type': 'adam', 'learning_rate': 0.01}),
    'batch normalization, strides, global average': dict(layers=NORMED, optimizer=SGD),
    'pooling that overlaps': dict(layers=AVERAGED, optimizer=SGD),
}


def plateau(factor, patience, floor, losses):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], 0.5)
    schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=factor, patience=patience, threshold=0, threshold_mode='abs', min_lr=floor * 0.5, eps=0
    )
    rates = []
    for loss in losses:
        schedule.step(loss)
        rates.append(optimizer.param_groups[0]['lr'])
    return rates


def schedule(make, count):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.5)
    scheduler = make(optimizer)
    rates = []
    for _ in range(count):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    return rates


LR = torch.optim.lr_scheduler
LOSSES = [3, 2, 2.5, 2, 1.9, 1.9, 1.9, 2, 3, 1.8, 1.9, 1.9, 1.9, 1.9, 1.9]
SCHEDULES = [
    ({'type': 'linear', 'final': 0.1}, 12, schedule(lambda o: LR.LinearLR(o, 1, 0.1, 11), 12)),
    ({'type': 'cosine', 'final': 0.02}, 12, schedule(lambda o: LR.CosineAnnealingLR(o, 11, eta_min=0.01), 12)),
    ({'type': 'exponential', 'final': 0.05}, 12, schedule(lambda o: LR.ExponentialLR(o, 0.05 ** (1 / 11)), 12)),
    ({'type': 'step', 'every': 3, 'factor': 0.4}, 12, schedule(lambda o: LR.StepLR(o, 3, 0.4), 12)),
]

print(
    json.dumps(
        {
            'source': f'PyTorch {torch.__version__}, CPU, float64, test/golden/train/reference.py',
            'trainings': {
                name: {**{'classes': 4, 'loss': None, 'smoothing': 0, 'l1': 0, 'l2': 0, **case}, **train(**case)}
                for name, case in CASES.items()
            },
            'schedules': [
                {'schedule': {'warmup': 0, **config}, 'steps': steps, 'rates': rates} for config, steps, rates in SCHEDULES
            ],
            'plateau': {
                'schedule': {'type': 'plateau', 'warmup': 0, 'factor': 0.3, 'patience': 1, 'final': 0.05},
                'losses': LOSSES,
                'rates': plateau(0.3, 1, 0.05, LOSSES),
            },
        },
    )
)
