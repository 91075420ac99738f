import { startServer } from '../../coordinator/rpc/server.js';
import { openStudied } from '../dashboard/studied.js';

/*
 * A coordinator that has run a study of 10,000 trials of 20 reports, and has a thousand small ones and a thousand workers.
 * It tells how long its loop was held at most since it was last asked.
 *
 *   node server.js
 */

process.once('disconnect', () => process.exit(0));

const TRIALS = 10_000;
const STEPS = 20;
const OTHERS = 990;
const WORKERS = 1_000;

const studied = await openStudied(1_000_000, STEPS);
await studied.run(TRIALS, STEPS);
for (let i = 0; i < WORKERS; i++) await studied.attach(`idle-${i}`);
for (let i = 0; i < OTHERS; i++) await studied.idle(`other-${i}`);
const server = await startServer('127.0.0.1:0', studied.options);

let longestMs = 0;
let last = performance.now();
/** One turn follows another without a pause, so what lies between is what the others would have waited. */
function turn(): void {
  const now = performance.now();
  longestMs = Math.max(longestMs, now - last);
  last = now;
  setImmediate(turn);
}
turn();

process.on('message', (message) => {
  // What is known of a study between two events is not to be had for nothing.
  if (message === 'change') void studied.run(1, STEPS).then(() => setTimeout(() => process.send?.('changed'), 300));
  else if (message === 'reset') longestMs = 0;
  else process.send?.(longestMs);
});
process.send?.({ grpc: server.address, http: studied.address });
