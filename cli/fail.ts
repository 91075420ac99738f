/** Exit code when the input is at fault: arguments, a search file, a study that does not exist. */
export const BAD_INPUT = 2;

/** Exit code when something failed that the input is not to blame for. */
export const FAILURE = 1;

/**
 * A failure that its message explains to whoever typed the command: what is wrong, the value, what would be right.
 * It is printed without a stack. Lines after the first are printed as they are.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = BAD_INPUT, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
