import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, type ReactNode, useEffect, useMemo, useRef } from 'react';
import { setQuery } from '../data/address.js';
import { type BoardView, durationOf } from '../data/board-view.js';
import type { StudyData } from '../data/study-data.js';
import type { TrialItem } from '../data/trial-item.js';
import { formatDuration, formatMetric, formatParam } from '../format.js';
import { StateBadge } from './state-badge.js';

const ROW_HEIGHT = 34;
/** Of the column titles, with the board's borders and room for a bar to scroll sideways. */
const HEAD_HEIGHT = 56;

interface Column {
  /** As the address has it behind "sort". */
  readonly key: string;
  readonly title: string;
  readonly width: number;
  readonly numeric: boolean;
  readonly cell: (trial: TrialItem, place: Place) => ReactNode;
}

/** What a row shows that its trial alone does not say. */
interface Place {
  readonly rank: number | undefined;
  /** Milliseconds since the epoch by the coordinator's clock. */
  readonly now: number;
}

interface BoardProps {
  readonly data: StudyData;
  readonly trials: readonly TrialItem[];
  readonly view: BoardView;
  readonly selected: number | undefined;
  readonly onSelect: (trial: number) => void;
}

/** The leaderboard: as many rows in the page as the eye can see, however many there are. */
export function Board({ data, trials, view, selected, onSelect }: BoardProps) {
  const frame = useRef<HTMLDivElement>(null);
  const repeated = data.study.repeats > 1;
  const columns = useMemo(() => columnsOf(data, repeated), [data, repeated]);
  const virtual = useVirtualizer({
    // Rounded up: whenever it is another, all places are measured anew, also those of ten thousand rows that are the same.
    count: Math.ceil(trials.length / 1_000) * 1_000,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const width = columns.reduce((sum, column) => sum + column.width, 0);
  const template = columns.map((column) => `minmax(${column.width}px, ${column.width}fr)`).join(' ');
  const place = selected === undefined ? -1 : trials.findIndex(({ number }) => number === selected);
  useEffect(() => {
    if (place >= 0) virtual.scrollToIndex(place, { align: 'auto' });
    // The place of a selected trial that moves up is no reason to scroll.
  }, [selected]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 };
    const step = steps[event.key];
    if (step === undefined || trials.length === 0) return;
    event.preventDefault();
    const next = trials[Math.min(trials.length - 1, Math.max(0, place + step))];
    if (next !== undefined) onSelect(next.number);
  };
  return (
    <div
      className="board"
      ref={frame}
      style={{ height: `min(56vh, 560px, ${trials.length * ROW_HEIGHT + HEAD_HEIGHT}px)` }}
      tabIndex={0}
      onKeyDown={onKeyDown}
      role="region"
      aria-label="Leaderboard, arrow keys choose a trial"
    >
      <div role="table" aria-rowcount={trials.length + 1} aria-label="Trials" style={{ minWidth: width }}>
        <div role="rowgroup" className="board-head">
          <div
            role="row"
            tabIndex={-1}
            aria-rowindex={1}
            className="board-row"
            style={{ gridTemplateColumns: template }}
          >
            {columns.map((column) => (
              <HeadCell key={column.key} column={column} view={view} />
            ))}
          </div>
        </div>
        <div role="rowgroup" style={{ height: trials.length * ROW_HEIGHT, position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const trial = trials[index];
            if (trial === undefined) return undefined;
            return (
              <BoardRow
                key={trial.number}
                trial={trial}
                rank={data.rankOf(trial)}
                // Time goes on for a trial that has not ended, and for no other.
                now={trial.endedAt === 0 ? data.now() : 0}
                columns={columns}
                template={template}
                index={index}
                start={start}
                isSelected={trial.number === selected}
                onSelect={onSelect}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface BoardRowProps extends Place {
  readonly trial: TrialItem;
  readonly columns: readonly Column[];
  readonly template: string;
  readonly index: number;
  /** Pixels below the column titles. */
  readonly start: number;
  readonly isSelected: boolean;
  readonly onSelect: (trial: number) => void;
}

/** Most rows say after a change what they said before it: those are not made again. */
const BoardRow = memo(function BoardRow(props: BoardRowProps) {
  const { trial, rank, now, columns, template, index, start, isSelected, onSelect } = props;
  return (
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={`board-row board-trial state-${trial.state}${trial.invalidated === null ? '' : ' invalidated'}`}
      style={{ gridTemplateColumns: template, height: ROW_HEIGHT, transform: `translateY(${start}px)` }}
      onClick={() => onSelect(trial.number)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') onSelect(trial.number);
      }}
    >
      {columns.map(({ key, numeric, cell }) => (
        <div key={key} role="cell" className={numeric ? 'numeric' : undefined}>
          {cell(trial, { rank, now })}
        </div>
      ))}
    </div>
  );
});

function HeadCell({ column, view }: { readonly column: Column; readonly view: BoardView }) {
  const { key, title, numeric } = column;
  const isSorted = view.sort === key;
  const sort = isSorted && !view.descending ? `-${key}` : key;
  const turn = isSorted ? (view.descending ? 'descending' : 'ascending') : 'none';
  return (
    <div role="columnheader" tabIndex={-1} aria-sort={turn} className={numeric ? 'numeric' : undefined}>
      <button
        type="button"
        title={`Sort by ${title}`}
        onClick={() => setQuery({ sort: sort === 'rank' ? undefined : sort })}
      >
        {title}
        <span className="turn" aria-hidden="true">
          {isSorted ? (view.descending ? '▾' : '▴') : ''}
        </span>
      </button>
    </div>
  );
}

function columnsOf({ metric, space }: StudyData, repeated: boolean): Column[] {
  const plain: Column[] = [
    { key: 'rank', title: 'rank', width: 72, numeric: true, cell: (_, { rank }) => rank ?? '' },
    {
      key: 'number',
      title: 'trial',
      width: 76,
      numeric: true,
      cell: ({ number, rerunOf }) => (rerunOf === null ? number : `${number} ↻${rerunOf}`),
    },
    { key: 'state', title: 'state', width: 104, numeric: false, cell: ({ state }) => <StateBadge state={state} /> },
    { key: 'value', title: metric.name, width: 108, numeric: true, cell: ({ value }) => formatMetric(value) },
    ...(repeated ? [meanColumn()] : []),
    { key: 'step', title: 'step', width: 74, numeric: true, cell: stepText },
  ];
  const params = space.params.map(
    ({ name, kind }, index): Column => ({
      key: `p:${name}`,
      title: name,
      width: Math.min(170, Math.max(104, 9 * name.length + 34)),
      numeric: kind !== 'categorical',
      cell: ({ params: values }) => formatParam(values[index]),
    }),
  );
  const rest: Column[] = [
    {
      key: 'time',
      title: 'time',
      width: 104,
      numeric: true,
      cell: (trial, { now }) => {
        const duration = durationOf(trial, now);
        return duration === undefined ? '' : formatDuration(duration);
      },
    },
    { key: 'origin', title: 'proposed by', width: 136, numeric: false, cell: ({ origin }) => origin },
  ];
  return [...plain, ...params, ...rest];
}

function meanColumn(): Column {
  return {
    key: 'mean',
    title: 'mean',
    width: 120,
    numeric: true,
    cell: ({ repeats }) => (repeats === null ? '' : `${formatMetric(repeats[0])} (${repeats[1]} of ${repeats[2]})`),
  };
}

function stepText({ lastStep, plannedSteps }: TrialItem): string {
  if (lastStep === 0) return '';
  return plannedSteps > 0 ? `${lastStep} / ${plannedSteps}` : String(lastStep);
}
