import type { ShapedArchitecture } from '../../../proto/architecture.js';
import { addHidden } from './mlp.js';
import type { Stack } from './stack.js';

/**
 * The hidden layers of a convolutional network: `depth` blocks of convolution and pooling, the first with `width`
 * filters; then a dense layer of `dense` units. Each pooling halves the picture and doubles the filters of the blocks
 * after it; a picture with a side of one pixel is not pooled any more.
 */
export function addBlocks(stack: Stack, architecture: ShapedArchitecture): void {
  const { depth, kernel, activation, initializer, batch_norm, pooling, dense } = architecture;
  let filters = architecture.width;
  for (let block = 0; block < depth; block++) {
    const name = `block${block}`;
    const { height, width } = stack.picture!;
    const pools = pooling !== 'none' && Math.min(height, width) >= 2;
    const window = { kind: pooling === 'average' ? 'average' : 'max', size: 2, stride: 2 } as const;
    const settings = { kernel, stride: 1, padding: 'same', activation, initializer } as const;
    if (pools && pooling === 'max' && !batch_norm) stack.pooledConv(name, filters, settings, window);
    else {
      stack.conv(name, filters, { ...settings, activation: batch_norm ? 'linear' : activation });
      if (batch_norm) stack.batchNorm(`${name}/norm`, activation);
      if (pools) stack.pooling(`${name}/pooling`, window);
    }
    if (pools) filters *= 2;
  }
  if (dense > 0) addHidden(stack, 'dense', dense, architecture);
}
