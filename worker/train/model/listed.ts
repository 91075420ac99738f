import type { LayerConfig } from '../../../proto/architecture.js';
import type { PoolingSettings } from './pooling.js';
import type { Stack } from './stack.js';

/** The layers of a list, named by their place in it. */
export function addListed(stack: Stack, layers: readonly LayerConfig[]): void {
  for (let index = 0; index < layers.length; index++) {
    const name = `layer${index}`;
    const [layer, next] = [layers[index]!, layers[index + 1]];
    if (layer.type === 'conv' && next?.type === 'pooling' && next.kind === 'max') {
      stack.pooledConv(name, layer.filters, layer, windowOf(next));
      index++;
    } else addLayer(stack, name, layer);
  }
}

function windowOf({ kind, size, stride = size }: LayerConfig & { readonly type: 'pooling' }): PoolingSettings {
  return { kind, size, stride };
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
      stack.pooling(name, windowOf(layer));
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
