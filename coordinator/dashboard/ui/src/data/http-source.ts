import { CHANGE_HEADER } from '../../../change-header.js';
import type { SessionView } from '../../../wire.js';
import { type Act, type Connection, type Following, RequestError, type Source } from './source.js';

/** Pauses before a stream that the browser gave up is opened again, milliseconds. */
const RECONNECT_MS = 2_000;

/** The coordinator that served these pages. */
export function createHttpSource(): Source {
  const act: Act = (path, body, method = 'POST') => change(`/api/${path}`, method, body);
  return {
    table: (study) => get(`/api/studies/${encodeURIComponent(study)}/table`),
    curves: (study) => get(`/api/studies/${encodeURIComponent(study)}/curves`),
    trial: (study, number) => get(`/api/studies/${encodeURIComponent(study)}/trials/${number}`),
    output: (study, number) => get(`/api/studies/${encodeURIComponent(study)}/trials/${number}/output`),
    followOverview: (following) => follow('overview', () => '/api/events', following),
    followStudy: (study, after, following) =>
      follow('change', () => `/api/studies/${encodeURIComponent(study)}/events?after=${after()}`, following),
    act,
    rule: act,
    onTurnedAway: (listener) => {
      turnedAway.add(listener);
      return () => turnedAway.delete(listener);
    },
  };
}

/** Who looks, as the coordinator knows. */
export function askSession(): Promise<SessionView> {
  return get(SESSION);
}

export function logIn(token: string): Promise<SessionView> {
  return change(SESSION, 'POST', { token }) as Promise<SessionView>;
}

export function logOut(): Promise<SessionView> {
  return change(SESSION, 'DELETE', {}) as Promise<SessionView>;
}

const SESSION = '/api/session';

/** Who is to hear of it when the coordinator does not let these pages in any more. */
const turnedAway = new Set<() => void>();

function tellTurnedAway(): void {
  for (const listener of turnedAway) listener();
}

function change(address: string, method: 'POST' | 'DELETE', body: object): Promise<unknown> {
  return request(address, {
    method,
    headers: { 'content-type': 'application/json', [CHANGE_HEADER]: '1' },
    body: JSON.stringify(body),
  });
}

function get<T>(address: string): Promise<T> {
  return request(address, {}) as Promise<T>;
}

async function request(address: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(address, init).catch(() => {
    throw new RequestError('unreachable', 'the coordinator does not answer: is it running?');
  });
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { code: string; message: string; faults?: RequestError['faults'] } }
    | undefined;
  if (response.ok) return body;
  if (response.status === 401 && address !== SESSION) tellTurnedAway();
  const error = body?.error ?? { code: 'internal', message: `the coordinator answered ${response.status}` };
  throw new RequestError(error.code, error.message, error.faults);
}

/**
 * Keeps an event stream open. The browser comes back by itself with the last position it has seen; where it gives up,
 * and while the page is hidden, the stream is closed and opened anew from the last position.
 */
function follow<T>(event: string, address: () => string, { change, connection }: Following<T>): () => void {
  let stream: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const say = (state: Connection): void => connection(state);
  const open = (): void => {
    clearTimeout(timer);
    stream?.close();
    if (document.hidden) return;
    say('connecting');
    const opened = new EventSource(address());
    stream = opened;
    opened.addEventListener('open', () => say('live'));
    opened.addEventListener(event, (message) => {
      say('live');
      change(JSON.parse((message as MessageEvent<string>).data) as T);
    });
    opened.addEventListener('error', () => {
      say('lost');
      if (opened.readyState !== EventSource.CLOSED) return;
      // It does not say why; whoever is not let in any more finds out so.
      tellTurnedAway();
      timer = setTimeout(open, RECONNECT_MS);
    });
  };
  const onVisibility = (): void => {
    if (document.hidden) {
      clearTimeout(timer);
      stream?.close();
    } else open();
  };
  document.addEventListener('visibilitychange', onVisibility);
  open();
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    clearTimeout(timer);
    stream?.close();
  };
}
