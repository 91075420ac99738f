import type { ServerWritableStream } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { ExternalScalerServer, IsActiveResponse, ScaledObjectRef } from '../../proto/index.js';
import { Refused } from '../calls/refused.js';
import { type Pool, slotsWanted } from '../core/demand.js';
import { didYouMean } from '../core/nearest.js';
import type { State } from '../core/state.js';
import { parseSize } from '../spec/size.js';
import { createUnary, toStatus } from './unary.js';

export interface ScalerServiceOptions {
  /** Looks at what the log says, on a leader as on a standby. */
  readonly look: <T>(look: (state: State) => T) => Promise<T>;
  readonly logger: Logger;
  /** How often a stream looks whether something has changed, milliseconds; a second when absent. */
  readonly intervalMs?: number;
}

/** What KEDA asks us for; its own prefix comes before it. */
const METRIC = 'slots-wanted';

/**
 * KEDA's external scaler: how many workers there should be. The measure is slots wanted, by what runs and by what would
 * start, and its target is the slots of one worker, so that the number of workers is the one divided by the other. A
 * measure of what waits alone would send workers away as soon as they have taken something up.
 */
export function createScalerService({ look, logger, intervalMs = 1000 }: ScalerServiceOptions): ExternalScalerServer {
  const unary = createUnary(logger);
  const wanted = async (scaled: ScaledObjectRef): Promise<number> => {
    const { pool } = read(scaled);
    return look((state) => slotsWanted(state, pool));
  };
  return {
    isActive: unary(async (scaled) => ({ result: (await wanted(scaled)) > 0 })),
    streamIsActive(call: ServerWritableStream<ScaledObjectRef, IsActiveResponse>): void {
      follow(call, wanted, intervalMs).catch((error: unknown) => void call.emit('error', toStatus(error, logger)));
    },
    getMetricSpec: unary(async (scaled) => {
      const { slotsPerWorker } = read(scaled);
      return { metricSpecs: [{ metricName: METRIC, targetSize: slotsPerWorker, targetSizeFloat: slotsPerWorker }] };
    }),
    getMetrics: unary(async ({ scaledObjectRef, metricName }) => {
      if (metricName !== METRIC) throw invalid(`there is no metric ${JSON.stringify(metricName)}, only ${METRIC}`);
      const slots = await wanted(scaledObjectRef ?? { name: '', namespace: '', scalerMetadata: {} });
      return { metricValues: [{ metricName, metricValue: slots, metricValueFloat: slots }] };
    }),
  };
}

/** Says now, and whenever it has changed, whether there is something to do. */
async function follow(
  call: ServerWritableStream<ScaledObjectRef, IsActiveResponse>,
  wanted: (scaled: ScaledObjectRef) => Promise<number>,
  intervalMs: number,
): Promise<void> {
  let said: boolean | undefined;
  while (!call.cancelled && !call.destroyed) {
    const result = (await wanted(call.request)) > 0;
    if (result !== said) call.write({ result });
    said = result;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}

/** What may stand in a trigger's metadata for us. */
const OURS = ['slotsPerWorker', 'gpus', 'memory', 'labels'] as const;
/** What KEDA reads itself, and hands on to us all the same. */
const NOT_OURS = ['scalerAddress', 'enableTLS', 'unsafeSsl'];

/** @throws {Refused} when a trigger's metadata are not what they should be */
function read({ scalerMetadata }: ScaledObjectRef): { readonly pool: Pool; readonly slotsPerWorker: number } {
  const known: readonly string[] = [...OURS, ...NOT_OURS];
  for (const key of Object.keys(scalerMetadata)) {
    if (known.includes(key)) continue;
    throw invalid(`there is no ${JSON.stringify(key)}${didYouMean(key, OURS)}; there are ${OURS.join(', ')}`);
  }
  const { slotsPerWorker = '1', gpus = '0', memory, labels = '' } = scalerMetadata;
  const memoryBytes = memory === undefined ? undefined : parseSize(memory);
  if (memory !== undefined && memoryBytes === undefined) {
    throw invalid(`memory ${JSON.stringify(memory)} must be a size such as 16GiB`);
  }
  return {
    slotsPerWorker: wholeNumber('slotsPerWorker', slotsPerWorker, 1),
    pool: { gpus: wholeNumber('gpus', gpus, 0), memoryBytes, labels: readLabels(labels) },
  };
}

/** No worker has more slots, or GPUs. */
const MOST = 1024;

function wholeNumber(name: string, text: string, least: number): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= MOST) return number;
  throw invalid(`${name} ${JSON.stringify(text)} must be a whole number from ${least} to ${MOST}`);
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const parts = text.split(',').filter((part) => part.trim() !== '');
  const entries = parts.map((part) => {
    const at = part.indexOf('=');
    if (at < 1) throw invalid(`labels ${JSON.stringify(text)} must be KEY=VALUE with commas between them`);
    return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const;
  });
  return Object.fromEntries(entries);
}

function invalid(message: string): Refused {
  return new Refused({ code: 'invalid', message: `trigger metadata: ${message}` });
}
