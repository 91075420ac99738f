import type { TrialContext } from '../../../worker/objectives/objective.js';

interface Report {
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** A trial that writes down what its objective tells it. */
export interface RecordedTrial {
  readonly context: TrialContext;
  readonly started: string[];
  readonly reports: Report[];
  onReport: (step: number) => void;
  abort(): void;
}

export function recordTrial(config: unknown, overrides: Partial<TrialContext> = {}): RecordedTrial {
  const controller = new AbortController();
  const trial: RecordedTrial = {
    started: [],
    reports: [],
    onReport: () => {},
    abort: () => controller.abort(),
    context: {
      params: {},
      config,
      seed: 1,
      datasetsDir: undefined,
      expectedDigest: '',
      signal: controller.signal,
      started: (info) => trial.started.push(info.datasetDigest),
      report: (step, metrics) => {
        trial.reports.push({ step, metrics });
        trial.onReport(step);
      },
      ...overrides,
    },
  };
  return trial;
}
