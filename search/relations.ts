import { type ParamSpec, SpaceError, type Values } from './param.js';

/** A relation between parameters, ready to be asked. */
export interface Relation {
  readonly text: string;
  /** Indices of the parameters it speaks of. */
  readonly params: readonly number[];
  /** Words and signs in its text, to which the time is proportional that it takes to be asked. */
  readonly size: number;
  /** Whether it holds; it does when one of its parameters is inactive. */
  holds(values: Values): boolean;
}

/**
 * Reads a relation like "width >= 16 * depth" or "0 < low < high".
 *
 * Comparisons (`<` `<=` `>` `>=` `==` `!=`) between sums of numbers and parameters with `+ - * / % **` and parentheses,
 * and min, max, abs, sqrt, log, log2, log10, exp, floor, ceil. Names with other characters than letters, digits and _
 * stand in backquotes. Parameters whose values are not all numbers cannot take part.
 *
 * @throws {SpaceError} saying where the text stops making sense
 */
export function parseRelation(
  text: string,
  params: readonly ParamSpec[],
  indexOf: ReadonlyMap<string, number>,
): Relation {
  const parser = new Parser(text, params, indexOf);
  const comparisons = parser.relation();
  const used = [...parser.used].sort((a, b) => a - b);
  return {
    text,
    params: used,
    size: parser.size,
    holds: (values) =>
      used.some((index) => values[index] === undefined) ||
      comparisons.every(({ left, compare, right }) => compare(left(values), right(values))),
  };
}

type Term = (values: Values) => number;

interface Comparison {
  readonly left: Term;
  readonly compare: (a: number, b: number) => boolean;
  readonly right: Term;
}

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

const ARITHMETIC: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '**': (a, b) => a ** b,
};

const FUNCTIONS: Readonly<Record<string, (...values: number[]) => number>> = {
  min: Math.min,
  max: Math.max,
  abs: Math.abs,
  sqrt: Math.sqrt,
  log: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  exp: Math.exp,
  floor: Math.floor,
  ceil: Math.ceil,
};

const VARIADIC = new Set(['min', 'max']);

/** Longer texts and deeper parentheses are nobody's relation, and would only serve to exhaust the stack. */
const LONGEST = 1000;
const DEEPEST = 50;

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([A-Za-z_]\w*)|`([^`]+)`|(<=|>=|==|!=|\*\*|[<>+\-*/%(),]))/iy;

interface Token {
  readonly kind: 'number' | 'name' | 'symbol' | 'end';
  readonly text: string;
  /** Counted from 1. */
  readonly column: number;
}

class Parser {
  readonly used = new Set<number>();
  readonly #text: string;
  readonly #params: readonly ParamSpec[];
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string, params: readonly ParamSpec[], indexOf: ReadonlyMap<string, number>) {
    this.#text = text;
    this.#params = params;
    this.#indexOf = indexOf;
    this.#tokens = this.#tokenize();
  }

  get size(): number {
    return this.#tokens.length;
  }

  relation(): readonly Comparison[] {
    const comparisons: Comparison[] = [];
    let left = this.#sum();
    while (Object.hasOwn(COMPARE, this.#next.text)) {
      const compare = COMPARE[this.#take().text]!;
      const right = this.#sum();
      comparisons.push({ left, compare, right });
      left = right;
    }
    if (comparisons.length === 0) throw this.#expected('a comparison (< <= > >= == !=)');
    if (this.#next.kind !== 'end') throw this.#expected('the end');
    if (this.used.size === 0) throw this.#fault('names no parameter');
    return comparisons;
  }

  #sum(): Term {
    return this.#chain(['+', '-'], () => this.#product());
  }

  #product(): Term {
    return this.#chain(['*', '/', '%'], () => this.#signed());
  }

  /** Left-associative operators of one precedence. */
  #chain(operators: readonly string[], operand: () => Term): Term {
    let left = operand();
    while (this.#next.kind === 'symbol' && operators.includes(this.#next.text)) {
      const operate = ARITHMETIC[this.#take().text]!;
      const a = left;
      const b = operand();
      left = (values) => operate(a(values), b(values));
    }
    return left;
  }

  #signed(): Term {
    if (!this.#accept('-')) return this.#power();
    const term = this.#nested(() => this.#signed());
    return (values) => -term(values);
  }

  #power(): Term {
    const base = this.#atom();
    if (!this.#accept('**')) return base;
    const exponent = this.#nested(() => this.#signed());
    return (values) => base(values) ** exponent(values);
  }

  #atom(): Term {
    const token = this.#next;
    if (token.kind === 'number') {
      const value = Number(this.#take().text);
      return () => value;
    }
    if (token.kind === 'name') {
      this.#at++;
      if (Object.hasOwn(FUNCTIONS, token.text) && this.#next.text === '(') return this.#call(token);
      return this.#param(token);
    }
    if (!this.#accept('(')) throw this.#expected('a number, a parameter or (');
    const inner = this.#nested(() => this.#sum());
    this.#close();
    return inner;
  }

  #call(name: Token): Term {
    const apply = FUNCTIONS[name.text]!;
    this.#take();
    const terms: Term[] = [];
    do terms.push(this.#nested(() => this.#sum()));
    while (this.#accept(','));
    this.#close();
    if (!VARIADIC.has(name.text) && terms.length !== 1) {
      throw this.#fault(`${name.text} at column ${name.column} takes 1 value, not ${terms.length}`);
    }
    return (values) => apply(...terms.map((term) => term(values)));
  }

  #param(name: Token): Term {
    const index = this.#indexOf.get(name.text);
    if (index === undefined) {
      const known = this.#params.map((param) => param.name).join(', ');
      throw new SpaceError(
        `relation "${this.#text}": ${name.text} at column ${name.column} is no parameter; known: ${known}`,
      );
    }
    const param = this.#params[index]!;
    if (param.kind === 'categorical' && !param.choices.every((choice) => typeof choice === 'number')) {
      throw new SpaceError(
        `relation "${this.#text}": the choices of ${name.text} must all be numbers to be compared`,
        param.name,
      );
    }
    this.used.add(index);
    // The check above and checkParams keep everything but numbers out.
    return (values) => Number(values[index]);
  }

  #nested(parse: () => Term): Term {
    if (++this.#depth > DEEPEST) throw this.#fault(`is nested deeper than ${DEEPEST} levels`);
    const term = parse();
    this.#depth--;
    return term;
  }

  get #next(): Token {
    return this.#tokens[this.#at]!;
  }

  #take(): Token {
    return this.#tokens[this.#at++]!;
  }

  #accept(symbol: string): boolean {
    if (this.#next.kind !== 'symbol' || this.#next.text !== symbol) return false;
    this.#at++;
    return true;
  }

  #close(): void {
    if (!this.#accept(')')) throw this.#expected(')');
  }

  #expected(what: string): SpaceError {
    const { kind, text, column } = this.#next;
    return this.#fault(`expected ${what} at column ${column}, found ${kind === 'end' ? 'the end' : text}`);
  }

  #fault(what: string): SpaceError {
    return new SpaceError(`relation "${this.#text}" ${what}`);
  }

  #tokenize(): readonly Token[] {
    if (this.#text.length > LONGEST) throw this.#fault(`is longer than ${LONGEST} characters`);
    const tokens: Token[] = [];
    const end = this.#text.trimEnd().length;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < end) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(this.#text);
      if (match === null) {
        const column = from + this.#text.slice(from).search(/\S/) + 1;
        throw this.#fault(`has an unexpected ${JSON.stringify(this.#text[column - 1])} at column ${column}`);
      }
      const [whole, number, name, quoted, symbol] = match;
      const text = number ?? name ?? quoted ?? symbol ?? '';
      const kind = number !== undefined ? 'number' : symbol !== undefined ? 'symbol' : 'name';
      tokens.push({ kind, text, column: from + whole.length - text.length - (quoted === undefined ? 0 : 1) + 1 });
    }
    tokens.push({ kind: 'end', text: '', column: end + 1 });
    return tokens;
  }
}
