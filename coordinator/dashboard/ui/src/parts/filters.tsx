import { useState } from 'react';
import type { ParamSpec } from '../../../../../search/param.js';
import { setQuery } from '../data/address.js';
import { type BoardView, isFiltered, type ParamFilter, STATES, writeFilter } from '../data/board-view.js';

interface FiltersProps {
  readonly view: BoardView;
  readonly params: readonly ParamSpec[];
  readonly shown: number;
  readonly total: number;
}

/** Which trials are shown: by state, the best few percent, by parameters. */
export function Filters({ view, params, shown, total }: FiltersProps) {
  const [open, setOpen] = useState(view.params.size > 0);
  const clear = (): void => {
    const gone = Object.fromEntries(params.map(({ name }) => [`p.${name}`, undefined]));
    setQuery({ state: undefined, top: undefined, ...gone });
  };
  return (
    <div className="filters">
      <fieldset className="row">
        <legend className="visually-hidden">States</legend>
        {STATES.map((state) => (
          <label key={state} className="chip">
            <input
              type="checkbox"
              checked={view.states?.has(state) ?? true}
              onChange={() => setQuery({ state: toggled(view, state) })}
            />
            {state}
          </label>
        ))}
        <label className="chip">
          best
          <select value={view.top ?? ''} onChange={(event) => setQuery({ top: event.target.value })}>
            <option value="">all</option>
            {[1, 5, 10, 25, 50].map((percent) => (
              <option key={percent} value={percent}>
                {percent} %
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          Parameters {open ? '▴' : '▾'}
        </button>
        {isFiltered(view) && (
          <button type="button" onClick={clear}>
            Show all
          </button>
        )}
        <span className="quiet" role="status">
          {shown === total ? `${total} trials` : `${shown} of ${total} trials`}
        </span>
      </fieldset>
      {open && (
        <div className="param-filters">
          {params.map((spec) => (
            <ParamFilterField key={spec.name} spec={spec} filter={view.params.get(spec.name)} />
          ))}
        </div>
      )}
    </div>
  );
}

function ParamFilterField({ spec, filter }: { readonly spec: ParamSpec; readonly filter: ParamFilter | undefined }) {
  const set = (changed: ParamFilter | undefined): void => setQuery({ [`p.${spec.name}`]: writeFilter(changed) });
  if (spec.kind === 'categorical') {
    const all = spec.choices.map(String);
    const chosen = filter?.kind === 'choices' ? filter.choices : new Set(all);
    const toggle = (choice: string): void => {
      const next = new Set(chosen);
      if (!next.delete(choice)) next.add(choice);
      set(next.size === all.length || next.size === 0 ? undefined : { kind: 'choices', choices: next });
    };
    return (
      <fieldset>
        <legend>{spec.name}</legend>
        {all.map((choice) => (
          <label key={choice} className="chip">
            <input type="checkbox" checked={chosen.has(choice)} onChange={() => toggle(choice)} />
            {choice}
          </label>
        ))}
      </fieldset>
    );
  }
  const { low, high } = filter?.kind === 'range' ? filter : spec;
  const edit = (bound: 'low' | 'high', text: string): void => {
    const value = Number(text);
    if (text === '' || Number.isNaN(value)) return;
    const next = { low, high, [bound]: value };
    set(next.low <= spec.low && next.high >= spec.high ? undefined : { kind: 'range', ...next });
  };
  return (
    <fieldset>
      <legend>{spec.name}</legend>
      <input
        key={`l${low}`}
        type="number"
        step="any"
        aria-label={`least ${spec.name}`}
        defaultValue={low}
        onBlur={(event) => edit('low', event.target.value)}
      />
      <span aria-hidden="true">–</span>
      <input
        key={`h${high}`}
        type="number"
        step="any"
        aria-label={`largest ${spec.name}`}
        defaultValue={high}
        onBlur={(event) => edit('high', event.target.value)}
      />
    </fieldset>
  );
}

function toggled(view: BoardView, state: (typeof STATES)[number]): string | undefined {
  const next = new Set(view.states ?? STATES);
  if (!next.delete(state)) next.add(state);
  return next.size === STATES.length || next.size === 0 ? undefined : [...next].join(',');
}
