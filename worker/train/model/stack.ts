import type { ActivationName } from '../../../proto/architecture.js';
import { ObjectiveError } from '../../objectives/errors.js';
import { Activate } from './activate.js';
import { BatchNorm } from './batch-norm.js';
import { Conv2d, type FilterSettings } from './conv2d.js';
import { Dense } from './dense.js';
import { Dropout } from './dropout.js';
import { GlobalAverage } from './global-average.js';
import type { ImageShape } from './image-shape.js';
import { resolved } from './initializer.js';
import type { Layer } from './layer.js';
import type { ModelRandom } from './model-random.js';
import { Pooling, type PoolingSettings } from './pooling.js';
import { Reshape } from './reshape.js';
import type { UnitSettings } from './unit-settings.js';

/**
 * Puts layers one on the other and knows what comes out of the last one. Images come in as rows of numbers; they are
 * seen as pictures from the first layer that wants pictures on, and as rows again from the first that wants rows.
 */
export class Stack {
  readonly layers: Layer[] = [];
  readonly #random: ModelRandom;
  #picture: ImageShape | undefined;
  #units: number;
  #asRows = true;

  constructor(image: ImageShape, random: ModelRandom) {
    this.#random = random;
    this.#picture = image;
    this.#units = image.height * image.width * image.channels;
  }

  /** What comes out as a picture; undefined once it is rows. */
  get picture(): ImageShape | undefined {
    return this.#picture;
  }

  dense(name: string, units: number, settings: UnitSettings): void {
    this.flatten();
    this.layers.push(new Dense(name, this.#units, units, settings, this.#random.weights));
    this.#units = units;
  }

  conv(name: string, filters: number, settings: FilterSettings): void {
    const { height, width, channels } = this.#asPicture(name);
    this.layers.push(new Conv2d(name, channels, filters, settings, this.#random.weights));
    const { kernel, stride, padding } = settings;
    const side = (length: number): number => Math.ceil((padding === 'same' ? length : length - kernel + 1) / stride);
    this.#becomes(name, { height: side(height), width: side(width), channels: filters });
  }

  /**
   * A convolution and max pooling, with the activation after both: no activation ever falls, so the largest comes out
   * the same, and there are fewer numbers left to work on.
   */
  pooledConv(name: string, filters: number, settings: FilterSettings, pooling: PoolingSettings): void {
    const { activation } = settings;
    const initializer = resolved(settings.initializer, activation);
    this.conv(name, filters, { ...settings, activation: 'linear', initializer });
    this.pooling(`${name}/pooling`, pooling);
    this.activate(activation);
  }

  pooling(name: string, settings: PoolingSettings): void {
    const { height, width, channels } = this.#asPicture(name);
    this.layers.push(new Pooling(settings));
    const side = (length: number): number => Math.floor((length - settings.size) / settings.stride) + 1;
    this.#becomes(name, { height: side(height), width: side(width), channels });
  }

  globalAverage(name: string): void {
    const { channels } = this.#asPicture(name);
    this.layers.push(new GlobalAverage());
    this.#picture = undefined;
    this.#asRows = true;
    this.#units = channels;
  }

  batchNorm(name: string, activation: ActivationName): void {
    const channels = this.#asRows ? this.#units : this.#picture!.channels;
    this.layers.push(new BatchNorm(name, channels, activation));
  }

  activate(activation: ActivationName): void {
    if (activation !== 'linear') this.layers.push(new Activate(activation));
  }

  dropout(rate: number): void {
    if (rate > 0) this.layers.push(new Dropout(rate, this.#random.dropout));
  }

  flatten(): void {
    if (!this.#asRows) this.layers.push(new Reshape([this.#units]));
    this.#picture = undefined;
    this.#asRows = true;
  }

  #asPicture(name: string): ImageShape {
    const picture = this.#picture;
    if (picture === undefined) throw new ObjectiveError(`${name} is for pictures, and a layer before it has made rows`);
    if (this.#asRows) this.layers.push(new Reshape([picture.height, picture.width, picture.channels]));
    this.#asRows = false;
    return picture;
  }

  #becomes(name: string, picture: ImageShape): void {
    const { height, width, channels } = picture;
    if (height < 1 || width < 1) {
      throw new ObjectiveError(`train.architecture: nothing is left of the picture after ${name}; make it smaller`);
    }
    this.#picture = picture;
    this.#units = height * width * channels;
  }
}
