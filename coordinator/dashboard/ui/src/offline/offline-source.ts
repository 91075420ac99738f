import type { Source } from '../data/source.js';
import { RequestError } from '../data/source.js';
import type { OfflineData } from './offline-data.js';

/** The study inside an exported file: nothing changes, and nothing can be changed. */
export function createOfflineSource({ table, curves, trials }: OfflineData): Source {
  return {
    table: async () => table,
    curves: async () => curves,
    trial: async (study, number) => {
      const trial = trials.find((one) => one.number === number);
      if (trial === undefined) throw new RequestError('not_found', `study ${study} has no trial ${number}`);
      return { ...trial, seen: null };
    },
    output: undefined,
    followOverview: ({ change, connection }) => {
      connection('live');
      change({ studies: [table.study], workers: [], position: table.position, nowMs: table.nowMs });
      return () => {};
    },
    followStudy: (_study, _after, { connection }) => {
      connection('live');
      return () => {};
    },
    act: undefined,
    rule: undefined,
    onTurnedAway: () => () => {},
  };
}
