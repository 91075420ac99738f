import { type ReactNode, useEffect, useRef, useState } from 'react';

interface DialogProps {
  /** Of the button that opens it, and its title. */
  readonly label: string;
  readonly className?: string;
  readonly children: (close: () => void) => ReactNode;
}

/** A button and the dialog behind it. Escape closes it, and the focus goes back to where it was. */
export function Dialog({ label, className, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    if (open) element.current?.showModal();
  }, [open]);
  return (
    <>
      <button type="button" className={className} onClick={() => setOpen(true)}>
        {label}
      </button>
      {open && (
        <dialog ref={element} onClose={() => setOpen(false)} aria-label={label}>
          {children(() => element.current?.close())}
        </dialog>
      )}
    </>
  );
}
