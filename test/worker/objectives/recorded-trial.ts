import type { SavedFiles, TrialContext } from '../../../worker/objectives/objective.js';

interface Report {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A trial that writes down what its objective tells it. */
export interface RecordedTrial {
  readonly context: TrialContext;
  readonly started: string[];
  readonly reports: Report[];
  readonly notes: string[];
  readonly saved: SavedFiles[];
  onReport: (step: number) => void;
  abort(): void;
}

export function recordTrial(config: unknown, overrides: Partial<TrialContext> = {}): RecordedTrial {
  const controller = new AbortController();
  const trial: RecordedTrial = {
    started: [],
    reports: [],
    notes: [],
    saved: [],
    onReport: () => {},
    abort: () => controller.abort(),
    context: {
      params: {},
      config,
      seed: 1,
      data: { offline: true },
      expectedDigest: '',
      signal: controller.signal,
      stopping: () => controller.signal.aborted,
      started: (info) => trial.started.push(info.datasetDigest),
      report: (step, metrics) => {
        trial.reports.push({ step, metrics });
        trial.onReport(step);
      },
      checkpoint: undefined,
      saving: { checkpointEvery: 0, weights: false, metric: { name: 'val_accuracy', maximize: true, best: true } },
      save: (saved) => trial.saved.push(saved),
      savesCheckpointAtStop: () => false,
      note: (line) => trial.notes.push(line),
      ...overrides,
    },
  };
  return trial;
}
