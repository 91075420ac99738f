import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { SourceContext } from './data/hooks.js';
import { createHttpSource } from './data/http-source.js';
import { SessionProvider } from './data/session.js';
import { applyTheme } from './parts/theme-switch.js';
import './style.css';

applyTheme();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <SourceContext value={createHttpSource()}>
      <SessionProvider>
        <App />
      </SessionProvider>
    </SourceContext>
  </StrictMode>,
);
