import { useEffect, useRef, useState } from 'react';
import type { Fault } from '../../../../spec/fault.js';
import { goTo } from '../data/address.js';
import { useSource } from '../data/hooks.js';
import { newRequestId } from '../data/request-id.js';
import { RequestError } from '../data/source.js';
import { studyPath } from '../parts/link.js';
import { Empty } from '../parts/notices.js';

const KEPT = 'assay.draft';

/** A search file, pasted or written here: checked and submitted as the command line does it. */
export function SubmitPage() {
  const { act } = useSource();
  const area = useRef<HTMLTextAreaElement>(null);
  const faultList = useRef<HTMLElement>(null);
  const requestId = useRef(newRequestId());
  const [text, setText] = useState(() => sessionStorage.getItem(KEPT) ?? '');
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  const [message, setMessage] = useState<string>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    if (faults.length > 0) faultList.current?.scrollIntoView({ block: 'nearest' });
  }, [faults]);
  if (act === undefined) return <Empty title="Nothing can be submitted here." />;
  const edit = (next: string): void => {
    setText(next);
    requestId.current = newRequestId();
    sessionStorage.setItem(KEPT, next);
  };
  const submit = (): void => {
    setBusy(true);
    setFaults([]);
    setMessage(undefined);
    // The same id for each try of one text: a second click, or a lost answer, makes no second study.
    act('studies', { spec: text, requestId: requestId.current })
      .then(
        (made) => {
          sessionStorage.removeItem(KEPT);
          goTo(studyPath((made as { study: { id: string } }).study.id));
        },
        (error: Error) => {
          if (error instanceof RequestError && error.faults !== undefined) setFaults(error.faults);
          else setMessage(error.message);
        },
      )
      .finally(() => setBusy(false));
  };
  const show = ({ line, column }: Fault): void => {
    const lines = text.split('\n');
    const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    area.current?.focus();
    area.current?.setSelectionRange(at, at + 1);
  };
  return (
    <>
      <h1>Submit a study</h1>
      <p className="quiet">
        Paste a search file. <code>assay init</code> writes a commented one to begin with.
      </p>
      <label className="visually-hidden" htmlFor="search-file">
        Search file (YAML)
      </label>
      <textarea
        id="search-file"
        ref={area}
        className="code search-file"
        spellCheck={false}
        rows={24}
        value={text}
        onChange={(event) => edit(event.target.value)}
        placeholder={'name: digits\nmetric: {name: val_accuracy, goal: maximize}\n…'}
      />
      <div className="row">
        <button type="button" className="main" disabled={busy || text.trim() === ''} onClick={submit}>
          Submit
        </button>
        {message !== undefined && (
          <span className="fault" role="alert">
            {message}
          </span>
        )}
      </div>
      {faults.length > 0 && (
        <section ref={faultList} className="panel faults" role="alert">
          <h2>{faults.length === 1 ? 'One fault' : `${faults.length} faults`}; nothing was submitted</h2>
          <ul className="plain">
            {faults.map((fault) => (
              <li key={`${fault.line}:${fault.column}:${fault.message}`}>
                <button type="button" className="as-link" onClick={() => show(fault)}>
                  line {fault.line}, column {fault.column}
                </button>{' '}
                <code>{fault.path}</code> {fault.message}
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
