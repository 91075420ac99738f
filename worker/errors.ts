/** The configuration cannot be used. The message names every fault, one a line. */
export class WorkerConfigError extends Error {
  override readonly name = 'WorkerConfigError';
}

/** The worker cannot work: it is refused, or no attempt can run here. The message is one line that says why. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}
