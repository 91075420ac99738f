import type { GetOutputRequest, GetOutputResponse } from '../../proto/index.js';
import { ArtifactError, type ArtifactStore } from '../artifacts/port.js';
import type { Coordinator } from '../coordinator.js';
import { findTrial, isRefusal } from '../core/lookup.js';
import { isFinal, newestAttempt } from '../core/trial.js';
import { MOST_OUTPUT_BYTES } from '../limits.js';
import type { LiveOutputs } from '../rpc/live-outputs.js';
import { studyOf } from './look.js';
import { Refused } from './refused.js';

export interface OutputCallOptions {
  readonly coordinator: Pick<Coordinator, 'view'>;
  readonly artifacts: ArtifactStore;
  readonly outputs: LiveOutputs;
}

export type OutputCall = (request: GetOutputRequest) => Promise<GetOutputResponse>;

/** The end of what a trial printed: of its running attempt as its worker has it now, else what was kept of the last one. */
export function createOutputCall({ coordinator, artifacts, outputs }: OutputCallOptions): OutputCall {
  return async ({ study: id, trial: number }) => {
    const { study, trial } = await coordinator.view((core) => {
      const found = studyOf(core, id);
      const wanted = findTrial(found, number);
      if (isRefusal(wanted)) throw new Refused(wanted);
      return { study: found.id, trial: wanted };
    });
    const attempt = newestAttempt(trial);
    const over = isFinal(trial);
    if (trial.status === 'running' && attempt !== undefined) {
      const live = await outputs.ask(attempt.worker, { study, trial: number, attempt: attempt.number });
      if (live !== undefined) {
        const { totalBytes, data } = live;
        return { study, attempt: attempt.number, live: true, over, totalBytes, data: Buffer.from(data) };
      }
    }
    const { output } = trial;
    const data = output === undefined ? Buffer.alloc(0) : await contentOf(artifacts, output.files[0]!.artifact);
    return { study, attempt: output?.attempt ?? 0, live: false, over, totalBytes: data.length, data };
  };
}

async function contentOf(artifacts: ArtifactStore, id: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of artifacts.get(id)) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > MOST_OUTPUT_BYTES) break;
    }
  } catch (error) {
    if (error instanceof ArtifactError) throw new Refused({ code: 'not_found', message: error.message });
    throw error;
  }
  return Buffer.concat(pieces).subarray(-MOST_OUTPUT_BYTES);
}
