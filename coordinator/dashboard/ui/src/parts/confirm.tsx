import { useState } from 'react';
import { Dialog } from './dialog.js';

interface ConfirmProps {
  readonly label: string;
  /** What will happen, said before it does. */
  readonly question: string;
  readonly act: () => Promise<unknown>;
  readonly className?: string;
}

/** A button whose act cannot be undone: it asks once, and says what will happen. */
export function Confirm({ label, question, act, className }: ConfirmProps) {
  return (
    <Dialog label={label} {...(className === undefined ? {} : { className })}>
      {(close) => (
        <>
          <p>{question}</p>
          <div className="row">
            <ActButton label={label} act={act} className="bad" onDone={close} />
            <button type="button" onClick={close}>
              Cancel
            </button>
          </div>
        </>
      )}
    </Dialog>
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
