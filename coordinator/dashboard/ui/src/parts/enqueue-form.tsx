import { useState } from 'react';
import type { ParamSpec } from '../../../../../search/param.js';
import { newRequestId } from '../data/request-id.js';
import type { Act } from '../data/source.js';
import type { StudyData } from '../data/study-data.js';
import { ActButton } from './confirm.js';

interface EnqueueFormProps {
  readonly data: StudyData;
  readonly act: Act;
  readonly onDone: () => void;
}

/** A configuration to be tried next. What is left empty is drawn by the sampler. */
export function EnqueueForm({ data, act, onDone }: EnqueueFormProps) {
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const enqueue = (): Promise<unknown> => {
    const given = data.space.params.flatMap((spec): [string, unknown][] => {
      const text = texts[spec.name] ?? '';
      return text === '' ? [] : [[spec.name, typedValue(spec, text)]];
    });
    return act(`studies/${encodeURIComponent(data.study.id)}/enqueue`, {
      requestId: newRequestId(),
      configuration: JSON.stringify(Object.fromEntries(given)),
    });
  };
  return (
    <div className="form">
      <h2>Try a configuration</h2>
      <p className="quiet">What is left empty is drawn.</p>
      {data.space.params.map((spec) => (
        <label key={spec.name} htmlFor={`enqueue-${spec.name}`}>
          {spec.name}
          <ParamInput
            spec={spec}
            value={texts[spec.name] ?? ''}
            set={(value) => setTexts({ ...texts, [spec.name]: value })}
          />
        </label>
      ))}
      <div className="row">
        <ActButton label="Enqueue" className="main" act={enqueue} onDone={onDone} />
        <button type="button" onClick={onDone}>
          Cancel
        </button>
      </div>
    </div>
  );
}

interface ParamInputProps {
  readonly spec: ParamSpec;
  readonly value: string;
  readonly set: (value: string) => void;
}

function ParamInput({ spec, value, set }: ParamInputProps) {
  if (spec.kind === 'categorical') {
    return (
      <select id={`enqueue-${spec.name}`} value={value} onChange={(event) => set(event.target.value)}>
        <option value="">drawn</option>
        {spec.choices.map((choice) => (
          <option key={String(choice)} value={String(choice)}>
            {String(choice)}
          </option>
        ))}
      </select>
    );
  }
  const hint = `${spec.low} to ${spec.high}`;
  return (
    <input
      id={`enqueue-${spec.name}`}
      type="number"
      step="any"
      placeholder={hint}
      value={value}
      onChange={(event) => set(event.target.value)}
    />
  );
}

/** What is typed as the space has it; the coordinator says where it is outside. */
function typedValue(spec: ParamSpec, text: string): unknown {
  return spec.kind === 'categorical' ? spec.choices.find((choice) => String(choice) === text) : Number(text);
}
