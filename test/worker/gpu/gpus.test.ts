import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseGpus } from '../../../worker/gpu/gpus.js';
import { askNvidiaSmi, type FoundGpu } from '../../../worker/gpu/nvidia-smi.js';
import { Resources } from '../../../worker/gpu/resources.js';

let folder: string;
const { PATH } = process.env;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assay-gpu-'));
});

afterEach(() => {
  process.env['PATH'] = PATH;
  rmSync(folder, { recursive: true, force: true });
});

/** Puts a tool of that name before all others. */
function install(script: string): void {
  const path = join(folder, 'nvidia-smi');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  process.env['PATH'] = `${folder}:${PATH}`;
}

const TWO = `cat <<'END'
0, GPU-aaaa1111, NVIDIA H100 80GB HBM3, 550.54.15, 81559, 1024, 37, Disabled
1, GPU-bbbb2222, NVIDIA H100 80GB HBM3, 550.54.15, 81559, 5, [N/A], [N/A]
END`;

describe('nvidia-smi', () => {
  it('says what GPUs there are, and how busy', async () => {
    install(TWO);
    const { gpus, fault } = await askNvidiaSmi();
    expect(fault).toBe('');
    expect(gpus).toEqual([
      {
        id: '0',
        uuid: 'GPU-aaaa1111',
        name: 'NVIDIA H100 80GB HBM3',
        driver: '550.54.15',
        memoryBytes: 81_559 * 2 ** 20,
        memoryUsedBytes: 2 ** 30,
        utilization: 0.37,
      },
      {
        id: '1',
        uuid: 'GPU-bbbb2222',
        name: 'NVIDIA H100 80GB HBM3',
        driver: '550.54.15',
        memoryBytes: 81_559 * 2 ** 20,
        memoryUsedBytes: 5 * 2 ** 20,
        utilization: undefined,
      },
    ]);
  });

  it('counts the parts of a GPU in MIG mode in its place', async () => {
    install(`case "$1" in -L) cat <<'END'
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa1111)
  MIG 3g.20gb     Device  0: (UUID: MIG-11111111-aaaa)
  MIG 1g.5gb      Device  1: (UUID: MIG-22222222-bbbb)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb2222)
END
;; *) cat <<'END'
0, GPU-aaaa1111, NVIDIA A100-SXM4-40GB, 550.54.15, 40960, [N/A], [N/A], Enabled
1, GPU-bbbb2222, NVIDIA A100-SXM4-40GB, 550.54.15, 40960, 0, 0, Disabled
END
;; esac`);
    const { gpus } = await askNvidiaSmi();
    expect(gpus.map(({ id, name, memoryBytes }) => [id, name, memoryBytes])).toEqual([
      ['MIG-11111111-aaaa', 'NVIDIA A100-SXM4-40GB MIG 3g.20gb', 20 * 2 ** 30],
      ['MIG-22222222-bbbb', 'NVIDIA A100-SXM4-40GB MIG 1g.5gb', 5 * 2 ** 30],
      ['1', 'NVIDIA A100-SXM4-40GB', 40_960 * 2 ** 20],
    ]);
  });

  it.each([
    [
      'fails',
      `echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'; exit 9`,
      /^nvidia-smi failed: NVIDIA-SMI has failed because/,
    ],
    ['is killed', 'kill -9 $$', /^nvidia-smi failed: /],
  ])('that %s is no GPU and one line', async (_, script, fault) => {
    install(script);
    const answer = await askNvidiaSmi();
    expect(answer.gpus).toEqual([]);
    expect(answer.fault).toMatch(fault);
  });

  it.each(['', 'No devices were found', 'a, b', '0, GPU-a, "unclosed', '0,,,,,,,'])(
    'is read whatever it says: %j',
    async (text) => {
      install(`cat <<'END'\n${text}\nEND`);
      const { gpus } = await askNvidiaSmi();
      expect(gpus.filter(({ memoryBytes }) => memoryBytes !== undefined)).toEqual([]);
    },
  );

  it('that is not there is no fault', async () => {
    process.env['PATH'] = folder;
    expect(await askNvidiaSmi()).toEqual({ gpus: [], fault: '' });
  });
});

const found = (...ids: string[]): FoundGpu[] =>
  ids.map((id) => ({
    id,
    uuid: `GPU-uuid-${id}`,
    name: 'G',
    driver: '1',
    memoryBytes: 8,
    memoryUsedBytes: 0,
    utilization: 0,
  }));

describe('the GPUs that attempts may use', () => {
  const AUTO = { gpus: 'auto', slotsPerGpu: undefined, slots: undefined } as const;

  it.each([
    ['all', AUTO, undefined, ['0:1', '1:1', '2:1']],
    ['none', { ...AUTO, gpus: 'none' as const }, undefined, []],
    ['some', { ...AUTO, gpus: ['2', '0'] }, undefined, ['2:1', '0:1']],
    ['shared', { ...AUTO, slotsPerGpu: 4 }, undefined, ['0:4', '1:4', '2:4']],
    ['slots dealt out', { ...AUTO, slots: 7 }, undefined, ['0:3', '1:2', '2:2']],
    ['fewer slots than GPUs', { ...AUTO, slots: 2 }, undefined, ['0:1', '1:1']],
    ['those that the worker was given', AUTO, '2,1', ['2:1', '1:1']],
    ['those that it was given by UUID', AUTO, 'GPU-uuid-1', ['1:1']],
    ['none when it was given none', AUTO, '', []],
    ['none when it was given one that is not there', AUTO, 'NoDevFiles', []],
  ])('%s', (_, choice, visible, wanted) => {
    expect(chooseGpus(found('0', '1', '2'), choice, visible).map(({ id, slots }) => `${id}:${slots}`)).toEqual(wanted);
  });
});

describe('an attempt', () => {
  const gpus = chooseGpus(found('0', '1'), { gpus: 'auto', slotsPerGpu: 2, slots: undefined }, undefined);

  it('gets the GPUs that it was assigned, or the one that the fewest share', () => {
    const resources = new Resources(gpus, 4, 8, {});
    expect(resources.take({ gpus: ['0', '1'] })).toEqual(['0', '1']);
    expect(resources.take({ gpus: ['0'] })).toEqual(['0']);
    const other = resources.take({ gpus: [] });
    expect(other).toEqual(['1']);
    resources.free(['0', '1']);
    resources.free(['0']);
    expect(resources.next()).toEqual(['0']);
  });

  it('is told its GPUs and its share of the cores, as far as the operator has not said it', () => {
    const resources = new Resources(gpus, 4, 9, { MKL_NUM_THREADS: '7' });
    expect(resources.environment(['1'])).toMatchObject({
      CUDA_VISIBLE_DEVICES: '1',
      CUDA_DEVICE_ORDER: 'PCI_BUS_ID',
      ASSAY_GPUS: '1',
      OMP_NUM_THREADS: '2',
      MKL_NUM_THREADS: '7',
      ASSAY_THREADS: '2',
    });
    expect(new Resources([], 4, 2, {}).environment([])).not.toHaveProperty('CUDA_VISIBLE_DEVICES');
  });
});
