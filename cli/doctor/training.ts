import { fileURLToPath } from 'node:url';
import type { Readiness } from '../../worker/child-messages.js';
import { AttemptProcess, causeOfDeath } from '../../worker/child-process.js';
import type { DataPlaces } from '../../worker/data-places.js';
import { askNvidiaSmi } from '../../worker/gpu/nvidia-smi.js';
import { fasterBackends } from '../../worker/train/backend/backend.js';
import { listDatasets } from '../../worker/train/dataset/catalog.js';
import { NAMED_SETS } from '../../worker/train/dataset/named-sets.js';
import { type Finding, finding } from './finding.js';

/** How long a backend may take to load, milliseconds. */
const LOADING_MS = 60_000;
/** How long a mirror may take to answer, milliseconds. */
const MIRROR_MS = 5_000;
const CHILD = fileURLToPath(new URL('../../worker/child.js', import.meta.url));

/** The GPUs, and whether the backend that would be chosen uses them. */
export async function checkTraining(): Promise<readonly Finding[]> {
  const [{ gpus, fault }, readiness] = await Promise.all([askNvidiaSmi(), loadBackend()]);
  const found =
    fault !== ''
      ? finding('gpu', 'warning', `they cannot be asked: ${fault}`, 'mend the driver, or say --gpus none to the worker')
      : gpus.length === 0
        ? finding('gpu', 'note', 'none: nvidia-smi is not here, so attempts run on the processor')
        : finding('gpu', 'ok', gpus.map(({ id, name }) => `${id}: ${name}`).join(', '));
  return [found, backendFinding(readiness, gpus.length > 0)];
}

export function backendFinding(readiness: Readiness, hasGpu: boolean): Finding {
  if (!readiness.ok) {
    return finding(
      'backend',
      'fault',
      `none runs here: ${readiness.fault}`,
      'reinstall the package, or run your own code (command, module)',
    );
  }
  const { backend, backendReason } = readiness;
  const words = `${backend}: ${backendReason}`;
  const [best] = fasterBackends(backend).filter(({ needsGpu }) => !needsGpu || hasGpu);
  if (best === undefined) return finding('backend', 'ok', words);
  const advice = `faster would be ${best.name}: ${best.remedy}`;
  return finding('backend', hasGpu ? 'warning' : 'note', words, advice);
}

/** In a process of its own, as an attempt's would be: an engine that crashes takes nothing along. */
function loadBackend(): Promise<Readiness> {
  return new Promise((resolve) => {
    const settle = (readiness: Readiness): void => {
      clearTimeout(late);
      child.kill();
      resolve(readiness);
    };
    const late = setTimeout(
      () => settle({ ok: false, fault: `loading took longer than ${LOADING_MS / 1000} s` }),
      LOADING_MS,
    );
    const child = new AttemptProcess({
      path: CHILD,
      objective: 'train',
      backend: 'auto',
      gpus: [],
      environment: {},
      onReady: settle,
    });
    void child.gone.then((exit) => settle({ ok: false, fault: causeOfDeath(exit) }));
  });
}

export async function checkData(places: DataPlaces): Promise<readonly Finding[]> {
  const { mirror, offline } = places;
  const there = await listDatasets({ ...places, offline: true });
  const missing = NAMED_SETS.map(({ name }) => name).filter((name) => !there.includes(name));
  const has = `here: ${there.join(', ')}`;
  const all = missing.length === 0;
  const data = all
    ? finding('data sets', 'ok', has)
    : offline
      ? finding(
          'data sets',
          'note',
          `${has}; not here: ${missing.join(', ')}`,
          `"assay datasets ${missing[0]}" where there is a network`,
        )
      : finding('data sets', 'ok', `${has}; downloaded when needed: ${missing.join(', ')}`);
  if (mirror === undefined || offline) return [data];
  return [data, await checkMirror(mirror)];
}

async function checkMirror(mirror: string): Promise<Finding> {
  const [{ name, files }] = NAMED_SETS as readonly [(typeof NAMED_SETS)[number]];
  const address = `${mirror}/${name}/${files[0]!.name}`;
  const advice = 'look at the address of --mirror and at that server';
  try {
    const { status } = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(MIRROR_MS) });
    if (status < 400) return finding('mirror', 'ok', `${mirror} has ${name}`);
    return finding('mirror', 'warning', `${address} answers ${status}`, advice);
  } catch (error) {
    const cause = (error as { cause?: unknown }).cause ?? error;
    const why = cause instanceof Error ? cause.message : String(cause);
    return finding('mirror', 'warning', `${mirror} does not answer: ${why}`, advice);
  }
}
