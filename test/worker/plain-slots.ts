import { Resources } from '../../worker/gpu/resources.js';
import type { SlotsOptions } from '../../worker/slots.js';

/** Slots of a machine without GPUs, for attempts that run no code of a study's own. */
export const PLAIN_SLOTS: Pick<SlotsOptions, 'outputLimitBytes' | 'ownCode' | 'resources'> = {
  outputLimitBytes: 2 ** 30,
  ownCode: { prepare: () => Promise.reject(new Error('there is no code to prepare')) },
  resources: new Resources([], 1, 1, {}),
};
