import { Command } from 'commander';
import { FAILURE, UserError } from '../fail.js';
import { wholeNumber } from '../options.js';
import { printJson } from '../print-json.js';
import { plainText } from '../text.js';

interface Options {
  readonly top: number;
  readonly backend: string;
  readonly json?: true;
}

export function predictVerb(): Command {
  return new Command('predict')
    .description(
      'Says what an exported model sees in images (PNG, JPEG, WebP). They are brought to the size and the colours that\n' +
        'the model was trained on. Needs no coordinator.',
    )
    .argument('<dir>', 'folder that "assay best --export" wrote')
    .argument('<image...>', 'images')
    .option('--top <n>', 'how many classes to print', wholeNumber(1, 1000), 3)
    .option('--backend <name>', 'backend: auto, wasm or cpu', 'auto')
    .option('--json', 'print [{image, classes: [{label, probability}], note}] as JSON')
    .action(predict);
}

async function predict(folder: string, images: readonly string[], { top, backend, json }: Options): Promise<void> {
  const [{ openPredictor }, { ObjectiveError }] = await Promise.all([
    import('../../worker/train/predict.js'),
    import('../../worker/objectives/errors.js'),
  ]);
  const said = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch((error: unknown) => {
      throw error instanceof ObjectiveError ? new UserError(error.message, undefined, { cause: error }) : error;
    });
  const predictor = await said(openPredictor(folder, backend));
  const results: object[] = [];
  let failed = 0;
  try {
    for (const image of images) {
      try {
        const { classes, note } = await said(predictor.predict(image));
        const shown = classes.slice(0, top);
        results.push({ image, classes: shown, note });
        if (json !== true) printPrediction(image, shown, note, images.length > 1);
      } catch (error) {
        if (!(error instanceof UserError) || images.length === 1) throw error;
        failed += 1;
        process.stderr.write(`assay: ${error.message}\n`);
      }
    }
  } finally {
    predictor.dispose();
  }
  if (json === true) printJson(results);
  if (failed > 0) throw new UserError(`${failed} of ${images.length} images could not be read`, FAILURE);
}

function printPrediction(
  image: string,
  classes: readonly { readonly label: string; readonly probability: number }[],
  note: string,
  many: boolean,
): void {
  const likely = classes.map(({ label, probability }) => `${plainText(label)} ${(100 * probability).toFixed(1)} %`);
  const words = `${likely.join(', ')}${note === '' ? '' : `  (${note})`}`;
  process.stdout.write(many ? `${plainText(image)}: ${words}\n` : `${words}\n`);
}
