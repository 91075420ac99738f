import type { ReactNode } from 'react';
import type { Connection } from '../data/source.js';

/** A page that is on its way: the shape of what comes, without moving parts for those who want none. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div className="notice" role="status">
      <div className="skeleton" aria-hidden="true">
        <span />
        <span />
        <span />
      </div>
      Loading {what} …
    </div>
  );
}

export function Failed({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  return (
    <div className="notice notice-bad" role="alert">
      <strong>That did not work.</strong>
      <p>{error.message}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="notice">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

/** Said when the page no longer hears of changes; what it shows is then old. */
export function ConnectionNotice({ connection }: { readonly connection: Connection }) {
  if (connection !== 'lost') return null;
  return (
    <div className="strip strip-bad" role="status">
      The coordinator does not answer. What you see is what it last said; trying again …
    </div>
  );
}
