import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MadeFiles } from '../../../worker/saving-runner.js';
import { waitFor } from '../../e2e/processes.js';
import { OwnWorld, type StartedAttempt } from './own-world.js';

let world: OwnWorld;

beforeAll(() => {
  world = new OwnWorld();
});

afterAll(() => world.close());

const MODULE = `export async function objective(trial) {
  const state = (await trial.checkpoint.load()) ?? { epoch: FIRST };
  for (let epoch = state.epoch; epoch < FIRST + 4; epoch++) {
    if (epoch === FIRST + 2 && trial.params.hangs) await new Promise(() => setInterval(() => {}, 1000));
    trial.report({ acc: epoch }, epoch);
    await trial.checkpoint.save({ epoch: epoch + 1 });
  }
}`;

const SCRIPT = `
  from=$(cat $ASSAY_CHECKPOINT_DIR/epoch 2>/dev/null || echo 0)
  for epoch in $(seq $((from + 1)) 4); do
    [ $epoch = 3 ] && [ "$ASSAY_PARAM_HANGS" = true ] && sleep 1000
    echo "{\\"acc\\": $epoch}" >&3
    echo $epoch > $ASSAY_CHECKPOINT_DIR/.epoch && mv $ASSAY_CHECKPOINT_DIR/.epoch $ASSAY_CHECKPOINT_DIR/epoch
    echo '{"checkpoint": true}' >&3
  done`;

function checkpointsOf(attempt: StartedAttempt): (MadeFiles & { readonly kind: 'checkpoint' })[] {
  return attempt.files.flatMap((made) =>
    made.kind === 'checkpoint' ? [{ ...made, kind: 'checkpoint' as const }] : [],
  );
}

describe('an attempt that follows a lost one', () => {
  it.each([
    ['a module that counts from 1', 'module', 'one.mjs', [1, 2], [3, 4]],
    ['a module that counts from 0', 'module', 'zero.mjs', [1, 2], [3, 4]],
    ['a command', 'command', ['sh', '-c', SCRIPT], [1, 2], [3, 4]],
  ])('goes on where %s was', async (_, objective, config, before, after) => {
    world.write('one.mjs', MODULE.replaceAll('FIRST', '1'));
    world.write('zero.mjs', MODULE.replaceAll('FIRST', '0'));
    const lost = world.start(objective, config, { paramsJson: '{"hangs":true}' });
    await waitFor('both checkpoints', () => checkpointsOf(lost).some(({ step }) => step === 2));
    lost.kill();
    expect(lost.reports.map(({ step }) => step)).toEqual(before);
    const last = checkpointsOf(lost).at(-1);
    expect(last?.step).toBe(2);
    const next = world.start(objective, config, { paramsJson: '{}' }, last);
    expect(await next.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(next.reports.map(({ step }) => step)).toEqual(after);
  });

  it.each([
    ['a module', 'module', 'whole.mjs'],
    ['a command', 'command', ['sh', '-c', SCRIPT]],
  ])('ends well where %s had nothing left to do but say so', async (_, objective, config) => {
    world.write('whole.mjs', MODULE.replaceAll('FIRST', '1'));
    const metric = { name: 'acc', maximize: true, best: false };
    const whole = world.start(objective, config, { metric });
    await whole.whenEnded;
    const last = checkpointsOf(whole).at(-1);
    expect(last?.step).toBe(4);
    const next = world.start(objective, config, { metric }, last);
    expect(await next.whenEnded).toEqual({ outcome: 'completed', error: '' });
    expect(next.reports).toEqual([]);
  });

  it('finds only files in its checkpoint folder, whatever they are called', async () => {
    const files = new Map([
      ['../../escaped', Buffer.from('x')],
      ['/escaped', Buffer.from('x')],
      ['sub/inside', Buffer.from('x')],
    ]);
    const attempt = world.start(
      'command',
      [
        'sh',
        '-c',
        `cd $ASSAY_CHECKPOINT_DIR && echo "{\\"files\\": $(find . -type f | wc -l), \\"out\\": $(ls ../.. | grep -c escaped)}" >&3`,
      ],
      {},
      { step: 1, files },
    );
    await attempt.whenEnded;
    expect(attempt.reports).toEqual([{ step: 2, metrics: { files: 1, out: 0 } }]);
  });
});

describe('what an attempt printed', () => {
  it('is kept, its end where it is long', async () => {
    const attempt = world.command(['sh', '-c', `yes line | head -n 100000; echo last >&2; echo '{"acc": 1}' >&3`]);
    expect(await attempt.whenEnded).toEqual({ outcome: 'completed', error: '' });
    const [made] = attempt.files;
    const text = Buffer.from(made!.files.get('output.txt')!).toString();
    expect(made).toMatchObject({ kind: 'output', step: 0 });
    expect(text).toHaveLength(65_536);
    expect(text).toContain('last\n');
  });
});
