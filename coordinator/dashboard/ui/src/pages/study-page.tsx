import { useCallback, useEffect, useMemo } from 'react';
import { setQuery, useAddress } from '../data/address.js';
import { readBoardView, viewTrials } from '../data/board-view.js';
import { useCalmVersion, useSource, useStudyData, useVersion } from '../data/hooks.js';
import type { Connection } from '../data/source.js';
import type { StudyData } from '../data/study-data.js';
import { Board } from '../parts/board.js';
import { Filters } from '../parts/filters.js';
import { ConnectionNotice, Empty, Failed, Loading } from '../parts/notices.js';
import { StudyHead } from '../parts/study-head.js';
import { TrialPanel } from '../parts/trial-panel.js';
import { StudyPlots } from '../plots/study-plots.js';

/** Plots are drawn again at most this often while a study runs, milliseconds; large ones more calmly. */
const PLOT_INTERVAL_MS = 1_000;
const LARGE_PLOT_INTERVAL_MS = 10_000;

export function StudyPage({ id }: { readonly id: string }) {
  const loaded = useStudyData(id);
  switch (loaded.state) {
    case 'loading':
      return <Loading what={id} />;
    case 'failed':
      return <Failed error={loaded.error} retry={loaded.retry} />;
    case 'ready':
      return <StudyView data={loaded.value} connection={loaded.connection} />;
  }
}

/** A study that is there. */
export function StudyView({ data, connection }: { readonly data: StudyData; readonly connection: Connection }) {
  const source = useSource();
  const version = useVersion(data);
  const plotVersion = useCalmVersion(data, data.trials.length > 2_000 ? LARGE_PLOT_INTERVAL_MS : PLOT_INTERVAL_MS);
  const { query } = useAddress();
  const selectedText = query.get('trial');
  const selected = selectedText === null ? undefined : Number(selectedText);
  const viewKey = [...query].filter(([key]) => key !== 'trial' && key !== 'view').toString();
  const view = useMemo(() => readBoardView(query, data.space.params), [viewKey, data]);
  const trials = useMemo(() => viewTrials(data, view), [data, view, version]);
  const plotted = useMemo(() => viewTrials(data, view), [data, view, plotVersion]);
  const select = useCallback((trial: number | undefined) => setQuery({ trial: trial?.toString() }), []);
  useEffect(() => {
    if (data.curves === undefined)
      source.curves(data.study.id).then(
        (curves) => data.setCurves(curves),
        () => {},
      );
  }, [data, source]);
  return (
    <>
      <ConnectionNotice connection={connection} />
      <StudyHead data={data} version={version} />
      <div className={selected === undefined ? 'study' : 'study study-with-trial'}>
        <div className="study-main">
          <section className="panel" aria-label="Trials">
            <Filters view={view} params={data.space.params} shown={trials.length} total={data.trials.length} />
            {data.trials.length === 0 ? (
              <Empty title="No trial yet.">
                <p>{data.study.notice || 'The first one is on its way.'}</p>
              </Empty>
            ) : trials.length === 0 ? (
              <Empty title="No trial is shown.">
                <p>None of the {data.trials.length} passes all the filters.</p>
              </Empty>
            ) : (
              <Board data={data} trials={trials} view={view} selected={selected} onSelect={select} />
            )}
          </section>
          {data.trials.length > 0 && (
            <StudyPlots data={data} version={plotVersion} trials={plotted} selected={selected} onSelect={select} />
          )}
        </div>
        {selected !== undefined && (
          <TrialPanel data={data} version={version} number={selected} onClose={() => select(undefined)} />
        )}
      </div>
    </>
  );
}
