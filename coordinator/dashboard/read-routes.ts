import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { Study as StudyMessage, Trial } from '../../proto/index.js';
import { seenJson, studyJson, trialJson, workerJson } from '../../proto/json.js';
import { trialsCsv } from '../../proto/trials-csv.js';
import { looksAt } from '../calls/look.js';
import type { OutputCall } from '../calls/output-call.js';
import type { StudyCalls } from '../calls/study-calls.js';
import type { Coordinator } from '../coordinator.js';
import type { Study } from '../core/study.js';
import type { Core } from '../core/transaction.js';
import { ranksOf, studyView, trialView, workerViews } from '../core/views.js';
import { toStudy, toTrial, toWorker } from '../rpc/convert.js';
import type { Feeds } from './feeds.js';
import { wholeNumber } from './refusal.js';
import { curveRow, studyRow, trialRow } from './rows.js';
import type { StudyCurves, StudyTable, TrialDetail, TrialOutput } from './wire.js';

export interface ReadRoutesOptions {
  readonly coordinator: Coordinator;
  readonly calls: StudyCalls;
  readonly getOutput: OutputCall;
  readonly feeds: Feeds;
  readonly clock: () => number;
}

/** Everything that looks and changes nothing: the views that every face has, and the two event streams. */
export function readRoutes(options: ReadRoutesOptions): Hono<{ Bindings: HttpBindings }> {
  const { coordinator, calls, getOutput, feeds, clock } = options;
  const { viewOf: look } = looksAt(coordinator);
  const routes = new Hono<{ Bindings: HttpBindings }>();

  routes.get('/studies', async (context) =>
    context.json(
      await coordinator.view(({ state, fleet }) => ({
        studies: [...state.studies.values()].map((study) => studyRow(study, fleet)),
        position: state.events,
        nowMs: clock(),
      })),
    ),
  );

  routes.get('/studies/:id/table', async (context) =>
    context.json(await look(context.req.param('id'), (study, core) => studyTable(study, core, clock()))),
  );

  routes.get('/studies/:id/curves', async (context) =>
    context.json(
      await look(context.req.param('id'), (study, { state }): StudyCurves => {
        const curves = study.trials.map((trial) => curveRow(study, trial)).filter((row) => row !== undefined);
        return { curves, position: state.events };
      }),
    ),
  );

  routes.get('/studies/:id/trials/:number', async (context) => {
    const number = wholeNumber('trial', context.req.param('number'));
    const { trial, seen } = await calls.getTrial({ study: context.req.param('id'), trial: number });
    return context.json({ ...trialJson(trial!), seen: seenJson(seen) } satisfies TrialDetail);
  });

  routes.get('/studies/:id/trials/:number/output', async (context) => {
    const trial = wholeNumber('trial', context.req.param('number'));
    const { attempt, live, over, totalBytes, data } = await getOutput({ study: context.req.param('id'), trial });
    return context.json({ attempt, live, over, totalBytes, text: data.toString('utf8') } satisfies TrialOutput);
  });

  routes.get('/studies/:id/export.csv', async (context) => {
    const { study, trials, ranks } = await look(context.req.param('id'), everything);
    const text = trialsCsv(
      study,
      trials.map((trial) => ({ trial, ...rankOf(ranks, trial) })),
    );
    return context.text(text, 200, { 'content-type': 'text/csv; charset=utf-8' });
  });

  routes.get('/studies/:id/export.json', async (context) => {
    const { study, trials, ranks } = await look(context.req.param('id'), everything);
    const rows = trials.map((trial) => ({ rank: ranks.get(trial.number) ?? null, ...trialJson(trial) }));
    return context.json({ study: studyJson(study), trials: rows });
  });

  routes.get('/workers', async (context) =>
    context.json(
      await coordinator.view(({ fleet }) => ({ workers: workerViews(fleet).map((one) => workerJson(toWorker(one))) })),
    ),
  );

  routes.get('/events', async (context) => {
    await feeds.followOverview(context.env.outgoing);
    return RESPONSE_ALREADY_SENT;
  });

  routes.get('/studies/:id/events', async (context) => {
    // A browser that comes back names the last position it has seen in a header, one that comes new in the address.
    const asked = context.req.header('last-event-id') ?? context.req.query('after') ?? '0';
    const after = wholeNumber('after', asked);
    const { id } = await look(context.req.param('id'), (study) => study);
    await feeds.followStudy(context.env.outgoing, id, after);
    return RESPONSE_ALREADY_SENT;
  });

  return routes;
}

function studyTable(study: Study, { state, fleet }: Core, nowMs: number): StudyTable {
  const { metric, params, relations } = study.spec;
  return {
    study: studyRow(study, fleet),
    source: study.source,
    space: { params, relations },
    metric,
    rows: study.trials.map((trial) => trialRow(study, trial)),
    position: state.events,
    nowMs,
  };
}

/** A study with all its trials, reports included, and the ranks of those that have one. */
function everything(
  study: Study,
  { fleet }: Core,
): { study: StudyMessage; trials: Trial[]; ranks: ReadonlyMap<number, number> } {
  const names = study.spec.params.map(({ name }) => name);
  return {
    study: toStudy(studyView(study, fleet)),
    trials: study.trials.map((trial) => toTrial(trialView(study, trial), names)),
    ranks: ranksOf(study),
  };
}

function rankOf(ranks: ReadonlyMap<number, number>, { number }: Trial): { rank?: number } {
  const rank = ranks.get(number);
  return rank === undefined ? {} : { rank };
}
