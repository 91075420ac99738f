import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import type { SessionView } from '../../../wire.js';
import { SourceContext, useSource } from './hooks.js';
import { askSession, logIn, logOut } from './http-source.js';
import type { Source } from './source.js';

interface SessionState {
  readonly view: SessionView | undefined;
  /** Why it is not known, when the coordinator does not answer. */
  readonly fault: Error | undefined;
  ask(): void;
  logIn(token: string): Promise<void>;
  logOut(): Promise<void>;
}

const SessionContext = createContext<SessionState | undefined>(undefined);

/** Who looks at these pages; undefined in a file that was exported, where nobody is asked. */
export function useSession(): SessionState | undefined {
  return useContext(SessionContext);
}

/** Asks who looks, and gives the pages a source that does what they may do. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const source = useSource();
  const [view, setView] = useState<SessionView>();
  const [fault, setFault] = useState<Error>();
  const ask = useCallback(() => {
    askSession().then((now) => {
      setFault(undefined);
      setView(now);
    }, setFault);
  }, []);
  useEffect(() => {
    ask();
    return source.onTurnedAway(ask);
  }, [ask, source]);
  const session = useMemo(
    () => ({
      view,
      fault,
      ask,
      logIn: (token: string) => logIn(token).then(setView),
      logOut: () => logOut().then(setView),
    }),
    [view, fault, ask],
  );
  const role = view?.role ?? null;
  const allowed = useMemo(() => narrowed(source, role), [source, role]);
  return (
    <SessionContext value={session}>
      <SourceContext value={allowed}>{children}</SourceContext>
    </SessionContext>
  );
}

function narrowed(source: Source, role: SessionView['role']): Source {
  const steers = role === 'admin' || role === 'submit';
  return { ...source, act: steers ? source.act : undefined, rule: role === 'admin' ? source.rule : undefined };
}
