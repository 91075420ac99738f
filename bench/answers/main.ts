import { fork } from 'node:child_process';
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { CHANNEL_OPTIONS } from '../../proto/channel.js';
import { StudyServiceService } from '../../proto/index.js';

/*
 * How long one question holds a coordinator's loop: everybody else waits so long for an assignment. A study of 10,000
 * trials of 20 reports, a thousand others, a thousand workers; each question three times, after something has changed.
 *
 *   npm run bench:answers
 */

const ROUNDS = 3;
const BOUND_MS = 20;
const STUDY = 'bench';

const server = fork(fileURLToPath(new URL('server.js', import.meta.url)), { stdio: 'inherit' });
const [{ grpc, http }] = (await once(server, 'message')) as [{ grpc: string; http: string }];
const client = new Client(grpc, credentials.createInsecure(), CHANNEL_OPTIONS);

const service = StudyServiceService;
const QUESTIONS: Readonly<Record<string, () => Promise<number>>> = {
  nothing: async () => {
    await pause(300);
    return 0;
  },
  ListStudies: () => ask(service.listStudies, {}),
  'GetLeaderboard, 20 rows': () => ask(service.getLeaderboard, { study: STUDY, top: 20 }),
  'GetLeaderboard, all rows': () => ask(service.getLeaderboard, { study: STUDY, top: 0 }),
  'WatchLeaderboard, 20 rows': () => follow(service.watchLeaderboard, { study: STUDY, top: 20, news: false }, 1),
  'WatchLeaderboard, all rows': () => follow(service.watchLeaderboard, { study: STUDY, top: 0, news: false }, 1),
  'WatchLeaderboard, news': () => follow(service.watchLeaderboard, { study: STUDY, top: 0, news: true }, 51),
  ListTrials: () => ask(service.listTrials, { study: STUDY }),
  StreamTrials: () => follow(service.streamTrials, { study: STUDY }, Number.POSITIVE_INFINITY),
  GetTrial: () => ask(service.getTrial, { study: STUDY, trial: 9_000 }),
  ListWorkers: () => ask(service.listWorkers, {}),
  '/api/studies': () => fetched('/api/studies'),
  '/api/studies/:id/table': () => fetched(`/api/studies/${STUDY}/table`),
  '/api/studies/:id/curves': () => fetched(`/api/studies/${STUDY}/curves`),
  '/api/studies/:id/events': () => streamed(`/api/studies/${STUDY}/events?after=0`),
  '/api/events': () => streamed('/api/events'),
  '/api/studies/:id/export.csv': () => fetched(`/api/studies/${STUDY}/export.csv`),
  '/api/studies/:id/export.json': () => fetched(`/api/studies/${STUDY}/export.json`),
  '/api/studies/:id/trials/:number': () => fetched(`/api/studies/${STUDY}/trials/9000`),
  '/api/workers': () => fetched('/api/workers'),
};

row(['question', 'loop held for', '', 'answer', 'took', 'load']);
for (const [name, question] of Object.entries(QUESTIONS)) {
  const held: number[] = [];
  let bytes = 0;
  let tookMs = 0;
  for (let round = 0; round < ROUNDS; round++) {
    server.send('change');
    await once(server, 'message');
    server.send('reset');
    const began = performance.now();
    bytes = await question();
    tookMs = performance.now() - began;
    server.send('longest');
    const [longest] = (await once(server, 'message')) as [number];
    held.push(longest);
  }
  held.sort((a, b) => a - b);
  const median = held[1]!;
  const verdict = median < BOUND_MS ? '' : `(NOT under ${BOUND_MS})`;
  row([
    name,
    `${held.map((ms) => ms.toFixed(1)).join(' / ')} ms`,
    verdict,
    `${(bytes / 1e6).toFixed(2)} MB`,
    `${tookMs.toFixed(0)} ms`,
    loadavg()[0]!.toFixed(1),
  ]);
  // What it has cost is to be paid back before the next one.
  await pause(3_000 + bytes / 500);
}
process.exit(0);

interface Method<Q> {
  readonly path: string;
  readonly requestSerialize: (request: Q) => Buffer;
}

function ask<Q>({ path, requestSerialize }: Method<Q>, request: Q): Promise<number> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, requestSerialize, sizeOf, request, (error, bytes) =>
      error ? reject(error) : resolve(bytes!),
    );
  });
}

/** Reads so many messages of a stream. */
async function follow<Q>({ path, requestSerialize }: Method<Q>, request: Q, messages: number): Promise<number> {
  const stream = client.makeServerStreamRequest(path, requestSerialize, sizeOf, request);
  stream.on('error', () => {});
  let bytes = 0;
  let count = 0;
  for await (const message of stream) {
    bytes += message as number;
    count += 1;
    if (count >= messages) break;
  }
  stream.cancel();
  return bytes;
}

function sizeOf(message: Buffer): number {
  return message.length;
}

async function fetched(path: string): Promise<number> {
  const response = await fetch(http + path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.arrayBuffer()).byteLength;
}

/** Reads the first message of an event stream. */
async function streamed(path: string): Promise<number> {
  const hangUp = new AbortController();
  const response = await fetch(http + path, { signal: hangUp.signal });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  let bytes = 0;
  for await (const piece of response.body!) {
    bytes += piece.length;
    if (bytes > 100 && Buffer.from(piece).toString('latin1').endsWith('\n\n')) break;
  }
  hangUp.abort();
  return bytes;
}

function row(cells: readonly string[]): void {
  const widths = [34, 24, 14, 10, 9, 6];
  console.log(
    cells
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join(' ')
      .trimEnd(),
  );
}
