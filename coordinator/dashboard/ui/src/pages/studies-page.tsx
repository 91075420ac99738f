import { useEffect, useMemo, useState } from 'react';
import type { StudyJson, WorkerJson } from '../../../../../proto/json.js';
import { setQuery, useAddress } from '../data/address.js';
import { useNow, useOverview, useSource } from '../data/hooks.js';
import { StudyData } from '../data/study-data.js';
import { bestValue, budgetShare, doneOf, timeLeftMs, trialsPerHour } from '../data/study-figures.js';
import { formatDuration, formatMetric, formatTime } from '../format.js';
import { Link, studyPath } from '../parts/link.js';
import { ConnectionNotice, Empty, Loading } from '../parts/notices.js';
import { Progress } from '../parts/progress.js';
import { StateBadge } from '../parts/state-badge.js';
import { Chart } from '../plots/chart.js';
import { compareOption } from '../plots/comparison.js';
import { usePalette } from '../plots/theme.js';

type Key = 'created' | 'name' | 'state' | 'progress' | 'best' | 'pace';

/** All studies: what they are at, and several of them beside each other. */
export function StudiesPage() {
  const { overview, connection } = useOverview();
  const { query } = useAddress();
  const skewMs = overview === undefined ? 0 : overview.nowMs - Date.now();
  const now = useNow() + (Math.abs(skewMs) > 2_000 ? skewMs : 0);
  if (overview === undefined) return <Loading what="studies" />;
  if (overview.studies.length === 0) {
    return (
      <Empty title="No study yet.">
        <p>
          Write a search file with <code>assay init</code> and submit it with <code>assay submit search.yaml</code>, or{' '}
          <Link to="/submit">paste one here</Link>.
        </p>
      </Empty>
    );
  }
  const find = query.get('find') ?? '';
  const compared = query.get('compare')?.split(',').filter(Boolean) ?? [];
  const sort = (query.get('sort') ?? '-created') as Key | `-${Key}`;
  const studies = sorted(
    overview.studies.filter((study) => matches(study, find)),
    sort,
    now,
  );
  const toggle = (id: string): void => {
    const next = compared.includes(id) ? compared.filter((other) => other !== id) : [...compared, id];
    setQuery({ compare: next.join(',') });
  };
  return (
    <>
      <ConnectionNotice connection={connection} />
      <div className="head">
        <h1>Studies</h1>
        <input
          type="search"
          placeholder="Find by name or state"
          aria-label="Find studies"
          value={find}
          onChange={(event) => setQuery({ find: event.target.value })}
        />
      </div>
      {compared.length > 0 && <Compare ids={compared} />}
      <div className="scroll">
        <table className="studies">
          <thead>
            <tr>
              <th>
                <span className="visually-hidden">Compare</span>
              </th>
              <SortHead name="name" sort={sort}>
                study
              </SortHead>
              <SortHead name="state" sort={sort}>
                state
              </SortHead>
              <SortHead name="progress" sort={sort}>
                progress
              </SortHead>
              <SortHead name="best" sort={sort} numeric>
                best
              </SortHead>
              <SortHead name="pace" sort={sort} numeric>
                trials per hour
              </SortHead>
              <th className="numeric">left</th>
              <th className="numeric">running on</th>
              <SortHead name="created" sort={sort}>
                created
              </SortHead>
            </tr>
          </thead>
          <tbody>
            {studies.map((study) => (
              <StudyRow
                key={study.id}
                study={study}
                now={now}
                workers={overview.workers}
                compared={compared.includes(study.id)}
                toggle={toggle}
              />
            ))}
          </tbody>
        </table>
      </div>
      {studies.length === 0 && <Empty title={`No study matches "${find}".`} />}
    </>
  );
}

interface StudyRowProps {
  readonly study: StudyJson;
  readonly now: number;
  readonly workers: readonly WorkerJson[];
  readonly compared: boolean;
  readonly toggle: (id: string) => void;
}

function StudyRow({ study, now, workers, compared, toggle }: StudyRowProps) {
  const share = budgetShare(study, now);
  const pace = trialsPerHour(study, now);
  const left = timeLeftMs(study, now);
  const on = workers.filter(({ running }) => running.some((attempt) => attempt.study === study.id)).length;
  const done = doneOf(study);
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare ${study.id}`}
          checked={compared}
          onChange={() => toggle(study.id)}
        />
      </td>
      <th scope="row">
        <Link to={studyPath(study.id)}>{study.id}</Link>
        {study.notice !== '' && <div className="quiet small study-notice">{study.notice}</div>}
      </th>
      <td className="study-state">
        <StateBadge state={study.state} />
      </td>
      <td className="study-progress">
        {share !== undefined && <Progress share={share} label={`budget of ${study.id}`} />}
        <span className="small">{study.budgetTrials > 0 ? `${done} of ${study.budgetTrials}` : `${done} trials`}</span>
      </td>
      <td className="numeric study-best">
        {study.best === null ? '–' : formatMetric(bestValue(study))}
        <div className="quiet small">{study.metric}</div>
      </td>
      <td className="numeric beside">
        {pace === undefined ? '–' : pace < 10 ? pace.toFixed(1) : Math.round(pace).toLocaleString()}
      </td>
      <td className="numeric beside">{left === undefined ? '–' : formatDuration(left)}</td>
      <td className="numeric beside">{on === 0 ? '–' : `${on} worker${on === 1 ? '' : 's'}`}</td>
      <td className="small beside">{formatTime(study.createdAtMs)}</td>
    </tr>
  );
}

interface SortHeadProps {
  readonly name: Key;
  readonly sort: string;
  /** Above numbers, which stand to the right. */
  readonly numeric?: boolean;
  readonly children: string;
}

function SortHead({ name, sort, numeric = false, children }: SortHeadProps) {
  const isSorted = sort.replace(/^-/, '') === name;
  const descending = sort.startsWith('-');
  const next = isSorted && !descending ? `-${name}` : name;
  return (
    <th
      className={numeric ? 'numeric' : undefined}
      aria-sort={isSorted ? (descending ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" onClick={() => setQuery({ sort: next })}>
        {children}
        <span className="turn" aria-hidden="true">
          {isSorted ? (descending ? '▾' : '▴') : ''}
        </span>
      </button>
    </th>
  );
}

function matches({ id, state }: StudyJson, find: string): boolean {
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => id.toLowerCase().includes(word) || state.startsWith(word));
}

function sorted(studies: readonly StudyJson[], sort: string, now: number): StudyJson[] {
  const key = sort.replace(/^-/, '') as Key;
  const figureOf = (study: StudyJson): number | string => {
    switch (key) {
      case 'name':
        return study.id;
      case 'state':
        return study.state;
      case 'progress':
        return budgetShare(study, now) ?? -1;
      case 'best':
        return Number(bestValue(study) ?? Number.NEGATIVE_INFINITY);
      case 'pace':
        return trialsPerHour(study, now) ?? -1;
      default:
        return study.createdAtMs;
    }
  };
  const sign = sort.startsWith('-') ? -1 : 1;
  return [...studies].sort((a, b) => {
    const [left, right] = [figureOf(a), figureOf(b)];
    return left === right ? 0 : (left < right ? -1 : 1) * sign;
  });
}

/** Best-so-far of the chosen studies on one plot, as they are now. */
function Compare({ ids }: { readonly ids: readonly string[] }) {
  const source = useSource();
  const palette = usePalette();
  const [studies, setStudies] = useState<readonly StudyData[]>([]);
  const key = ids.join(',');
  useEffect(() => {
    let gone = false;
    const load = (): void => {
      void Promise.all(
        key.split(',').map((id) =>
          source.table(id).then(
            (table) => new StudyData(table),
            () => undefined,
          ),
        ),
      ).then((tables) => {
        if (!gone) setStudies(tables.filter((table) => table !== undefined));
      });
    };
    load();
    const timer = setInterval(load, 10_000);
    return () => {
      gone = true;
      clearInterval(timer);
    };
  }, [source, key]);
  const option = useMemo(() => compareOption(studies, palette), [studies, palette]);
  return (
    <section className="panel">
      <h2>Best so far</h2>
      <Chart option={option} label={`Best value so far of ${ids.join(', ')}`} />
    </section>
  );
}
