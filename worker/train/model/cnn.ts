import type { TrainConfig } from '../../../proto/objective.js';
import { BatchNorm } from './batch-norm.js';
import { Conv2d } from './conv2d.js';
import { Dense } from './dense.js';
import type { Layer } from './layer.js';
import { hiddenLayers } from './mlp.js';
import type { ModelRandom } from './model-random.js';
import { Pooling } from './pooling.js';
import { Reshape } from './reshape.js';

/** Height, width and channels of the images. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * The layers of a convolutional network: `depth` blocks of convolution and pooling, the first with `width` filters;
 * then a hidden dense layer of `dense` units, then the logits. Each pooling halves the picture and doubles the
 * filters of the blocks after it; a picture with a side of one pixel is not pooled any more.
 */
export function cnnLayers(
  architecture: TrainConfig['architecture'],
  image: ImageShape,
  outputs: number,
  random: ModelRandom,
): Layer[] {
  const { depth, kernel, activation, batch_norm, pooling, dense } = architecture;
  const layers: Layer[] = [new Reshape([image.height, image.width, image.channels])];
  let { height, width, channels } = image;
  let filters = architecture.width;
  for (let block = 0; block < depth; block++) {
    const name = `block${block}`;
    layers.push(new Conv2d(name, kernel, channels, filters, batch_norm ? 'linear' : activation, random.weights));
    if (batch_norm) layers.push(new BatchNorm(`${name}/norm`, filters, activation));
    channels = filters;
    if (pooling === 'none' || Math.min(height, width) < 2) continue;
    layers.push(new Pooling(pooling));
    height = Math.floor(height / 2);
    width = Math.floor(width / 2);
    filters *= 2;
  }
  let units = height * width * channels;
  layers.push(new Reshape([units]));
  if (dense > 0) {
    layers.push(...hiddenLayers('dense', units, dense, architecture, random));
    units = dense;
  }
  layers.push(new Dense('logits', units, outputs, 'linear', random.weights));
  return layers;
}
