import type { Params } from '../../search/index.js';
import type { JsonTemplate } from './spec.js';

/** What parameters may be called, in a search space and after `$`. */
export const PARAM_NAME: RegExp = /^[A-Za-z_][A-Za-z0-9_.-]{0,62}$/;

/** What a text in an objective's configuration stands for. */
export type TemplateText =
  | { readonly kind: 'reference'; readonly param: string }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'malformed' };

/**
 * Reads a text of a template: `$name` alone is a parameter, `$$` at the beginning is a dollar sign. A dollar sign
 * anywhere else means nothing.
 */
export function readTemplateText(text: string): TemplateText {
  if (text.startsWith('$$')) return { kind: 'literal', text: text.slice(1) };
  if (!text.startsWith('$')) return { kind: 'literal', text };
  const param = text.slice(1);
  return PARAM_NAME.test(param) ? { kind: 'reference', param } : { kind: 'malformed' };
}

/**
 * Puts parameters into a configuration. Keys and list items that are a `$name` without a value in `params`, which is
 * how inactive parameters look, are left out. At the top, where nothing can be left out, it gives null.
 */
export function substitute(config: JsonTemplate, params: Params): JsonTemplate {
  return put(config, params) ?? null;
}

function put(config: JsonTemplate, params: Params): JsonTemplate | undefined {
  if (typeof config === 'string') return putText(config, params);
  if (config === null || typeof config !== 'object') return config;
  if (isList(config)) return config.map((item) => put(item, params)).filter((item) => item !== undefined);
  const whole: Record<string, JsonTemplate> = {};
  for (const [key, item] of Object.entries(config)) {
    const value = put(item, params);
    if (value !== undefined) whole[key] = value;
  }
  return whole;
}

function putText(text: string, params: Params): JsonTemplate | undefined {
  const read = readTemplateText(text);
  switch (read.kind) {
    case 'reference':
      return Object.hasOwn(params, read.param) ? params[read.param] : undefined;
    case 'literal':
      return read.text;
    case 'malformed':
      return text;
  }
}

/** Array.isArray does not narrow readonly arrays. */
function isList(config: JsonTemplate): config is readonly JsonTemplate[] {
  return Array.isArray(config);
}
