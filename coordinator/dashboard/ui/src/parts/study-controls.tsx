import type { Source } from '../data/source.js';
import type { StudyData } from '../data/study-data.js';
import type { TrialItem } from '../data/trial-item.js';
import { ActButton, Confirm } from './confirm.js';

type Act = NonNullable<Source['act']>;

/** What can be done with a study as it stands. */
export function StudyControls({ data, act }: { readonly data: StudyData; readonly act: Act }) {
  const { id, state } = data.study;
  const path = `studies/${encodeURIComponent(id)}`;
  return (
    <div className="row">
      {state === 'running' && <ActButton label="Pause" act={() => act(`${path}/pause`, {})} />}
      {state === 'paused' && <ActButton label="Resume" act={() => act(`${path}/resume`, {})} />}
      {(state === 'running' || state === 'paused') && (
        <Confirm
          label="Stop"
          className="bad"
          question={`${id} starts nothing more, and what runs is ended now; what its trials have reported is kept. It can be extended later.`}
          act={() => act(`${path}/stop`, {})}
        />
      )}
      <a className="button" href={`/api/${path}/export.csv`} download={`${id}.csv`}>
        CSV
      </a>
      <a className="button" href={`/api/${path}/export.json`} download={`${id}.json`}>
        JSON
      </a>
    </div>
  );
}

interface TrialControlsProps {
  readonly data: StudyData;
  readonly trial: TrialItem;
  readonly act: Act;
}

/** What can be done with one trial. */
export function TrialControls({ data, trial, act }: TrialControlsProps) {
  const path = `studies/${encodeURIComponent(data.study.id)}/trials/${trial.number}`;
  return (
    <div className="row">
      <ActButton label="Train again" act={() => act(`${path}/rerun`, { requestId: crypto.randomUUID() })} />
    </div>
  );
}
