import { createContext, useContext, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { Connection, Overview, Source } from './source.js';
import { StudyData } from './study-data.js';

export const SourceContext = createContext<Source | undefined>(undefined);

export function useSource(): Source {
  const source = useContext(SourceContext);
  if (source === undefined) throw new Error('no source is provided');
  return source;
}

/** What is being loaded, has failed, or is there. */
export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: Error; readonly retry: () => void }
  | { readonly state: 'ready'; readonly value: T; readonly connection: Connection };

/** A study and its changes. */
export function useStudyData(id: string): Loaded<StudyData> {
  const source = useSource();
  const [loaded, setLoaded] = useState<Loaded<StudyData>>({ state: 'loading' });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let stop: (() => void) | undefined;
    let gone = false;
    setLoaded({ state: 'loading' });
    source.table(id).then(
      (table) => {
        if (gone) return;
        const value = new StudyData(table);
        setLoaded({ state: 'ready', value, connection: 'connecting' });
        stop = source.followStudy(id, () => value.position, {
          change: (change) => value.apply(change),
          connection: (connection) =>
            setLoaded((now) => (now.state === 'ready' && now.connection !== connection ? { ...now, connection } : now)),
        });
      },
      (error: Error) => {
        if (!gone) setLoaded({ state: 'failed', error, retry: () => setTries(tries + 1) });
      },
    );
    return () => {
      gone = true;
      stop?.();
    };
  }, [source, id, tries]);
  return loaded;
}

/** Renders anew when a study changes, at most once a frame. Returns its version. */
export function useVersion(data: StudyData): number {
  const frame = useRef(0);
  return useSyncExternalStore(
    (listener) => {
      const unsubscribe = data.subscribe(() => {
        frame.current ||= requestAnimationFrame(() => {
          frame.current = 0;
          listener();
        });
      });
      return () => {
        unsubscribe();
        cancelAnimationFrame(frame.current);
        frame.current = 0;
      };
    },
    () => data.version,
  );
}

/** The study's version, but at most every `ms`: for what costs more than a table's row. Curves that have come do not wait. */
export function useCalmVersion(data: StudyData, ms: number): number {
  const [version, setVersion] = useState(data.version);
  useEffect(() => {
    setVersion(data.version);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let { curves } = data;
    const renew = (): void => {
      clearTimeout(timer);
      timer = undefined;
      curves = data.curves;
      setVersion(data.version);
    };
    const unsubscribe = data.subscribe(() => {
      if (data.curves !== curves) renew();
      else timer ??= setTimeout(renew, ms);
    });
    return () => {
      unsubscribe();
      clearTimeout(timer);
    };
  }, [data, ms]);
  return version;
}

/** All studies and workers, and their changes. */
export function useOverview(): { readonly overview: Overview | undefined; readonly connection: Connection } {
  const source = useSource();
  const [overview, setOverview] = useState<Overview>();
  const [connection, setConnection] = useState<Connection>('connecting');
  useEffect(() => source.followOverview({ change: setOverview, connection: setConnection }), [source]);
  return { overview, connection };
}

/** The time, renewed every second. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
