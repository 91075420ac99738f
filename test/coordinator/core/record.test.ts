import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Event } from '../../../coordinator/core/events.js';
import { Fleet } from '../../../coordinator/core/fleet.js';
import { nextProposal } from '../../../coordinator/core/plan.js';
import {
  type BodyRecord,
  bodyRecord,
  restoreBody as restoring,
  type StateRecord,
  type StudyRecord,
  stateFrom,
  stateRecord,
  studyRecord,
} from '../../../coordinator/core/record.js';
import { apply, emptyState, type State } from '../../../coordinator/core/state.js';
import { park, type Study, StudyAwayError } from '../../../coordinator/core/study.js';
import { leaderboardView, remnantOf, studyView } from '../../../coordinator/core/views.js';
import { decodeBatch } from '../../../coordinator/event-log/codec.js';
import { toStudy } from '../../../coordinator/rpc/convert.js';
import { plain } from '../../sim/checkers/replay.js';

const FOLDER = new URL('../../golden/log/', import.meta.url);
const LOGS = readdirSync(FOLDER).filter((name) => name.endsWith('.jsonl'));

function eventsOf(name: string): Event[] {
  const records = readFileSync(new URL(name, FOLDER), 'utf8').trimEnd().split('\n');
  return records.flatMap((record, i) => decodeBatch(record, i + 1));
}

function replay(events: readonly Event[]): State {
  const state = emptyState();
  for (const event of events) apply(state, event);
  return state;
}

function restoreBody(study: Study, body: BodyRecord): void {
  for (const _ of restoring(study, body)) expect(study.body).toBeUndefined();
}

/** Into JSON and back. */
function copied(state: State): State {
  const text = JSON.stringify({
    state: stateRecord(state),
    studies: [...state.studies.values()].map((study) => ({ study: studyRecord(study), body: bodyRecord(study) })),
  });
  const json = JSON.parse(text) as { state: StateRecord; studies: { study: StudyRecord; body: BodyRecord }[] };
  const copy = stateFrom(
    json.state,
    json.studies.map(({ study }) => study),
  );
  for (const { study, body } of json.studies) restoreBody(copy.studies.get(study.id)!, body);
  return copy;
}

describe.each(LOGS)('a state made of its record, at any place of %s', (name) => {
  const events = eventsOf(name);

  it('is the state, and goes on as it does', () => {
    for (let place = 1; place <= events.length; place += 1) {
      const state = replay(events.slice(0, place));
      const copy = copied(state);
      expect(plain(copy)).toEqual(plain(state));
      for (const event of events.slice(place, place + 12)) {
        apply(state, event);
        apply(copy, event);
      }
      expect(plain(copy)).toEqual(plain(state));
    }
  });

  it('suggests what the state would suggest', () => {
    for (let place = 1; place <= events.length; place += 3) {
      const state = replay(events.slice(0, place));
      const copy = copied(state);
      for (const study of state.active) {
        const again = copy.studies.get(study.id)!;
        expect(nextProposal(again, again.proposed)).toEqual(nextProposal(study, study.proposed));
      }
    }
  });

  it('shows every study without its trials as it does with them', () => {
    const state = replay(events);
    const fleet = new Fleet();
    for (const study of state.studies.values()) {
      if (state.active.has(study)) continue;
      const before = toStudy(studyView(study, fleet));
      const body = bodyRecord(study);
      park(study, remnantOf(study));
      expect(toStudy(studyView(study, fleet))).toEqual(before);
      expect(JSON.parse(JSON.stringify(studyRecord(study)))).toMatchObject({ best: expect.anything() });
      expect(() => leaderboardView(state, fleet, study, 0)).toThrow(StudyAwayError);
      restoreBody(study, JSON.parse(JSON.stringify(body)));
      expect(toStudy(studyView(study, fleet))).toEqual(before);
    }
  });
});

it('a body of another moment is refused', () => {
  const events = eventsOf(LOGS[0]!);
  const state = replay(events);
  const [study] = state.studies.values();
  const body = bodyRecord(study!);
  park(study!, remnantOf(study!));
  expect(() => restoreBody(study!, { ...body, revision: body.revision - 1 })).toThrow(/is at \d+, and these are/);
});

it('a long body is given back in portions, and is there when the last is done', () => {
  const state = replay(eventsOf(LOGS[0]!));
  const [study] = state.studies.values();
  const { trials, ...body } = bodyRecord(study!);
  const [ended] = trials.filter(({ status }) => status === 'complete');
  const reports = Array.from({ length: 9 }, (_, i) => ({ step: i + 1, metrics: {} }));
  const many = Array.from({ length: 1000 }, (_, number) => ({ ...ended!, number, reports }));
  park(study!, remnantOf(study!));
  let portions = 0;
  for (const _ of restoring(study!, { ...body, trials: many })) {
    portions += 1;
    expect(study!.body).toBeUndefined();
  }
  expect(portions).toBe(20);
  expect(study!.trials).toHaveLength(1000);
});
