import { describe, expect, it } from 'vitest';
import { AttemptRefusedError } from '../../../worker/errors.js';
import { baseEnvironment, passedEnvironment } from '../../../worker/process/environment.js';

const OWN = { PATH: '/bin', LICENCE: 'x', ASSAY_TOKEN: 'secret', ASSAY_TOKEN_FILE: '/token', ASSAY_KEY: '/key' };

describe('what an attempt sees of its worker', () => {
  it('is what a study names', () => {
    expect(passedEnvironment(OWN, ['LICENCE', 'NOWHERE'])).toEqual({ LICENCE: 'x' });
    expect(baseEnvironment(OWN)).toEqual({ PATH: '/bin' });
  });

  it.each(['ASSAY_TOKEN', 'ASSAY_TOKEN_FILE', 'ASSAY_KEY'])('is never %s, whoever names it', (name) => {
    expect(() => passedEnvironment(OWN, ['LICENCE', name])).toThrow(AttemptRefusedError);
  });
});
