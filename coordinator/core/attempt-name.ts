/** One attempt, by name. */
export interface AttemptName {
  readonly study: string;
  readonly trial: number;
  readonly attempt: number;
}

/** One string per attempt. */
export function keyOf({ study, trial, attempt }: AttemptName): string {
  return `${study}/${trial}/${attempt}`;
}
