import { expect, it } from 'vitest';
import { baseEnvironment } from '../../../worker/process/environment.js';

it("an attempt begins with what programs need, and nothing that is the worker's own", () => {
  const own = { PATH: '/bin', CUDA_HOME: '/cuda', LC_ALL: 'C', ASSAY_TOKEN: 'x', ASSAY_KEY: 'x', LICENCE: 'x' };
  expect(baseEnvironment(own)).toEqual({ PATH: '/bin', CUDA_HOME: '/cuda', LC_ALL: 'C' });
});
