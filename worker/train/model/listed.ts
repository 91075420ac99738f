import type { LayerConfig } from '../../../proto/architecture.js';
import type { Stack } from './stack.js';

/** The layers of a list, named by their place in it. */
export function addListed(stack: Stack, layers: readonly LayerConfig[]): void {
  for (const [index, layer] of layers.entries()) addLayer(stack, `layer${index}`, layer);
}

function addLayer(stack: Stack, name: string, layer: LayerConfig): void {
  switch (layer.type) {
    case 'dense':
      stack.dense(name, layer.units, layer);
      break;
    case 'conv':
      stack.conv(name, layer.filters, layer);
      break;
    case 'pooling':
      stack.pooling(name, { kind: layer.kind, size: layer.size, stride: layer.stride ?? layer.size });
      break;
    case 'global_average':
      stack.globalAverage(name);
      break;
    case 'batch_norm':
      stack.batchNorm(name, layer.activation);
      break;
    case 'activation':
      stack.activate(layer.activation);
      break;
    case 'dropout':
      stack.dropout(layer.rate);
      break;
    case 'flatten':
      stack.flatten();
      break;
  }
}
