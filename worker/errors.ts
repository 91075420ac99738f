/** The configuration cannot be used. The message names every fault, one a line. */
export class WorkerConfigError extends Error {
  override readonly name = 'WorkerConfigError';
}

/** This worker may not run an attempt, or cannot; another one may. The message is one line that says why. */
export class AttemptRefusedError extends Error {
  override readonly name = 'AttemptRefusedError';
}

/** The worker cannot work: it is refused, or no attempt can run here. The message is one line that says why. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}
