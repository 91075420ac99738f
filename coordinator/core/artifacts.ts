import { rank } from '../../search/index.js';
import type { FilesSaved } from './events.js';
import type { KINDS } from './references.js';
import type { JsonTemplate, Keep, KeepRule, SearchSpec } from './spec.js';
import { standingOf } from './standing.js';
import type { Study } from './study.js';
import type { Transaction } from './transaction.js';
import { attemptNumber, isFinal, type RunningTrial, type Saved, type Trial } from './trial.js';

/** What is kept where the search file does not say. */
export const DEFAULT_KEEP: Keep = { artifacts: { rule: 'top', count: 5 }, output: { rule: 'all' } };

export function keepOf(spec: Pick<SearchSpec, 'keep'>): Keep {
  return spec.keep ?? DEFAULT_KEEP;
}

/** Whether a trial's model is worth saving at all. Re-runs are beside the ranking, so only `all` keeps theirs. */
export function wantsWeights({ spec }: Pick<Study, 'spec'>, trial: Pick<Trial, 'rerunOf'>): boolean {
  const { rule } = keepOf(spec).artifacts;
  return spec.objective.kind !== 'null' && rule !== 'none' && (rule === 'all' || trial.rerunOf === undefined);
}

/**
 * After how many steps an attempt saves a checkpoint; 0: now and then, as its worker sees fit. Trials that rest at rungs
 * save one after every step, because they are certain to need it.
 *
 * @param config the objective's configuration with every parameter put in
 */
export function checkpointEvery({ pruner }: Pick<SearchSpec, 'pruner'>, config: JsonTemplate): number {
  if (config !== null && typeof config === 'object' && 'checkpoint_every' in config) {
    return Number(config['checkpoint_every']);
  }
  return 'promotion' in pruner && pruner.promotion === true ? 1 : 0;
}

/** Which events say that a kind was saved. */
const SAVED = { checkpoint: 'CheckpointSaved', weights: 'WeightsSaved', output: 'OutputSaved' } as const;

/** Files that an attempt says it saved; the store has their content. */
export interface SavedFiles extends Omit<Saved, 'attempt'> {
  readonly kind: (typeof KINDS)[number];
}

/** Records what a running attempt saved. What is older than what is known, or repeats it, writes nothing (P2). */
export function recordSaved(tx: Transaction, study: Study, trial: RunningTrial, saved: SavedFiles): void {
  const { kind, ...rest } = saved;
  const attempt = attemptNumber(trial);
  const known = trial[kind];
  const last = trial.reports.at(-1)?.step ?? 0;
  if (known?.attempt === attempt && known.step >= saved.step && kind !== 'output') return;
  // What is not reported cannot be gone on from, and an older checkpoint would lose what the newer one holds.
  if (kind === 'checkpoint' && (saved.step > last || saved.step <= (known?.step ?? 0))) return;
  if (kind === 'output' && known?.attempt === attempt && sameFiles(known, saved)) return;
  if (kind === 'weights' && !wantsWeights(study, trial)) return;
  if (kind === 'output' && keepOf(study.spec).output.rule === 'none') return;
  const event: FilesSaved = { type: SAVED[kind], study: study.id, trial: trial.number, attempt, at: tx.at, ...rest };
  tx.emit(event);
}

function sameFiles(a: Pick<Saved, 'files'>, b: Pick<Saved, 'files'>): boolean {
  return (
    a.files.length === b.files.length && a.files.every(({ artifact }, index) => b.files[index]!.artifact === artifact)
  );
}

/** Lets go of what the study's `keep` does not hold, after a trial has come to its end or the ranking has changed. */
export function releaseArtifacts(tx: Transaction, study: Study): void {
  const { artifacts, output } = keepOf(study.spec);
  release(tx, study, 'weights', artifacts);
  release(tx, study, 'output', output);
}

function release(tx: Transaction, study: Study, kind: 'weights' | 'output', rule: KeepRule): void {
  if (rule.rule === 'all' || rule.rule === 'none') return;
  // Trials that still run are not ranked yet.
  const holders = [...study.holding]
    .map((number) => study.trials[number]!)
    .filter((trial) => trial[kind] !== undefined && isFinal(trial));
  if (holders.length <= rule.count) return;
  const kept = new Set(rule.rule === 'top' ? best(study, holders, rule.count) : latest(holders, rule.count));
  for (const trial of holders) {
    if (kept.has(trial)) continue;
    tx.emit({ type: 'ArtifactsReleased', study: study.id, trial: trial.number, at: tx.at, kind });
  }
}

function best(study: Study, trials: readonly Trial[], count: number): Trial[] {
  const ranked = rank(trials, (trial) => standingOf(study, trial), study.spec.metric.goal);
  return ranked.slice(0, count).map(({ item }) => item);
}

function latest(trials: readonly Trial[], count: number): Trial[] {
  const endOf = (trial: Trial): number => ('endedAt' in trial ? trial.endedAt : 0);
  return [...trials].sort((a, b) => endOf(b) - endOf(a) || b.number - a.number).slice(0, count);
}
