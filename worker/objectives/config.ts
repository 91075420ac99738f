import type { z } from 'zod';
import { ObjectiveError } from './errors.js';

/** Checks an attempt's configuration; every fault is named with its path, all in one line. */
export function parseConfig<T>(objective: string, schema: z.ZodType<T, unknown>, config: unknown): T {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const path = [objective, ...issue.path.map(String)].join('.');
    return `${path}: ${issue.message}`;
  });
  throw new ObjectiveError(faults.join('; '));
}
