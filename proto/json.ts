// The shapes that the command line's --json and the dashboard print, one for both. They are a promise: fields are added,
// never renamed or removed. Names are those of proto/assay/v1/study.proto in camelCase; states are lower-case words; times
// are milliseconds since the epoch; a number that JSON cannot hold is the string "NaN", "Infinity" or "-Infinity"; what is
// not there yet is null.

import type {
  Attempt,
  Gpu,
  GpuUse,
  Leaderboard,
  Param,
  Repeats,
  SavedFiles,
  Seen,
  Study,
  Trial,
  TrialCounts,
  Worker,
} from './index.js';
import { studyStateName, trialStateName } from './state-names.js';

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** See {@link studyJson}. */
export type StudyJson = Omit<Study, 'state' | 'finishedAtMs' | 'spec' | 'best' | 'counts'> & {
  readonly state: string;
  readonly finishedAtMs: number | null;
  readonly best: TrialJson | null;
  readonly counts: TrialCounts | null;
};

/** See {@link trialJson}. */
export type TrialJson = Omit<
  Trial,
  'state' | 'params' | 'value' | 'rerunOf' | 'repeats' | 'endedAtMs' | 'attempts' | 'reports' | 'weights'
> & {
  readonly weights: SavedFilesJson | null;
  readonly repeats: (Omit<Repeats, 'mean'> & { readonly mean: number | string | null }) | null;
  readonly state: string;
  readonly params: { readonly [name: string]: Json };
  readonly value: number | string | null;
  readonly rerunOf: number | null;
  readonly endedAtMs: number | null;
  readonly attempts: readonly AttemptJson[];
  readonly reports: readonly {
    readonly step: number;
    readonly metrics: MetricsJson;
  }[];
};

export type SavedFilesJson = Omit<SavedFiles, 'metrics'> & { readonly metrics: MetricsJson };

interface MetricsJson {
  readonly [name: string]: number | string;
}

export type AttemptJson = Omit<Attempt, 'endedAtMs'> & { readonly endedAtMs: number | null };

/** See {@link workerJson}. */
export type WorkerJson = Omit<Worker, 'gpus' | 'gpuUse'> & { readonly gpus: readonly (Gpu & GpuUseJson)[] };

interface GpuUseJson {
  readonly memoryUsedBytes: number | null;
  readonly utilization: number | null;
}

/** See {@link leaderboardJson}. */
export interface LeaderboardJson {
  readonly study: StudyJson | null;
  readonly rows: readonly { readonly rank: number; readonly trial: TrialJson | null }[];
  readonly running: readonly TrialJson[];
  readonly position: number;
  readonly nowMs: number;
}

/** `assay leaderboard --json`: {study, rows: [{rank, trial}], running: [trial], position, nowMs}. */
export function leaderboardJson(board: Leaderboard): LeaderboardJson {
  return {
    study: board.study === undefined ? null : studyJson(board.study),
    rows: board.rows.map((row) => ({ rank: row.rank, trial: row.trial === undefined ? null : trialJson(row.trial) })),
    running: board.running.map(trialJson),
    position: board.position,
    nowMs: board.nowMs,
  };
}

/** One study, without its search file's text. */
export function studyJson(study: Study): StudyJson {
  const { id, best, spec: _text, state, finishedAtMs, counts, params, ...plain } = study;
  return {
    id,
    state: studyStateName(state),
    ...plain,
    finishedAtMs: finishedAtMs || null,
    params,
    counts: counts === undefined ? null : { ...counts },
    best: best === undefined ? null : trialJson(best),
  };
}

/** One trial; `params` is an object from name to value, in the order of the file, active parameters only. */
export function trialJson(trial: Trial): TrialJson {
  const { number, state, params, value, rerunOf, endedAtMs, attempts, reports, repeats, weights, ...plain } = trial;
  return {
    number,
    state: trialStateName(state),
    params: paramsJson(params),
    value: value === undefined ? null : numberJson(value),
    ...plain,
    rerunOf: rerunOf ?? null,
    repeats:
      repeats === undefined ? null : { ...repeats, mean: repeats.mean === undefined ? null : numberJson(repeats.mean) },
    endedAtMs: endedAtMs || null,
    attempts: attempts.map(attemptJson),
    weights:
      weights === undefined
        ? null
        : { ...weights, files: weights.files.map((file) => ({ ...file })), metrics: metricsJson(weights.metrics) },
    reports: reports.map(({ step, metrics }) => ({
      step,
      metrics: metricsJson(metrics),
    })),
  };
}

/** See {@link seenJson}. */
export type SeenJson = Omit<Seen, 'best'> & { readonly best: number | string | null };

/** What there was to go by when a trial was proposed; null where an older coordinator does not say. */
export function seenJson(seen: Seen | undefined): SeenJson | null {
  return seen === undefined ? null : { ...seen, best: seen.best === undefined ? null : numberJson(seen.best) };
}

function metricsJson(metrics: Readonly<Record<string, number>>): MetricsJson {
  return Object.fromEntries(Object.entries(metrics).map(([name, metric]) => [name, numberJson(metric)]));
}

/** One worker. */
export function workerJson(worker: Worker): WorkerJson {
  const { running, labels, gpus, gpuUse, objectives, ...plain } = worker;
  return {
    ...plain,
    labels: { ...labels },
    objectives: [...objectives],
    gpus: gpus.map((gpu) => ({ ...gpu, ...gpuUseJson(gpuUse.find(({ id }) => id === gpu.id)) })),
    running: running.map((attempt) => ({ ...attempt })),
  };
}

function gpuUseJson(use: GpuUse | undefined): GpuUseJson {
  return { memoryUsedBytes: use?.memoryUsedBytes ?? null, utilization: use?.utilization ?? null };
}

/** A configuration as an object. */
export function paramsJson(params: readonly Param[]): { readonly [key: string]: Json } {
  return Object.fromEntries(
    params.map(({ name, value }) => {
      const kind = value?.kind;
      if (kind === undefined) return [name, null];
      return [name, kind.$case === 'number' ? numberJson(kind.value) : kind.value];
    }),
  );
}

function attemptJson({ endedAtMs, ...attempt }: Attempt): AttemptJson {
  return { ...attempt, endedAtMs: endedAtMs || null };
}

export function numberJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
