import { goTo } from '../data/address.js';
import { newRequestId } from '../data/request-id.js';
import type { Act } from '../data/source.js';
import type { StudyData } from '../data/study-data.js';
import type { TrialItem } from '../data/trial-item.js';
import { BudgetForm } from './budget-form.js';
import { ActButton, Confirm } from './confirm.js';
import { Dialog } from './dialog.js';
import { EnqueueForm } from './enqueue-form.js';

interface StudyControlsProps {
  readonly data: StudyData;
  /** Undefined for who may look and change nothing. */
  readonly act: Act | undefined;
  /** Undefined for who is no admin. */
  readonly rule: Act | undefined;
}

/** What can be done with a study as it stands. */
export function StudyControls({ data, act, rule }: StudyControlsProps) {
  const { id, state } = data.study;
  const path = `studies/${encodeURIComponent(id)}`;
  const isOpen = state === 'running' || state === 'paused';
  return (
    <div className="row">
      {act && state === 'running' && <ActButton label="Pause" act={() => act(`${path}/pause`, {})} />}
      {act && state === 'paused' && <ActButton label="Resume" act={() => act(`${path}/resume`, {})} />}
      {act && <Dialog label="Budget">{(close) => <BudgetForm data={data} act={act} onDone={close} />}</Dialog>}
      {act && isOpen && (
        <Dialog label="Enqueue">{(close) => <EnqueueForm data={data} act={act} onDone={close} />}</Dialog>
      )}
      <a className="button" href={`/api/${path}/export.csv`} download={`${id}.csv`}>
        CSV
      </a>
      <a className="button" href={`/api/${path}/export.json`} download={`${id}.json`}>
        JSON
      </a>
      {act && isOpen && (
        <Confirm
          label="Stop"
          className="bad"
          question={`${id} starts nothing more, and what runs is ended now; what its trials have reported is kept.`}
          act={() => act(`${path}/stop`, {})}
        />
      )}
      {rule && state === 'finished' && (
        <Confirm
          label="Delete"
          className="bad"
          question={`${id} and its ${data.trials.length} trials are gone for good, their weights and checkpoints too.`}
          act={() => rule(path, {}, 'DELETE').then(() => goTo('/studies'))}
        />
      )}
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
  const { number, state } = trial;
  const path = `studies/${encodeURIComponent(data.study.id)}/trials/${number}`;
  const isOpen = state === 'running' || state === 'waiting' || state === 'paused';
  return (
    <>
      <ActButton label="Train again" act={() => act(`${path}/rerun`, { requestId: newRequestId() })} />
      {isOpen && (
        <Confirm
          label="Stop"
          className="bad"
          question={`Trial ${number} ends now and counts as pruned; what it has reported is kept.`}
          act={() => act(`${path}/stop`, {})}
        />
      )}
      {!isOpen && trial.invalidated === null && (
        <Confirm
          label="Invalidate"
          className="bad"
          question={`Trial ${number} leaves the ranking and the sampler's history. It keeps its number, and this cannot be undone.`}
          act={() => act(`${path}/invalidate`, { reason: 'invalidated on the dashboard' })}
        />
      )}
    </>
  );
}
