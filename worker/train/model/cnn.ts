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
    const settings = { kernel, stride: 1, padding: 'same', activation: batch_norm ? 'linear' : activation } as const;
    stack.conv(name, filters, { ...settings, initializer });
    if (batch_norm) stack.batchNorm(`${name}/norm`, activation);
    const { height, width } = stack.picture!;
    if (pooling === 'none' || Math.min(height, width) < 2) continue;
    stack.pooling(`${name}/pooling`, { kind: pooling, size: 2, stride: 2 });
    filters *= 2;
  }
  if (dense > 0) addHidden(stack, 'dense', dense, architecture);
}
