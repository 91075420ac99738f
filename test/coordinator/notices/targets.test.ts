import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Coordinator } from '../../../coordinator/coordinator.js';
import { ConfigError } from '../../../coordinator/errors.js';
import { openMemoryLog } from '../../../coordinator/event-log/memory.js';
import type { EventLog } from '../../../coordinator/event-log/port.js';
import { notifyCommand } from '../../../coordinator/notices/command.js';
import { Mailbox } from '../../../coordinator/notices/mailbox.js';
import { NOTICE_KINDS, type Notice } from '../../../coordinator/notices/notice.js';
import { startNotifier } from '../../../coordinator/notices/notifier.js';
import { webhook } from '../../../coordinator/notices/webhook.js';
import { spec, worker } from '../core/scenario.js';

const never = new AbortController().signal;

/** A server that keeps what it is sent and answers with the statuses that it is given, then with 204. */
class Hook {
  readonly bodies: Notice[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  /** 0: no answer at all. */
  statuses: number[] = [];
  readonly #server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => {
      text += String(chunk);
    });
    request.on('end', () => {
      this.bodies.push(JSON.parse(text) as Notice);
      this.headers.push(request.headers);
      const status = this.statuses.shift() ?? 204;
      if (status !== 0) response.writeHead(status, { location: '/elsewhere' }).end();
    });
  });

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook?key=secret`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function best(value: number, study = 'digits'): Notice {
  const trial = { trial: value, metric: 'value', value, params: {} };
  return { id: `${study}-${value}`, atMs: 1, text: '', kind: 'new_best', study, best: trial, before: null };
}

function finished(study: string): Notice {
  const body = { kind: 'study_finished', study, why: 'trials', detail: '', best: null } as const;
  return { id: study, atMs: 1, text: '', ...body };
}

let hook: Hook;
let url: string;
let lines: string[];
let folder: string;
const logger = () => pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) });

beforeEach(async () => {
  hook = new Hook();
  url = await hook.open();
  lines = [];
  folder = mkdtempSync(join(tmpdir(), 'assay-notices-'));
});
afterEach(() => {
  hook.close();
  rmSync(folder, { recursive: true });
});

describe('a webhook', () => {
  it('is tried again after server errors, with the same id, and no later notice overtakes', async () => {
    hook.statuses = [503, 429, 200];
    const mailbox = new Mailbox(webhook(url, [10, 10, 10]), logger());
    mailbox.put(finished('a'));
    mailbox.put(finished('b'));
    await expect.poll(() => hook.bodies.length).toBe(4);
    expect(hook.bodies.map(({ id }) => id)).toEqual(['a', 'a', 'a', 'b']);
    expect(hook.bodies[0]).toEqual(finished('a'));
    expect(hook.headers[0]).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': 'a' });
    await mailbox.close(1000);
  });

  it.each([[[404]], [[302]]])('is given up where another try would not help (%j)', async (statuses) => {
    hook.statuses = [...statuses];
    const mailbox = new Mailbox(webhook(url, [10, 10, 10]), logger());
    mailbox.put(finished('a'));
    mailbox.put(finished('b'));
    await expect.poll(() => hook.bodies.length).toBe(2);
    expect(hook.bodies.map(({ id }) => id)).toEqual(['a', 'b']);
    await mailbox.close(1000);
    expect(lines.join('')).toContain(`it answered ${statuses[0]}`);
    expect(lines.join('')).not.toContain('secret');
  });

  it('that does not answer in time is tried again, then given up', async () => {
    hook.statuses = [0, 0];
    const mailbox = new Mailbox(webhook(url, [10], 2_000), logger());
    mailbox.put(finished('a'));
    await expect.poll(() => lines.some((line) => line.includes('could not be sent'))).toBe(true);
    expect(hook.bodies).toHaveLength(2);
    expect(lines.join('')).toContain('no answer within 2 s');
    await mailbox.close(1000);
  });

  it('that comes back hears of the newest best of each study, and of all else', async () => {
    hook.statuses = [500];
    const mailbox = new Mailbox(webhook(url, [1_500]), logger());
    mailbox.put(finished('x'));
    await expect.poll(() => hook.bodies.length).toBe(1);
    for (const value of [1, 2, 3]) mailbox.put(best(value));
    mailbox.put(best(1, 'other'));
    mailbox.put(finished('y'));
    await expect.poll(() => hook.bodies.length).toBe(5);
    expect(hook.bodies.slice(1).map(({ id }) => id)).toEqual(['x', 'digits-3', 'other-1', 'y']);
    await mailbox.close(1000);
  });

  it('that is not there does not hold up the end', async () => {
    hook.close();
    const mailbox = new Mailbox(webhook(url, [60_000]), logger());
    mailbox.put(finished('a'));
    mailbox.put(finished('b'));
    await expect.poll(() => lines.some((line) => line.includes('sent again'))).toBe(true);
    await mailbox.close(10);
    expect(lines.join('')).toContain('ECONNREFUSED');
    expect(lines.at(-1)).toContain('"notices":1');
  });
});

describe('a command', () => {
  const script = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o755 });
    return file;
  };

  it('gets its words as they are and the notice on standard input', async () => {
    const out = join(folder, 'out');
    const save = `require('fs').writeFileSync(process.argv[1], process.argv[2] + require('fs').readFileSync(0))`;
    await notifyCommand(['node', '-e', save, out, '$HOME;*']).deliver(best(1), never);
    expect(readFileSync(out, 'utf8')).toBe(`$HOME;*${JSON.stringify(best(1))}\n`);
  });

  it.each([
    ['#!/bin/sh\nexec cat > /dev/null\n', /^$/],
    ['#!/bin/sh\nexit 0\n', /^$/],
    ['#!/bin/sh\ncat > /dev/null\necho no route >&2\nexit 3\n', /^exit code 3: no route$/],
    ['#!/bin/sh\nkill -9 $$\n', /^it was ended by SIGKILL$/],
    ['#!/nowhere/sh\n', /ENOENT/],
  ])('%j ends as it ends', async (text, fault) => {
    const end = await notifyCommand([script('it', text)])
      .deliver(best(1), never)
      .catch((error: Error) => error.message);
    expect(end ?? '').toMatch(fault);
  });

  it('that takes too long is killed with all that it started', async () => {
    const file = script('slow', `#!/bin/sh\nsleep 600 &\necho $! > ${folder}/pid\nwait\n`);
    const target = notifyCommand([file], 500);
    await expect(target.deliver(best(1), never)).rejects.toThrow('it was killed: it may take 0.5 s');
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await expect
      .poll(() => !existsSync(`/proc/${pid}`) || / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
      .toBe(true);
  });

  it('that does not exist is said before anything starts', () => {
    for (const program of ['no-such-program-of-ours', folder, join(folder, 'x')]) {
      expect(() => notifyCommand([program])).toThrow(ConfigError);
    }
  });
});

describe('a coordinator with notices', () => {
  const create = (name: string) =>
    ({
      type: 'CreateStudy',
      requestId: '',
      spec: spec({ name, budget: { trials: 1 } }),
      source: '',
      drawnSeed: 1,
    }) as const;

  it('tells of nothing that is not in the log, and answers at once whatever the target does', async () => {
    const log = openMemoryLog();
    let holding: Promise<void> | undefined;
    let release = (): void => {};
    let appending = false;
    const append: EventLog['append'] = async (events, head) => {
      appending = holding !== undefined;
      await holding;
      return log.append(events, head);
    };
    const coordinator = await Coordinator.open({
      log: { ...log, append },
      leaseMs: 60_000,
      onFailure: (error) => {
        throw error;
      },
    });
    const options = { kinds: NOTICE_KINDS, logger: logger() };
    const notifier = await startNotifier(coordinator, [webhook(url)], options);
    await coordinator.submit(create('digits'));
    await coordinator.submit({ type: 'AttachWorker', profile: worker('w1'), holds: [] });
    const attempt = { study: 'digits', trial: 0, attempt: 1 };
    const progress = {
      type: 'RecordProgress',
      worker: 'w1',
      started: [],
      reports: [],
      saved: [],
      results: [],
    } as const;
    await coordinator.submit({ ...progress, reports: [{ ...attempt, step: 1, metrics: { value: 0.5 } }] });
    holding = new Promise((resolve) => {
      release = resolve;
    });
    const done = coordinator.submit({ ...progress, results: [{ ...attempt, outcome: 'completed', error: '' }] });
    await expect.poll(() => appending).toBe(true);
    // Whatever had been sent by now would arrive before this.
    new Mailbox(webhook(url), logger()).put(finished('fence'));
    await expect.poll(() => hook.bodies.length).toBeGreaterThan(0);
    expect(hook.bodies.map(({ id }) => id)).toEqual(['fence']);
    hook.statuses = [0];
    release();
    await done;
    await expect.poll(() => hook.bodies.length).toBe(2);
    expect(hook.bodies[1]).toMatchObject({ kind: 'study_finished', study: 'digits', best: { value: 0.5 } });
    // The webhook has not answered, and the next command is decided all the same.
    expect(await coordinator.submit(create('next'))).toMatchObject({ ok: true });
    await notifier.close();
  });
});
