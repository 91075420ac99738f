import { type ReactNode, useEffect } from 'react';
import { useAddress } from './data/address.js';
import { useSource } from './data/hooks.js';
import { useSession } from './data/session.js';
import { LogInPage } from './pages/log-in-page.js';
import { StudiesPage } from './pages/studies-page.js';
import { StudyPage } from './pages/study-page.js';
import { SubmitPage } from './pages/submit-page.js';
import { WorkersPage } from './pages/workers-page.js';
import { Link } from './parts/link.js';
import { Empty, Failed, Loading } from './parts/notices.js';
import { InsecureNotice, SessionBar } from './parts/session-bar.js';
import { ThemeSwitch } from './parts/theme-switch.js';

export function App() {
  const { path } = useAddress();
  const { act } = useSource();
  const [section = 'studies', id] = path;
  useEffect(() => {
    document.title = id === undefined ? 'Assay' : `${id} · Assay`;
  }, [id]);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="bar">
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" width="24" height="24" />
          Assay
        </Link>
        <nav aria-label="Pages">
          <Link to="/studies" current={section === 'studies'}>
            Studies
          </Link>
          <Link to="/workers" current={section === 'workers'}>
            Workers
          </Link>
          {act && (
            <Link to="/submit" current={section === 'submit'}>
              Submit
            </Link>
          )}
        </nav>
        <SessionBar />
        <ThemeSwitch />
      </header>
      <main id="main">
        <InsecureNotice />
        <Entered>
          <Page section={section} id={id} />
        </Entered>
      </main>
    </>
  );
}

/** What is behind the door, or the door. */
function Entered({ children }: { readonly children: ReactNode }) {
  const session = useSession();
  const view = session?.view;
  if (session === undefined) return children;
  if (view === undefined) {
    return session.fault === undefined ? (
      <Loading what="the dashboard" />
    ) : (
      <Failed error={session.fault} retry={() => session.ask()} />
    );
  }
  return view.role === null ? <LogInPage /> : children;
}

function Page({ section, id }: { readonly section: string; readonly id: string | undefined }) {
  if (section === 'studies') return id === undefined ? <StudiesPage /> : <StudyPage key={id} id={id} />;
  if (section === 'workers') return <WorkersPage />;
  if (section === 'submit') return <SubmitPage />;
  return (
    <Empty title="There is nothing here.">
      <p>
        All studies are <Link to="/studies">on one page</Link>.
      </p>
    </Empty>
  );
}
