import { type ReactNode, useEffect, useRef, useState } from 'react';

interface ConfirmProps {
  readonly label: string;
  /** What will happen, said before it does. */
  readonly question: string;
  readonly children?: ReactNode;
  readonly act: () => Promise<unknown>;
  readonly className?: string;
}

/** A button whose act cannot be undone: it asks once, and says what will happen. */
export function Confirm({ label, question, act, className }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [asking, setAsking] = useState(false);
  useEffect(() => {
    if (asking) dialog.current?.showModal();
  }, [asking]);
  return (
    <>
      <button type="button" className={className} onClick={() => setAsking(true)}>
        {label}
      </button>
      {asking && (
        <dialog ref={dialog} onClose={() => setAsking(false)} aria-label={label}>
          <p>{question}</p>
          <div className="row">
            <ActButton label={label} act={act} className="bad" onDone={() => dialog.current?.close()} />
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
          </div>
        </dialog>
      )}
    </>
  );
}

interface ActButtonProps {
  readonly label: string;
  readonly act: () => Promise<unknown>;
  readonly className?: string;
  readonly onDone?: () => void;
}

/** A button that asks the coordinator for something, and says so when it refuses. */
export function ActButton({ label, act, className, onDone }: ActButtonProps) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const click = (): void => {
    setBusy(true);
    setFault(undefined);
    act()
      .then(
        () => onDone?.(),
        (error: Error) => setFault(error.message),
      )
      .finally(() => setBusy(false));
  };
  return (
    <>
      <button type="button" className={className} disabled={busy} onClick={click}>
        {label}
      </button>
      {fault !== undefined && (
        <span className="fault" role="alert">
          {fault}
        </span>
      )}
    </>
  );
}
