import { type Logger, pino } from 'pino';
import { pinoPretty } from './pretty.js';

export const LOG_FORMATS = ['json', 'text'] as const;

export type LogFormat = (typeof LOG_FORMATS)[number];

/**
 * A process's logger: readable lines on a terminal, JSON lines anywhere else, unless a format is asked for; on standard
 * error, so that standard output stays for what was asked for.
 */
export async function createLogger(level: string, format?: LogFormat): Promise<Logger> {
  const wanted = format ?? (process.stderr.isTTY ? 'text' : 'json');
  if (wanted === 'text') return pino({ level }, await pinoPretty());
  return pino({ level }, pino.destination({ dest: 2, sync: true }));
}
