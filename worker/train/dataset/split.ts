import { ObjectiveError } from '../../objectives/errors.js';
import { Random } from '../random.js';
import type { Split } from './dataset.js';

/** Images wanted on either side; what is left out is `rest`: all that remains. */
export interface SplitSizes {
  readonly train: number | 'rest';
  readonly validation: number;
}

/**
 * Draws which images are trained on and which are measured on. Each side has every class in the same proportion as
 * the whole, to within one image, so that a metric does not depend on a lucky draw.
 *
 * @param name   the data set, for messages
 * @param labels one per image
 * @param seed   a uint32; equal seeds give equal splits
 * @throws {ObjectiveError} when more images are wanted than there are
 */
export function splitStratified(name: string, labels: Uint8Array, sizes: SplitSizes, seed: number): Split {
  const train = sizes.train === 'rest' ? labels.length - sizes.validation : sizes.train;
  if (train < 1 || train + sizes.validation > labels.length) {
    const wanted = sizes.train === 'rest' ? 'the rest' : String(sizes.train);
    throw new ObjectiveError(
      `data set ${name} has ${labels.length} images: ${wanted} to train and ${sizes.validation} to validate on ` +
        `are more than that; ask for fewer`,
    );
  }
  const random = new Random(seed);
  const order = interleaveClasses(labels, random);
  const split = { validation: order.slice(0, sizes.validation), train: order.slice(sizes.validation).slice(0, train) };
  random.shuffle(split.train);
  random.shuffle(split.validation);
  return split;
}

/**
 * All images, shuffled within their class, in an order of which every stretch has the classes in proportion: the k-th
 * of a class's n images stands at (k + 1/2) / n of the way.
 */
function interleaveClasses(labels: Uint8Array, random: Random): Uint32Array {
  const byClass = Array.from({ length: 256 }, (): number[] => []);
  for (const [index, label] of labels.entries()) byClass[label]!.push(index);
  const places: { readonly image: number; readonly at: number; readonly label: number }[] = [];
  for (const [label, images] of byClass.entries()) {
    const shuffled = Uint32Array.from(images);
    random.shuffle(shuffled);
    for (const [rank, image] of shuffled.entries()) places.push({ image, label, at: (rank + 0.5) / shuffled.length });
  }
  places.sort((a, b) => a.at - b.at || a.label - b.label);
  return Uint32Array.from(places, (place) => place.image);
}
