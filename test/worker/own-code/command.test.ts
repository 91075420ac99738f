import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../e2e/processes.js';
import { BUILT_CHILD } from '../built-child.js';
import { failedWith, isAlive, OwnWorld } from './own-world.js';

let world: OwnWorld;

beforeAll(() => {
  world = new OwnWorld();
});

afterAll(() => world.close());

const sh = (script: string, more: object = {}): object => ({ argv: ['sh', '-c', script], ...more });
const REPORT = `echo '{"acc": 1}' >&3`;

describe('a command', () => {
  it('gets active parameters in its words, a file and its environment', async () => {
    const attempt = world.command(
      {
        argv: [
          'sh',
          '-c',
          'echo "$0|$*|$ASSAY_PARAM_LR|$ASSAY_SEED|$ASSAY_TRIAL|$MORE|$(cat $ASSAY_PARAMS_FILE)" >&2; exit 1',
          'a={lr}',
          ['--m', '{mom}'],
          ['--opt', '{opt}'],
          '{args}',
        ],
        env: { MORE: 3 },
      },
      { paramsJson: '{"lr":0.5,"opt":"s g d"}', attempt: { study: 's', trial: 9, attempt: 2 } },
    );
    expect((await attempt.whenEnded).error).toBe(
      'sh exited with code 1: a=0.5|--opt s g d --lr=0.5 --opt=s g d|0.5|7|9|3|{"lr":0.5,"opt":"s g d"}',
    );
  });

  it('reports by lines of JSON, with or without steps and with what Python writes for no number', async () => {
    const attempt = world.command(
      sh(`printf '{"acc": 0.5}\\n{"step": 4, "acc": NaN, "loss": -Infinity}\\n{"acc": "NaN"}' >&3`),
    );
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(attempt.reports).toEqual([
      { step: 1, metrics: { acc: 0.5 } },
      { step: 4, metrics: { acc: Number.NaN, loss: Number.NEGATIVE_INFINITY } },
      { step: 5, metrics: { acc: Number.NaN } },
    ]);
  });

  it('reports over HTTP, and is told there whether to stop', async () => {
    world.write(
      'http.mjs',
      `const said = await fetch(process.env.ASSAY_URL, { method: 'POST', body: '{"acc": 2, "step": 3}' });
       const bad = await fetch(process.env.ASSAY_URL, { method: 'POST', body: 'acc 2' });
       const other = await fetch(process.env.ASSAY_URL + 'x');
       const stop = await fetch(process.env.ASSAY_URL + '/stop');
       console.error([said.status, bad.status, other.status, await stop.text(), await bad.text()].join(' '));
       process.exit(1);`,
    );
    const attempt = world.command(['node', 'http.mjs']);
    expect((await attempt.whenEnded).error).toMatch(
      /^node exited with code 1: 200 400 404 false \| 'acc 2' is no report/,
    );
    expect(attempt.reports).toEqual([{ step: 3, metrics: { acc: 2 } }]);
  });

  it('that knows nothing of us is scraped', async () => {
    const attempt = world.command(
      sh(
        `for e in 0 1 2; do printf 'batch 1\\rbatch 2\\r'; echo "Epoch $e/3"; echo "  loss: 0.$e - val_acc: 0.9$e"; done`,
        {
          scrape: ['Epoch (?<step>\\d+)/', 'val_acc: (?<acc>\\S+)', 'loss: (?<loss>[0-9.]+)'],
        },
      ),
    );
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(attempt.reports).toEqual(
      [0, 1, 2].map((e) => ({ step: e + 1, metrics: { acc: 0.9 + e / 100, loss: e / 10 } })),
    );
  });

  it('sees no more of the environment than a module does', async () => {
    process.env['TEST_HIDDEN'] = 'hidden';
    process.env['TEST_SHOWN'] = 'shown';
    const attempt = world.command(sh('echo "[$TEST_HIDDEN][$TEST_SHOWN]" >&2; exit 1', { pass_env: ['TEST_SHOWN'] }));
    expect((await attempt.whenEnded).error).toBe('sh exited with code 1: [][shown]');
  });

  it('gets a SIGTERM when it is to stop, itself and what it has started, and may tidy up', async () => {
    const attempt = world.command(sh(`trap 'echo "{\\"acc\\": 2}" >&3; exit 0' TERM; ${REPORT}; sleep 1000 & wait`));
    await waitFor('a report', () => attempt.reports.length === 1);
    attempt.stop();
    expect(await attempt.whenEnded).toEqual({ outcome: 'stopped', error: '' });
    expect(attempt.reports).toHaveLength(2);
  });

  it('is killed with all that it has started when it does not heed the SIGTERM', async () => {
    const impatient = new OwnWorld({}, { stopGraceMs: 300 });
    try {
      const attempt = impatient.command(
        sh(`trap '' TERM; (trap '' TERM; exec sleep 1000) & echo "{\\"pid\\": $!}" >&3; wait; sleep 1000`),
      );
      await waitFor('a report', () => attempt.reports.length === 1);
      attempt.stop();
      expect(await attempt.whenEnded).toEqual({ outcome: 'stopped', error: '' });
      await waitFor('its child to be gone', () => !isAlive(attempt.reports[0]!.metrics['pid']!));
    } finally {
      await impatient.close();
    }
  });
});

describe('a command that misbehaves', () => {
  it.each([
    [
      'exits 3',
      sh(`${REPORT}; echo "ValueError: no such layer" >&2; exit 3`),
      {},
      'sh exited with code 3: ValueError: no such layer',
    ],
    ['exits 0 without a report', sh('true'), {}, /^sh exited with code 0 and reported nothing: write /],
    [
      "exits 0 and never reports the study's metric",
      sh(REPORT),
      { metric: { name: 'accuracy', maximize: true, best: false } },
      /^sh exited with code 0 and reported [a-z]+, but never accuracy, which is the study's metric$/,
    ],
    ['says what is no report', sh('echo acc=1 >&3'), {}, /^'acc=1' is no report: write an object like /],
    ['is killed', sh('kill -9 $$'), {}, 'sh was killed by SIGKILL'],
    ['hangs', sh('sleep 1000'), { timeLimitMs: 500 }, 'time limit of 500ms reached'],
    ['is not there', ['no-such-program'], {}, "program no-such-program was not found in this worker's PATH"],
    ['may not be run', ['./plain.txt'], {}, 'program ./plain.txt may not be run: is it executable?'],
    ['has nothing to run', ['{gone}'], {}, /^command\.argv: nothing is left to run/],
    ['prints without an end', sh('yes'), { outputLimitBytes: 20 * 2 ** 20 }, 'output limit of 20MiB reached'],
    [
      'prints one endless line to be scraped',
      sh(`yes | tr -d '\\n'`, { scrape: '(?<acc>x)' }),
      { outputLimitBytes: 20 * 2 ** 20 },
      'output limit of 20MiB reached',
    ],
    [
      'takes memory in a process that it has started',
      ['sh', '-c', `node -e "const kept = []; setInterval(() => kept.push(Buffer.alloc(1 << 24, 1)), 5)"`],
      { memoryLimitBytes: 300 * 2 ** 20 },
      /^memory limit of 300MiB reached: its processes took \d+MiB$/,
    ],
  ])(
    '%s: one clear reason, and the next attempt runs',
    async (_, config, overrides, reason) => {
      world.write('plain.txt', 'no program');
      expect(await world.command(config, overrides).whenEnded).toEqual(failedWith(reason));
      expect(await world.command(sh(REPORT)).whenEnded).toEqual({ outcome: 'completed', error: '' });
    },
    60_000,
  );

  it('leaves a process that has left its group: it is gone with it', async () => {
    const attempt = world.command(
      sh(`setsid sh -c 'echo "{\\"pid\\": $$}" >&3; exec 3>&- 1>&- 2>&-; sleep 1000' & sleep 0.5`),
    );
    await attempt.whenEnded;
    const pid = attempt.reports[0]!.metrics['pid']!;
    await waitFor('it to be gone', () => !isAlive(pid));
  });

  it('is started in no folder that was not allowed', async () => {
    const { outcome, error } = await world.command({ argv: ['true'], workdir: '/' }).whenEnded;
    expect(outcome).toBe('refused');
    expect(error).toBe(`/ does not lie in a folder that this worker allows (--allow-command ${world.code})`);
    const missing = await world.command({ argv: ['true'], workdir: 'nowhere' }).whenEnded;
    expect(missing).toEqual({ outcome: 'failed', error: `folder ${world.code}/nowhere is not there on this worker` });
  });

  it('names a folder that is there: it is started there', async () => {
    world.write('sub/here', '');
    const attempt = world.command({ argv: ['sh', '-c', `ls here && ${REPORT}`], workdir: 'sub' });
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
  });
});

describe('when the worker is killed', () => {
  /** A process that stands for the worker, starts one attempt, tells what it reports, and then blocks. */
  const WORKER = `
    import { fork } from 'node:child_process';
    const child = fork(process.argv[2], { stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'], serialization: 'advanced', detached: true, env: { ...process.env, ASSAY_PROCESS: 'test-' + process.pid } });
    child.on('message', (message) => process.send(message));
    process.on('message', (run) => child.send(run));
  `;

  it.each([
    [
      'a module in a loop',
      'module',
      `export const objective = (trial) => { trial.report({ pid: process.pid }); for (;;); };`,
    ],
    [
      'a command and what has left its group',
      'command',
      `setsid sh -c 'echo "{\\"pid\\": $$}" >&3; exec sleep 1000' & sleep 1000`,
    ],
  ])('%s ends', async (_, objective, code) => {
    const worker = world.write('worker.mjs', WORKER);
    world.write('loop.mjs', code);
    const process_ = fork(worker, [BUILT_CHILD], { execArgv: [] });
    const place = {
      study: 's',
      trial: 0,
      attempt: 1,
      code: world.code,
      directory: world.folder,
      checkpoint: world.folder,
    };
    const config = objective === 'module' ? 'loop.mjs' : ['sh', '-c', code];
    process_.send({
      type: 'run',
      objective,
      backend: '',
      configJson: JSON.stringify(config),
      paramsJson: '{}',
      seed: 1,
      expectedDigest: '',
      data: { offline: true },
      environment: {},
      place,
    });
    let pid: number | undefined;
    while (pid === undefined) {
      const [message] = await once(process_, 'message');
      if (message.type === 'ended') throw new Error(message.error);
      if (message.type === 'report') pid = message.metrics.pid as number;
    }
    expect(isAlive(pid)).toBe(true);
    process_.kill('SIGKILL');
    await waitFor('the attempt to be gone', () => !isAlive(pid));
  });
});
