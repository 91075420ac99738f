import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createEventLogger } from '../../coordinator/event-logger.js';
import { attemptOf, Scenario } from './core/scenario.js';

/** What is logged of a second attempt, after the first one ended so. */
function loggedOfSecond(outcome: 'stopped' | 'handed_back'): string[] {
  const lines: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg as string) });
  const scene = new Scenario();
  scene.create({
    budget: { trials: 3 },
    pruner: { type: 'asha', minStep: 1, factor: 3, promotion: true },
    objective: { kind: 'null', config: { steps: 9 } },
  });
  scene.attach('w1');
  const follower = createEventLogger(logger);
  for (const number of outcome === 'stopped' ? [0, 1, 2] : [0]) {
    if (outcome === 'stopped') scene.report(attemptOf(number), 1, number);
    scene.result(attemptOf(number), outcome);
    follower.events(scene.recent, scene.core);
  }
  return lines;
}

describe('the log of a second attempt', () => {
  it('says that a trial is tried again, but not of one that has rested', () => {
    expect(loggedOfSecond('handed_back')).toContain('trial tried again');
    expect(loggedOfSecond('stopped')).not.toContain('trial tried again');
  });
});
