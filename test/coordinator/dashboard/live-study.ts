import { pino } from 'pino';
import { openMemoryArtifacts } from '../../../coordinator/artifacts/memory.js';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { startDashboard } from '../../../coordinator/dashboard/server.js';
import { StudyData } from '../../../coordinator/dashboard/ui/src/data/study-data.js';
import type { StudyChange, StudyCurves, StudyTable } from '../../../coordinator/dashboard/wire.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import { LiveOutputs } from '../../../coordinator/rpc/live-outputs.js';
import type { RunningServer } from '../../../coordinator/rpc/server.js';
import { Turnstile } from '../../../coordinator/rpc/turnstile.js';

/** A coordinator in this process with its dashboard on a free port. */
export interface Served {
  readonly coordinator: Coordinator;
  readonly address: string;
  close(): void;
}

export async function serve(turnstile: Turnstile = new Turnstile()): Promise<Served> {
  const onFailure = (error: unknown): never => {
    throw error;
  };
  const coordinator = await Coordinator.open({ log: openMemoryLog(), leaseMs: 60_000, onFailure });
  const server: RunningServer = await startDashboard('127.0.0.1:0', {
    turnstile,
    coordinator,
    artifacts: openMemoryArtifacts(),
    outputs: new LiveOutputs(),
    logger: pino({ level: 'silent' }),
  });
  return { coordinator, address: `http://${server.address}`, close: () => server.close() };
}

export async function get<T>(address: string): Promise<T> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** A study as a page would know it that opened now. */
export async function openPage(served: Served, study: string): Promise<StudyData> {
  const page = new StudyData(await get<StudyTable>(`${served.address}/api/studies/${study}/table`));
  page.setCurves(await get<StudyCurves>(`${served.address}/api/studies/${study}/curves`));
  return page;
}

/** What two pages must agree on. */
export function shown(page: StudyData): unknown {
  const { trials, ranked, curves, position, study } = page;
  const { notice, counts, stepsRun, best } = study;
  return {
    trials,
    ranked: ranked.map(({ number }) => number),
    curves: [...(curves ?? [])].sort(([a], [b]) => a - b),
    position,
    study: { notice, counts, stepsRun, best },
  };
}

/** Applies a study's event stream to a page until it has seen a log position, then hangs up. */
export async function followUntil(served: Served, page: StudyData, position: () => number): Promise<number> {
  const hangUp = new AbortController();
  const address = `${served.address}/api/studies/${page.study.id}/events?after=${page.position}`;
  const response = await fetch(address, { signal: hangUp.signal });
  let messages = 0;
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop()!;
    for (const frame of frames) {
      const data = frame.split('\n').find((line) => line.startsWith('data: '));
      if (data === undefined) continue;
      page.apply(JSON.parse(data.slice('data: '.length)) as StudyChange);
      messages += 1;
    }
    if (page.position >= position()) break;
  }
  hangUp.abort();
  return messages;
}
