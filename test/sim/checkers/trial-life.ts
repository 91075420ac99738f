import type { Event } from '../../../coordinator/core/events.js';
import type { Checker, Facts } from './checker.js';

/** What may be said of a trial that has ended. */
const AFTERWARDS: ReadonlySet<Event['type']> = new Set(['ArtifactsReleased', 'TrialInvalidated', 'ResultIgnored']);

interface Life {
  state: 'waiting' | 'running' | 'paused' | 'final';
  attempts: number;
  /** Whether its newest attempt was lost. */
  lost: boolean;
}

/**
 * Every trial is in exactly one state, enters exactly one final one and never leaves it; its attempts are numbered 1, 2,
 * 3, ... and never two at a time. Kept from the bare events, by rules of its own.
 */
export function trialLife(facts: Facts): Checker {
  const lives = new Map<string, Life>();
  const wrong = (event: Event, why: string): string => `${JSON.stringify(event)}: ${why}`;
  return {
    invariant: 'one state (P3, P7)',
    logged(event) {
      if (event.type === 'StudyDeleted') {
        for (const [key, { state }] of lives) {
          if (key.startsWith(`${event.study}/`) && state !== 'final')
            return wrong(event, `its trial ${key} is ${state}`);
        }
      }
      if (!('trial' in event)) return undefined;
      const key = `${event.study}/${event.trial}`;
      const life = lives.get(key);
      if (event.type === 'TrialProposed') {
        lives.set(key, { state: 'waiting', attempts: 0, lost: false });
        return life === undefined ? undefined : wrong(event, 'proposed twice');
      }
      if (life === undefined) return wrong(event, 'no such trial');
      if (life.state === 'final' && !AFTERWARDS.has(event.type)) return wrong(event, 'the trial has ended');
      switch (event.type) {
        case 'TrialWithdrawn':
          if (life.state !== 'waiting' && life.state !== 'paused') return wrong(event, 'it does not wait');
          life.state = 'final';
          return undefined;
        case 'AttemptStarted':
          if (life.state === 'running') return wrong(event, 'a second attempt at a time');
          if (event.attempt !== life.attempts + 1) return wrong(event, `the last attempt was ${life.attempts}`);
          life.state = 'running';
          life.attempts += 1;
          return undefined;
        case 'AttemptResumed':
          if (life.state !== 'waiting' || !life.lost) return wrong(event, 'its newest attempt was not lost');
          if (event.attempt !== life.attempts) return wrong(event, `the newest attempt is ${life.attempts}`);
          life.state = 'running';
          return undefined;
        case 'ArtifactsReleased':
        case 'TrialInvalidated':
        case 'ResultIgnored':
          return undefined;
        case 'CheckpointSaved':
        case 'WeightsSaved':
        case 'OutputSaved':
        case 'TrialReported':
        case 'StopRequested':
          if (life.state !== 'running' || event.attempt !== life.attempts)
            return wrong(event, 'that attempt does not run');
          return undefined;
        case 'AttemptEnded':
          if (life.state !== 'running' || event.attempt !== life.attempts)
            return wrong(event, 'that attempt does not run');
          life.state = event.fate === 'waiting' || event.fate === 'paused' ? event.fate : 'final';
          life.lost = event.end === 'lost';
          return undefined;
      }
    },
    ended() {
      for (const [key, { state }] of lives) if (state !== 'final') return `trial ${key} is ${state} at the end`;
      for (const study of facts.state.studies.values()) {
        for (const trial of study.trials) {
          if (!('endedAt' in trial)) return `trial ${study.id}/${trial.number} is ${trial.status} at the end`;
        }
      }
      return undefined;
    },
  };
}
