import { useEffect, useMemo, useState } from 'react';
import { SourceContext } from '../data/hooks.js';
import { StudyData } from '../data/study-data.js';
import { formatTime } from '../format.js';
import { StudyView } from '../pages/study-page.js';
import { ThemeSwitch } from '../parts/theme-switch.js';
import { dataAt, type OfflineData, spanOf } from './offline-data.js';
import { createOfflineSource } from './offline-source.js';

/** How long the whole study takes to play, and how often the picture changes, milliseconds. */
const PLAY_MS = 12_000;
const TICK_MS = 200;

/** A study in a file: the page that the coordinator serves, and a slider through its time. */
export function OfflineApp({ data }: { readonly data: OfflineData }) {
  const span = useMemo(() => spanOf(data), [data]);
  const [at, setAt] = useState(span.to);
  const [playing, setPlaying] = useState(false);
  const source = useMemo(() => createOfflineSource(data), [data]);
  const shown = useMemo(() => {
    const { table, curves } = dataAt(data, at);
    const study = new StudyData(table);
    study.setCurves(curves);
    return study;
  }, [data, at]);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => {
      setAt((now) => {
        const next = Math.min(span.to, now + ((span.to - span.from) * TICK_MS) / PLAY_MS);
        if (next >= span.to) setPlaying(false);
        return next;
      });
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [playing, span]);
  const play = (): void => {
    if (!playing && at >= span.to) setAt(span.from);
    setPlaying(!playing);
  };
  return (
    <>
      <header className="bar">
        <strong className="brand">Assay</strong>
        <button type="button" onClick={play}>
          {playing ? 'Stop' : 'Play'}
        </button>
        <input
          className="slider"
          type="range"
          aria-label="Time"
          aria-valuetext={formatTime(at)}
          min={span.from}
          max={span.to}
          step={Math.max(1, (span.to - span.from) / 1000)}
          value={at}
          onChange={(event) => setAt(Number(event.target.value))}
        />
        <span className="small numeric">{formatTime(at)}</span>
        <ThemeSwitch />
      </header>
      <main id="main">
        <SourceContext value={source}>
          <StudyView data={shown} connection="live" />
        </SourceContext>
      </main>
    </>
  );
}
