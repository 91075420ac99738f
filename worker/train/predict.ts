import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { z } from 'zod';
import { ObjectiveError } from '../objectives/errors.js';
import { useBackend } from './backend/backend.js';
import { createDecoder } from './dataset/image-folder.js';
import { MODEL_FILE, type ModelNotes, modelNotesSchema, WEIGHTS_FILE } from './layers-model.js';

/** What a model says of one image. */
export interface Prediction {
  /** Every class with its probability, the likeliest first. */
  readonly classes: readonly { readonly label: string; readonly probability: number }[];
  /** What had to be done to the image to make it one that the model takes; empty when nothing had. */
  readonly note: string;
}

/** A model that was exported. */
export interface Predictor {
  readonly notes: ModelNotes;
  /** @throws {ObjectiveError} when the file is no image that can be decoded */
  predict(path: string): Promise<Prediction>;
  dispose(): void;
}

/**
 * Loads a model from the folder it was exported to.
 *
 * @throws {ObjectiveError} when the folder holds no such model, or no backend runs here
 */
export async function openPredictor(folder: string, backend: string): Promise<Predictor> {
  const { json, notes } = await readModel(folder);
  if (notes.type !== 'u8') {
    throw new ObjectiveError(`the model in ${folder} is for rows of a table (${notes.dataset}), not for images`);
  }
  await useBackend(backend);
  const weights = await read(folder, WEIGHTS_FILE);
  const model = await load(folder, json, weights);
  const { height, width, channels } = notes.input;
  const decodeAsIs = await createDecoder({ size: undefined, fit: 'stretch' }, channels);
  const decodeToSize = await createDecoder({ size: [height, width], fit: 'stretch' }, channels);
  return {
    notes,
    async predict(path) {
      const image = await decodeAsIs(path);
      const fits = image.height === height && image.width === width;
      const { bytes } = fits ? image : await decodeToSize(path);
      const { mean, deviation } = notes.normalization;
      const numbers = Float32Array.from(bytes, (byte, at) => (byte - mean[at % channels]!) / deviation[at % channels]!);
      const output = tf.tidy(() => model.predict(tf.tensor(numbers, [1, height, width, channels])) as tf.Tensor);
      const probabilities = [...(await output.data())];
      output.dispose();
      const note = fits ? '' : `brought from ${image.width} x ${image.height} to ${width} x ${height} pixels`;
      return { classes: byProbability(notes.labels, probabilities), note };
    },
    dispose: () => model.dispose(),
  };
}

/** One output tells two classes apart: it is the second one's probability. */
function byProbability(labels: readonly string[], outputs: readonly number[]): Prediction['classes'] {
  const probabilities = outputs.length === 1 ? [1 - outputs[0]!, outputs[0]!] : outputs;
  return labels
    .map((label, index) => ({ label, probability: probabilities[index] ?? Number.NaN }))
    .sort((a, b) => b.probability - a.probability);
}

const modelSchema = z.looseObject({
  format: z.literal('layers-model'),
  userDefinedMetadata: z.object({ assay: modelNotesSchema }),
});

async function readModel(folder: string): Promise<{ json: tf.io.ModelJSON; notes: ModelNotes }> {
  const text = (await read(folder, MODEL_FILE)).toString('utf8');
  const fail = (why: string, cause?: unknown): ObjectiveError =>
    new ObjectiveError(`${join(folder, MODEL_FILE)} is no model that "assay best --export" wrote: ${why}`, { cause });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw fail('it is not JSON', cause);
  }
  const parsed = modelSchema.safeParse(json);
  if (parsed.success) return { json: json as tf.io.ModelJSON, notes: parsed.data.userDefinedMetadata.assay };
  throw fail(z.prettifyError(parsed.error).split('\n').slice(0, 2).join(' ').trim());
}

async function read(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? String(cause);
    const hint = code === 'ENOENT' ? 'it holds no exported model' : code;
    throw new ObjectiveError(`${folder} has no readable ${name}: ${hint}; make one with "assay best --export"`, {
      cause,
    });
  }
}

async function load(folder: string, json: tf.io.ModelJSON, weights: Buffer): Promise<LayersModel> {
  const wanted = json.weightsManifest.flatMap((group) => group.weights);
  const bytes = wanted.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, length) => product * length, 1), 0);
  if (bytes !== weights.length) {
    throw new ObjectiveError(
      `${join(folder, WEIGHTS_FILE)} has ${weights.length} bytes, the model needs ${bytes}: export it again`,
    );
  }
  const content = Uint8Array.from(weights).buffer;
  const handler: tf.io.IOHandler = {
    load: () => tf.io.getModelArtifactsForJSON(json, () => Promise.resolve([wanted, content])),
  };
  return loadLayersModel(handler);
}
