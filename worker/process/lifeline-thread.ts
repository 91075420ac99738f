// The thread that watches the worker for an attempt's process.
import { Socket } from 'node:net';
import { workerData } from 'node:worker_threads';
import { LIFELINE_FD, type LifelineData, stopOf } from './lifeline.js';
import { killGroup, killMarked } from './processes.js';

const { stopping, mark } = workerData as LifelineData;
const line = new Socket({ fd: LIFELINE_FD, readable: true, writable: false });
line.on('data', (said: Buffer) => Atomics.store(stopping, 0, stopOf(String(said))));
line.on('error', () => {});
line.on('close', () => {
  if (mark !== undefined) killMarked(mark);
  // This process is in its group, so nothing comes after it where it leads one.
  killGroup(process.pid);
  process.kill(process.pid, 'SIGKILL');
});
