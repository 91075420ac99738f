import { useState } from 'react';
import { newRequestId } from '../data/request-id.js';
import type { Act } from '../data/source.js';
import type { StudyData } from '../data/study-data.js';
import { ActButton } from './confirm.js';

interface BudgetFormProps {
  readonly data: StudyData;
  readonly act: Act;
  readonly onDone: () => void;
}

/** Budget, parallelism and priority of a study; what is left as it is stays as it is. */
export function BudgetForm({ data, act, onDone }: BudgetFormProps) {
  const { study } = data;
  const [trials, setTrials] = useState(String(study.budgetTrials || ''));
  const [minutes, setMinutes] = useState(study.budgetTimeMs === 0 ? '' : String(study.budgetTimeMs / 60_000));
  const [parallel, setParallel] = useState(String(study.parallel || ''));
  const [priority, setPriority] = useState(String(study.priority));
  const changes = {
    ...changed(trials, study.budgetTrials, (total) => ({ trials: { total } })),
    ...changed(minutes, study.budgetTimeMs / 60_000, (value) => ({ timeMs: { total: Math.round(value * 60_000) } })),
    ...changed(parallel, study.parallel, (value) => ({ parallel: value })),
    ...changed(priority, study.priority, (value) => ({ priority: value })),
  };
  const save = (): Promise<unknown> => {
    if (Object.keys(changes).length === 0) return Promise.resolve();
    return act(`studies/${encodeURIComponent(study.id)}/adjust`, { requestId: newRequestId(), ...changes });
  };
  return (
    <div className="form">
      <h2>Budget of {study.id}</h2>
      {study.state === 'finished' && <p className="quiet">A larger budget lets the study go on.</p>}
      <NumberField label="trials in all" value={trials} set={setTrials} />
      <NumberField label="minutes in all" value={minutes} set={setMinutes} />
      <NumberField label="at a time (0: every free slot)" value={parallel} set={setParallel} />
      <NumberField label="priority (higher goes first)" value={priority} set={setPriority} />
      <div className="row">
        <ActButton label="Save" className="main" act={save} onDone={onDone} />
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </div>
  );
}

function changed<T>(text: string, before: number, make: (value: number) => T): T | undefined {
  const value = text.trim() === '' ? 0 : Number(text);
  return Number.isFinite(value) && value !== before ? make(value) : undefined;
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: string;
  readonly set: (value: string) => void;
}

function NumberField({ label, value, set }: NumberFieldProps) {
  return (
    <label>
      {label}
      <input type="number" step="any" value={value} onChange={(event) => set(event.target.value)} />
    </label>
  );
}
