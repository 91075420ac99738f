import type { Contour, SlicePoint } from '../../../../../search/importance/charts.js';
import type { Importance } from '../../../../../search/importance/importance.js';
import type { Goal, ParamSpec, Params } from '../../../../../search/param.js';

/** What the forest is made from: complete trials with a finite value. */
export interface StudyRecord {
  readonly params: readonly ParamSpec[];
  readonly relations: readonly string[];
  readonly goal: Goal;
  readonly trials: readonly { readonly params: Params; readonly value: number }[];
}

export type Question =
  | { readonly kind: 'importance' }
  | { readonly kind: 'slice'; readonly param: string }
  | { readonly kind: 'contour'; readonly a: string; readonly b: string };

/** The record is sent when it has changed, and remembered. */
export interface Request {
  readonly id: number;
  readonly record: StudyRecord | undefined;
  readonly question: Question;
}

export type Answer = Importance[] | SlicePoint[] | Contour | undefined;

export type Response =
  | { readonly id: number; readonly answer: Answer }
  | { readonly id: number; readonly fault: string };
