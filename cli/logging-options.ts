import { Option } from 'commander';
import type { Logger } from 'pino';
import { createLogger, LOG_FORMATS, type LogFormat } from './logger.js';

/** What of itself a process logs, and how, as it is typed. */
export interface LoggingOptions {
  readonly logLevel: string;
  readonly logFormat?: LogFormat;
}

export function logLevelOption(): Option {
  return new Option('--log-level <level>', 'least level to log')
    .choices(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info');
}

export function logFormatOption(): Option {
  const words = 'one JSON object a line, or text for people (default: text on a terminal, json elsewhere)';
  return new Option('--log-format <format>', words).choices(LOG_FORMATS);
}

export function loggerOf({ logLevel, logFormat }: LoggingOptions): Promise<Logger> {
  return createLogger(logLevel, logFormat);
}
