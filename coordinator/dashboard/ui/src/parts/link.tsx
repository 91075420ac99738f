import type { MouseEvent, ReactNode } from 'react';
import { goTo } from '../data/address.js';

interface LinkProps {
  readonly to: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly current?: boolean;
}

/** A link within the pages; with a modifier key the browser does what it always does. */
export function Link({ to, children, className, current }: LinkProps) {
  const onClick = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a href={to} className={className} onClick={onClick} aria-current={current ? 'page' : undefined}>
      {children}
    </a>
  );
}

export function studyPath(id: string): string {
  return `/studies/${encodeURIComponent(id)}`;
}
