import { createRequire } from 'node:module';

/*
 * Loaded into a coordinator's process before its program (`node --import`): takes its measuring out, so that what it costs can
 * be seen. prom-client's own collectors are replaced before anybody imports them by name.
 */

const prometheus = createRequire(import.meta.url)('prom-client') as { collectDefaultMetrics: () => void };
prometheus.collectDefaultMetrics = () => {};

const { Tally } = await import('../../coordinator/monitoring/tally.js');
Tally.prototype.begin = () => () => {};
