import { readFile } from 'node:fs/promises';
import { toCurveRow, toTrialRow } from '../../coordinator/dashboard/trial-row.js';
import type { StudyCurves, StudyTable } from '../../coordinator/dashboard/wire.js';
import { parseSearchFile } from '../../coordinator/spec/index.js';
import type { LeaderboardRow, Study, Trial } from '../../proto/index.js';
import { studyJson, trialJson } from '../../proto/json.js';
import { packagePath } from '../../proto/package-path.js';
import { FAILURE, UserError } from '../fail.js';

/** Where the page for an exported study is, made when the program was built. */
const PAGE = 'dist/coordinator/dashboard/offline.html';

/**
 * A study as one file that any browser shows without a coordinator: the dashboard's page and the data in it.
 *
 * @throws {UserError} when the program was built without its pages
 */
export async function offlinePage(study: Study, rows: readonly LeaderboardRow[]): Promise<string> {
  const page = await readFile(packagePath(PAGE), 'utf8').catch((cause: unknown) => {
    throw new UserError(`the page for exports is missing (${PAGE}): run "npm run build"`, FAILURE, { cause });
  });
  const trials = rows.flatMap(({ trial }) => trial ?? []);
  const data = { table: tableOf(study, trials), curves: curvesOf(study, trials), trials: trials.map(trialJson) };
  // Inside a page "<" could begin a tag; a function is given, because "$&" in the data would mean something.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return page.replace('<!--assay-data-->', () => `<script type="application/json" id="assay-data">${json}</script>`);
}

function tableOf(study: Study, trials: readonly Trial[]): StudyTable {
  const parsed = parseSearchFile(study.spec, study.id);
  if (!parsed.ok) {
    throw new UserError(`the search file of ${study.id} cannot be read by this version of the program`, FAILURE);
  }
  const { params, relations, metric } = parsed.spec;
  return {
    study: studyJson(study),
    source: study.spec,
    space: { params, relations },
    metric,
    rows: trials.map((trial) => toTrialRow(trial, study.params)),
    position: 0,
    nowMs: Date.now(),
  };
}

function curvesOf(study: Study, trials: readonly Trial[]): StudyCurves {
  const curves = trials.map(({ number, reports }) => toCurveRow(number, reports, study.metric));
  return { curves: curves.filter((curve) => curve !== undefined), position: 0 };
}
