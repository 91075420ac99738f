import { type Logger, pino } from 'pino';
import { pinoPretty } from './pretty.js';

/**
 * A process's logger: readable lines on a terminal, JSON lines anywhere else, both on standard error, so that standard
 * output stays for what was asked for.
 */
export async function createLogger(level: string): Promise<Logger> {
  if (process.stderr.isTTY) return pino({ level }, await pinoPretty());
  return pino({ level }, pino.destination({ dest: 2, sync: true }));
}
