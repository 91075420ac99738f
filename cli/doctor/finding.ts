/** `fault`: something that is to work does not. `warning`: it will, but not well. `note`: worth knowing. */
export type Level = 'ok' | 'note' | 'warning' | 'fault';

/** What was found, in one line. */
export interface Finding {
  /** What was looked at, in one or two words. */
  readonly check: string;
  readonly level: Level;
  readonly words: string;
  /** What to do; empty where there is nothing to be done. */
  readonly advice: string;
}

export function finding(check: string, level: Level, words: string, advice = ''): Finding {
  return { check, level, words, advice };
}
