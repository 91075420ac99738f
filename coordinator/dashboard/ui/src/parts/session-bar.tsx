import { useSession } from '../data/session.js';

/** Who is logged in, and the way out. Nothing where nobody is asked. */
export function SessionBar() {
  const session = useSession();
  const view = session?.view;
  if (session === undefined || view === undefined || !view.needsToken || view.role === null) return null;
  return (
    <span className="session row">
      <span className="quiet small">
        {view.name}
        {view.name === view.role ? '' : ` (${view.role})`}
      </span>
      <button type="button" onClick={() => void session.logOut()}>
        Log out
      </button>
    </span>
  );
}

/** Said on every page of a coordinator that others can reach who show nothing. */
export function InsecureNotice() {
  const view = useSession()?.view;
  if (view === undefined || !view.insecure) return null;
  return (
    <div className="strip strip-bad" role="status">
      <strong>Insecure:</strong> this coordinator was started with <code>--insecure</code>. Whoever reaches it may do
      everything, and all of it travels in plain text.
    </div>
  );
}
