import { useEffect, useRef, useState } from 'react';
import type { TrialOutput } from '../../../wire.js';
import { useSource } from '../data/hooks.js';
import { asRead } from '../data/printed.js';
import type { TrialItem } from '../data/trial-item.js';
import { formatBytes } from '../format.js';

/** How often a running trial is asked what it has printed meanwhile, milliseconds. */
const POLL_MS = 1_500;

interface PrintedProps {
  readonly study: string;
  readonly trial: TrialItem;
}

/** The end of what a trial printed: live while it runs, what was kept of it afterwards. */
export function Printed({ study, trial }: PrintedProps) {
  const loaded = useOutput(study, trial);
  if (loaded === undefined) return null;
  return (
    <section aria-label="Output">
      <h3>
        Output <span className="quiet small">{loaded instanceof Error ? loaded.message : wordsOf(loaded, trial)}</span>
      </h3>
      {!(loaded instanceof Error) && loaded.text !== '' && <Tail text={loaded.text} />}
    </section>
  );
}

function wordsOf({ attempt, live, over, totalBytes, text }: TrialOutput, { attempts }: TrialItem): string {
  if (text === '') return over ? 'nothing was printed, or nothing of it is kept' : 'nothing so far';
  const whose = attempts.length > 1 ? `of attempt ${attempt}, ` : '';
  const all = new TextEncoder().encode(text).length >= totalBytes;
  return `${whose}${live ? 'live' : 'kept'}${all ? '' : `, the end of ${formatBytes(totalBytes)}`}`;
}

/** Stays at its end while it grows, unless somebody has scrolled up to read. */
function Tail({ text }: { readonly text: string }) {
  const element = useRef<HTMLTextAreaElement>(null);
  const shown = asRead(text).replace(/\n$/, '');
  const atEnd = useRef(true);
  useEffect(() => {
    if (atEnd.current) element.current?.scrollTo(0, element.current.scrollHeight);
  }, [shown]);
  return (
    <textarea
      ref={element}
      className="code printed"
      aria-label="What it printed"
      readOnly
      rows={Math.min(16, shown.split('\n').length)}
      value={shown}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 8;
      }}
    />
  );
}

/** Asked for once when a trial is over, again and again while it runs and the page is looked at. */
function useOutput(study: string, { number, state, attempts }: TrialItem): TrialOutput | Error | undefined {
  const { output } = useSource();
  const [loaded, setLoaded] = useState<TrialOutput | Error>();
  const stage = `${state} ${attempts.length}`;
  useEffect(() => {
    if (output === undefined) return undefined;
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = (): void => {
      if (document.hidden) {
        timer = setTimeout(ask, POLL_MS);
        return;
      }
      void output(study, number)
        .catch((error: Error) => error)
        .then((answer) => {
          if (gone) return;
          setLoaded(answer);
          if (answer instanceof Error || !answer.over) timer = setTimeout(ask, POLL_MS);
        });
    };
    ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [output, study, number, stage]);
  return loaded;
}
