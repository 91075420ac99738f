import { describe, expect, it } from 'vitest';
import { AttemptRefusedError } from '../../../worker/errors.js';
import { variablesOf } from '../../../worker/own-code/variables.js';

const OWN = { KEY: 'hunter2', ASSAY_TOKEN: 'hunter2', PLAIN: 'yes', HF_A: 'a', HOME: '/root' };

describe("a worker's variables", () => {
  it('are passed on under their own names or others, secrets by default', () => {
    const asked = {
      pass_env: ['HF_A', 'HF_B'],
      env: { A: 1, B: { env: 'KEY', secret: true }, C: { env: 'PLAIN', secret: false } },
    };
    expect(variablesOf(asked, ['HF_*', 'KEY', 'PLAIN'], OWN)).toEqual({
      environment: { HF_A: 'a', A: '1', B: 'hunter2', C: 'yes' },
      secrets: ['hunter2'],
    });
  });

  it.each([
    [
      'a reference that is not allowed',
      { pass_env: [], env: { A: { env: 'KEY', secret: true } } },
      ['KE'],
      /gives no study its variable KEY: .* --allow-env KEY$/,
    ],
    ['a name that is not allowed', { pass_env: ['KEY'], env: {} }, ['KEY_*'], /variable KEY/],
    [
      'a reference to nothing',
      { pass_env: [], env: { A: { env: 'NONE', secret: true } } },
      ['*'],
      /has no variable NONE, which env\.A refers to/,
    ],
    [
      'what lets the worker itself in',
      { pass_env: [], env: { A: { env: 'ASSAY_TOKEN', secret: true } } },
      ['*'],
      /names ASSAY_TOKEN, which a worker passes to no attempt/,
    ],
  ])('are refused: %s', (_, asked, allowed, words) => {
    expect(() => variablesOf(asked, allowed, OWN)).toThrow(AttemptRefusedError);
    expect(() => variablesOf(asked, allowed, OWN)).toThrow(words);
    expect(() => variablesOf(asked, allowed, OWN)).not.toThrow(/hunter2/);
  });
});
