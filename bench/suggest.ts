/**
 * What a suggestion and telling a result cost as a history grows: a space of six parameters of all kinds, one trial after
 * the other, the median and the mean of the last asks before each mark.
 *
 *     npm run bench:suggest [-- --sampler NAME] [--marks 100,1000,10000,100000] [--history random|own]
 *
 * A history is made by random search, or by the sampler itself.
 */
import { parseArgs } from 'node:util';
import { createSampler, createSpace, History, type Params, Rng, type SamplerOptions } from '../search/index.js';

const SPACE = createSpace([
  { name: 'lr', kind: 'float', low: 1e-5, high: 1e-1, log: true },
  { name: 'momentum', kind: 'float', low: 0.5, high: 0.99, log: false },
  { name: 'depth', kind: 'int', low: 1, high: 6, log: false, step: 1 },
  { name: 'width', kind: 'int', low: 16, high: 1024, log: true, step: 1 },
  { name: 'optimizer', kind: 'categorical', choices: ['sgd', 'adam', 'rmsprop'] },
  { name: 'batch', kind: 'categorical', choices: [32, 64, 128, 256] },
]);

/** Asks that are timed before each mark. */
const TIMED = 50;

/** A smooth valley with a little noise; its shape does not matter much to the cost. */
function loss(params: Params, rng: Rng): number {
  const lr = Math.log10(Number(params['lr'])) + 3;
  const depth = Number(params['depth']) - 3;
  return lr * lr + 0.1 * depth * depth + (params['optimizer'] === 'adam' ? 0 : 0.3) + 0.05 * rng.normal();
}

interface Row {
  readonly trials: number;
  readonly askMedianMs: number;
  readonly askMeanMs: number;
  readonly tellMeanMs: number;
}

function measure(options: SamplerOptions, marks: readonly number[], own: boolean): Row[] {
  const sampler = createSampler(options, SPACE, 'minimize', 1);
  const history = new History('minimize', 'best');
  const rows: Row[] = [];
  let asks: number[] = [];
  let tells: number[] = [];
  const filler = createSampler({ type: 'random' }, SPACE, 'minimize', 2);
  for (let number = 0; number < marks.at(-1)!; number++) {
    // What is timed is the end of each stretch.
    const mark = marks.find((at) => at > number)!;
    const timed = number >= mark - TIMED;
    // What was not asked has to be read first; that is no part of a suggestion in a study that is followed.
    if (number === mark - TIMED && !own) sampler.suggest(history, number);
    const from = performance.now();
    const suggestion = (timed || own ? sampler : filler).suggest(history, number);
    const asked = performance.now();
    if (suggestion === undefined) throw new Error(`${sampler.name} had nothing to propose for trial ${number}`);
    const value = loss(suggestion.params, new Rng(3, number));
    const to = performance.now();
    history.propose(number, suggestion.params, sampler.name, suggestion.draws);
    history.start(number);
    history.report(number, 1, value);
    history.end(number, 'complete');
    const told = performance.now();
    if (timed) {
      asks.push(asked - from);
      tells.push(told - to);
    }
    if (number + 1 !== mark) continue;
    rows.push({ trials: mark, askMedianMs: median(asks), askMeanMs: mean(asks), tellMeanMs: mean(tells) });
    asks = [];
    tells = [];
  }
  return rows;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const { values: args } = parseArgs({
  options: {
    sampler: { type: 'string', multiple: true },
    marks: { type: 'string', default: '100,1000,10000,100000' },
    history: { type: 'string', multiple: true, default: ['random', 'own'] },
  },
});
const marks = args.marks.split(',').map(Number);
for (const name of args.sampler ?? ['auto', 'tpe', 'random']) {
  const options: SamplerOptions = name.startsWith('{') ? JSON.parse(name) : { type: name };
  // Code is compiled while it runs, the last of it after some hundred asks.
  measure(options, [1500], true);
  for (const history of args.history) {
    console.log(`\n${name}, history made by ${history === 'own' ? 'itself' : 'random search'}: milliseconds`);
    console.table(
      measure(options, marks, history === 'own').map(({ trials, askMedianMs, askMeanMs, tellMeanMs }) => ({
        trials,
        'ask, median': Number(askMedianMs.toFixed(3)),
        'ask, mean': Number(askMeanMs.toFixed(3)),
        'tell, mean': Number(tellMeanMs.toFixed(4)),
      })),
    );
  }
}
