import { Refused } from '../calls/refused.js';
import { LONGEST_NAME, shortId, type TokenRecord } from './token.js';
import type { Tokens } from './tokens.js';

/** The one token that a word means. @throws {Refused} when it means none, or several */
export function oneOf(tokens: Tokens, word: string): TokenRecord {
  const found = tokens.named(word);
  const [record] = found;
  if (record !== undefined && found.length === 1) return record;
  const words = JSON.stringify(word);
  if (found.length === 0) throw new Refused({ code: 'not_found', message: `there is no token ${words}` });
  const ids = found.map(({ id }) => shortId(id)).join(', ');
  throw invalid(`${words} means several tokens: say which of ${ids}`);
}

/** @throws {Refused} when a token cannot have this name */
export function checkName(name: string): void {
  if (name.length > LONGEST_NAME || /\p{C}/u.test(name)) {
    throw invalid(`a token's name must have at most ${LONGEST_NAME} characters, all of them visible`);
  }
}

function invalid(message: string): Refused {
  return new Refused({ code: 'invalid', message });
}
