import { useSyncExternalStore } from 'react';

/** The page's address: what is shown stands in it, so that a link shows somebody else the same. */
export interface Address {
  /** Parts of the path, decoded: ["studies", "digits"]. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

const CHANGED = 'assay:address';
let known = { text: '', address: read('') };

export function useAddress(): Address {
  return useSyncExternalStore(subscribe, current);
}

/** Goes to another page. */
export function goTo(path: string): void {
  history.pushState(null, '', path);
  window.dispatchEvent(new Event(CHANGED));
}

/** Changes what the page shows: undefined and '' take a key away. Replaces the entry in the browser's history. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === '') query.delete(key);
    else query.set(key, value);
  }
  const text = query.toString();
  history.replaceState(null, '', text === '' ? location.pathname : `${location.pathname}?${text}`);
  window.dispatchEvent(new Event(CHANGED));
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener);
  window.addEventListener(CHANGED, listener);
  return () => {
    window.removeEventListener('popstate', listener);
    window.removeEventListener(CHANGED, listener);
  };
}

function current(): Address {
  const text = location.pathname + location.search;
  if (text !== known.text) known = { text, address: read(text) };
  return known.address;
}

function read(text: string): Address {
  const [path = '', query = ''] = text.split('?');
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
