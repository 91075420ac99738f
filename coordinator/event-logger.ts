import type { Logger } from 'pino';
import type { Follower } from './coordinator.js';
import type { Event } from './core/events.js';

/** Writes what changed, once it is durable, with the names of all concerned as fields. */
export function createEventLogger(logger: Logger): Follower {
  return {
    events(events) {
      for (const event of events) logEvent(logger, event);
    },
    committed() {},
  };
}

function logEvent(logger: Logger, event: Event): void {
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
    case 'TrialInvalidated':
      logger.info({ study, trial: event.trial, reason: event.reason }, 'trial invalidated');
      break;
    case 'ResultIgnored':
      logger.info(
        { study, trial: event.trial, attempt: event.attempt, end: event.end },
        'a result came too late and changes nothing',
      );
      break;
    case 'ConfigurationEnqueued':
    case 'StudyExhausted':
    case 'DatasetPinned':
    case 'TrialProposed':
    case 'TrialWithdrawn':
    case 'TrialReported':
    case 'OutputSaved':
      break;
    case 'CheckpointSaved':
    case 'WeightsSaved': {
      const { trial, attempt, step } = event;
      const bytes = event.files.reduce((sum, file) => sum + file.bytes, 0);
      const what = event.type === 'WeightsSaved' ? 'weights saved' : 'checkpoint saved';
      logger.debug({ study, trial, attempt, step, bytes }, what);
      break;
    }
    case 'ArtifactsReleased':
      logger.debug({ study, trial: event.trial, kind: event.kind }, 'artifacts not kept any longer');
      break;
    case 'AttemptStarted': {
      const { trial, attempt, workerName: worker } = event;
      if (attempt === 1) logger.debug({ study, trial, attempt, worker }, 'attempt started');
      else logger.info({ study, trial, attempt, worker }, 'trial tried again');
      break;
    }
    case 'AttemptResumed':
      logger.info({ study, trial: event.trial, attempt: event.attempt }, 'lost attempt goes on');
      break;
    case 'StopRequested':
      logger.debug({ study, trial: event.trial, attempt: event.attempt, reason: event.reason }, 'attempt told to stop');
      break;
    case 'AttemptEnded': {
      const { trial, attempt, end, fate, reason } = event;
      const usual = end === 'completed' || end === 'stopped' || end === 'paused';
      logger[usual ? 'debug' : 'warn']({ study, trial, attempt, end, fate, reason }, 'attempt ended');
      break;
    }
  }
}
