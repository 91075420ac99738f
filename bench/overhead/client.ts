import { pino } from 'pino';
import { createInProcessRunner } from '../../worker/in-process-runner.js';
import { openLink } from '../../worker/link.js';
import { createWorkerSession } from '../../worker/session.js';

/*
 * The second process of the bench: SESSIONS workers of SLOTS slots each, with the real session and outbox, whose objective
 * reports one value and ends.
 *
 *   node client.js ADDRESS SESSIONS SLOTS
 */

const [address = '', sessions = '1', slots = '1'] = process.argv.slice(2);

const runner = createInProcessRunner((_, hooks) => {
  hooks.started('');
  hooks.report(1, { value: 0.5 });
  return Promise.resolve();
});
const logger = pino({ level: 'silent' });
for (let i = 0; i < Number(sessions); i += 1) {
  const profile = {
    workerId: `bench-${i}`,
    name: `bench-${i}`,
    slots: Number(slots),
    labels: {},
    backend: 'none',
    backendReason: '',
    objectives: ['null'],
    datasets: [],
    gpus: [],
    codeSources: [],
    memoryBytes: 0,
    version: 'bench',
  };
  void createWorkerSession({ profile, runner, logger, connect: (events) => openLink(address, events) }).run();
}
process.once('disconnect', () => process.exit(0));
