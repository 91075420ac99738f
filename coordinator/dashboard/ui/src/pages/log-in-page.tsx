import { useState } from 'react';
import { useSession } from '../data/session.js';

/** Where a token is shown once; from then on the browser has a cookie that no script can read. */
export function LogInPage() {
  const session = useSession();
  const [token, setToken] = useState('');
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = (): void => {
    setBusy(true);
    setFault(undefined);
    session
      ?.logIn(token)
      .then(
        () => setToken(''),
        (error: Error) => setFault(error.message),
      )
      .finally(() => setBusy(false));
  };
  return (
    <form
      className="panel log-in"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <h1>Log in</h1>
      <label htmlFor="token">Token</label>
      <input
        id="token"
        type="password"
        autoComplete="current-password"
        spellCheck={false}
        value={token}
        onChange={(event) => setToken(event.target.value)}
      />
      <div className="row">
        <button type="submit" className="main" disabled={busy || token.trim() === ''}>
          Log in
        </button>
      </div>
      {fault !== undefined && (
        <p className="fault" role="alert">
          {fault}
        </p>
      )}
      <p className="quiet small">
        An admin makes tokens with <code>assay token create --role view</code>; the first one of an admin is in the
        coordinator's state folder, in <code>admin.token</code>.
      </p>
    </form>
  );
}
