import { createRoot } from 'react-dom/client';
import { ForestThreadContext } from '../heavy/forest.js';
// oxlint-disable-next-line import/default -- what "?worker" imports is made by the bundler
import ForestThread from '../heavy/heavy.worker.js?worker&inline';
import { applyTheme } from '../parts/theme-switch.js';
import { OfflineApp } from './offline-app.js';
import type { OfflineData } from './offline-data.js';
import '../style.css';

applyTheme();
const data = JSON.parse(document.getElementById('assay-data')!.textContent) as OfflineData;
createRoot(document.getElementById('root')!).render(
  <ForestThreadContext value={() => new ForestThread()}>
    <OfflineApp data={data} />
  </ForestThreadContext>,
);
