import type { Logger } from 'pino';
import type { Follower } from './coordinator.js';
import type { Event, TrialEvent } from './core/events.js';
import type { State } from './core/state.js';

/**
 * Writes what changed, once it is durable. Every line about a study names it, and every line about a trial has `study`,
 * `trial`, `attempt` (0 before the first) and `worker` (null as long as there is none).
 */
export function createEventLogger(logger: Logger): Follower {
  return {
    events(events, { state }) {
      for (const event of events) logEvent(logger, event, state);
    },
    committed() {},
  };
}

function logEvent(logger: Logger, event: Event, state: State): void {
  const { study } = event;
  switch (event.type) {
    case 'StudyCreated':
      logger.info({ study, seed: event.spec.seed }, 'study created');
      break;
    case 'StudyPaused':
      logger.info({ study }, 'study paused');
      break;
    case 'StudyResumed':
      logger.info({ study }, 'study resumed');
      break;
    case 'StudyEnding':
      logger.info({ study, why: event.why, detail: event.detail }, 'study ending');
      break;
    case 'StudyFinished':
      logger.info({ study, why: event.why, detail: event.detail }, 'study finished');
      break;
    case 'StudyAdjusted': {
      const { budget, parallel, priority } = event;
      logger.info({ study, budget, parallel, priority }, 'study adjusted');
      break;
    }
    case 'StudyReopened':
      logger.info({ study }, 'study goes on');
      break;
    case 'StudyDeleted':
      logger.info({ study }, 'study deleted');
      break;
    case 'ConfigurationEnqueued':
    case 'StudyExhausted':
    case 'DatasetPinned':
      break;
    default:
      logTrialEvent(logger, event, state);
  }
}

type Level = 'debug' | 'info' | 'warn';

function logTrialEvent(logger: Logger, event: TrialEvent, state: State): void {
  /** @param facts beside the names of all concerned */
  const write = (level: Level, words: string, facts: object = {}): void => {
    if (logger.isLevelEnabled(level)) logger[level]({ ...namesOf(event, state), ...facts }, words);
  };
  switch (event.type) {
    case 'TrialProposed':
    case 'TrialReported':
    case 'OutputSaved':
      break;
    case 'TrialWithdrawn':
      write('debug', 'trial withdrawn', { reason: event.reason });
      break;
    case 'TrialInvalidated':
      write('info', 'trial invalidated', { reason: event.reason });
      break;
    case 'ResultIgnored':
      write('info', 'a result came too late and changes nothing', { end: event.end });
      break;
    case 'CheckpointSaved':
    case 'WeightsSaved': {
      const bytes = event.files.reduce((sum, file) => sum + file.bytes, 0);
      const what = event.type === 'WeightsSaved' ? 'weights saved' : 'checkpoint saved';
      write('debug', what, { step: event.step, bytes });
      break;
    }
    case 'ArtifactsReleased':
      write('debug', 'artifacts not kept any longer', { kind: event.kind });
      break;
    case 'AttemptStarted':
      if (event.attempt === 1) write('debug', 'attempt started');
      else if (restedBefore(event, state)) write('debug', 'trial goes on');
      else write('info', 'trial tried again');
      break;
    case 'AttemptResumed':
      write('info', 'lost attempt goes on');
      break;
    case 'StopRequested':
      write('debug', 'attempt told to stop', { reason: event.reason });
      break;
    case 'AttemptEnded': {
      const { end, fate, reason } = event;
      const usual = end === 'completed' || end === 'stopped' || end === 'paused';
      write(usual ? 'debug' : 'warn', 'attempt ended', { end, fate, reason });
      break;
    }
  }
}

/** Whether the attempt before let the trial rest, and so did not come to nothing. */
function restedBefore({ study, trial, attempt }: TrialEvent & { readonly attempt: number }, state: State): boolean {
  return state.studies.get(study)?.trials[trial]?.attempts[attempt - 2]?.ended?.end === 'paused';
}

/** The attempt is the event's, or else the trial's newest. */
function namesOf(event: TrialEvent, state: State): object {
  const { study, trial } = event;
  // A study may be deleted within the commit that its last trial ended in.
  const attempts = state.studies.get(study)?.trials[trial]?.attempts ?? [];
  const attempt = 'attempt' in event ? event.attempt : attempts.length;
  return { study, trial, attempt, worker: attempts[attempt - 1]?.workerName ?? null };
}
