import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { baseEnvironment } from '../../../worker/process/environment.js';
import { createSlots } from '../../../worker/slots.js';
import { BUILT_CHILD } from '../built-child.js';
import { PLAIN_SLOTS } from '../plain-slots.js';

it("an attempt begins with what programs need, and nothing that is the worker's own", () => {
  const own = { PATH: '/bin', CUDA_HOME: '/cuda', LC_ALL: 'C', ASSAY_TOKEN: 'x', ASSAY_KEY: 'x', LICENCE: 'x' };
  expect(baseEnvironment(own)).toEqual({ PATH: '/bin', CUDA_HOME: '/cuda', LC_ALL: 'C' });
});

it('an attempt finds the engines and the Vulkan drivers that its worker finds', async () => {
  const cache = mkdtempSync(join(tmpdir(), 'assay-cache-'));
  onTestFinished(() => rmSync(cache, { recursive: true }));
  for (const name of ['webgpu', '@tensorflow/tfjs-backend-webgpu']) {
    const folder = join(cache, 'assay', 'engines', 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.js'), 'throw new Error("with " + process.env.VK_DRIVER_FILES);\n');
  }
  vi.stubEnv('XDG_CACHE_HOME', cache).stubEnv('VK_DRIVER_FILES', '/drivers/one.json');
  onTestFinished(() => void vi.unstubAllEnvs());
  const slots = createSlots({
    slots: 1,
    backend: 'webgpu',
    data: { offline: true },
    stopGraceMs: 60_000,
    ...PLAIN_SLOTS,
    logger: pino({ level: 'silent' }),
    childPath: BUILT_CHILD,
  });
  onTestFinished(() => slots.close());
  expect(await slots.probe()).toMatchObject({
    ok: false,
    fault: 'backend webgpu does not run here: Dawn does not load: with /drivers/one.json',
  });
});
