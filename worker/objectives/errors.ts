/** The attempt cannot run as asked. The message is one line that says what is wrong and what would be right. */
export class ObjectiveError extends Error {
  override readonly name: string = 'ObjectiveError';

  /** Whatever a file's name or content brings into the message, it stays one line. */
  constructor(message: string, options?: ErrorOptions) {
    super(message.replaceAll(/\s*[\p{Cc}\u2028\u2029]\s*/gu, ' '), options);
  }
}

/** A program ended badly without saying why to us; what it printed last may say it. */
export class SilentError extends ObjectiveError {
  override readonly name: string = 'SilentError';
  readonly signal: NodeJS.Signals | null;

  constructor(message: string, signal: NodeJS.Signals | null) {
    super(message);
    this.signal = signal;
  }
}

/** This worker's data are not those the study began with: the attempt is refused, and another worker may do better. */
export class DatasetMismatchError extends ObjectiveError {
  override readonly name: string = 'DatasetMismatchError';
  readonly expectedDigest: string;
  readonly actualDigest: string;

  constructor(dataset: string, expectedDigest: string, actualDigest: string) {
    super(
      `data set ${dataset} has the digest ${actualDigest} on this worker; the study began with ${expectedDigest}: ` +
        `give every worker the same files`,
    );
    this.expectedDigest = expectedDigest;
    this.actualDigest = actualDigest;
  }
}

/** The data are not where this worker looks for them: another worker may have them. */
export class DatasetMissingError extends ObjectiveError {
  override readonly name: string = 'DatasetMissingError';
}
