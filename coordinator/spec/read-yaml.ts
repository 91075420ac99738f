import { Composer, type CST, type Document, type ErrorCode, Lexer, Parser } from 'yaml';
import { LARGEST_FILE } from '../limits.js';
import { type FaultList, shorten } from './fault.js';
import { buildSourceTree, type SourceMap } from './source-tree.js';

/** Nesting beyond this is no search file, and would exhaust the stack of a recursive reader. */
const DEEPEST = 64;

/** Words, signs, spaces and line ends, about a microsecond each: a hostile file must not hold up a coordinator. */
const MOST_LEXEMES = 80_000;

/** A text that is no YAML at all is wrong at every other sign. */
const MOST_SYNTAX_FAULTS = 500;

const START: { offset: number; path: string } = { offset: 0, path: '' };

/** Reads the one YAML 1.2 mapping of a file; undefined when that is not what the text holds, with the faults added. */
export function readYaml(text: string, faults: FaultList): SourceMap | undefined {
  if (text.length > LARGEST_FILE) {
    faults.add(START, `the file has ${text.length} characters, at most ${LARGEST_FILE} are read`);
    return undefined;
  }
  const documents = compose(text, faults);
  const [document, second] = documents;
  for (const read of documents) addSyntaxFaults(read, faults);
  if (second !== undefined) {
    faults.add({ offset: second.range[0], path: '' }, 'a second document begins here; write one search per file');
  }
  if (faults.count > 0) return undefined;
  if (document === undefined || isEmpty(document)) {
    faults.add(START, 'the file is empty; "assay init" writes an example to begin with');
    return undefined;
  }
  const root = document.contents === null ? undefined : buildSourceTree(document.contents, faults);
  if (root === undefined) return undefined;
  if (root.kind === 'map') return root;
  faults.add(
    root,
    `a search file is a mapping that begins like "name: digits", not a ${root.kind === 'list' ? 'list' : 'single value'}`,
  );
  return undefined;
}

function compose(text: string, faults: FaultList): Document.Parsed[] {
  // Keys are compared when the tree is built: the composer's own check takes quadratic time.
  const composer = new Composer({ version: '1.2', uniqueKeys: false, prettyErrors: false });
  try {
    return [...composer.compose(tokens(text))];
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    faults.add({ offset: error.offset, path: '' }, error.message);
    return [];
  }
}

class TooMuch extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

function* tokens(text: string): Generator<CST.Token> {
  const parser = new Parser();
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > DEEPEST) {
      throw new TooMuch(`nested deeper than ${DEEPEST} levels; a search file needs few`, parser.offset);
    }
    if (++lexemes > MOST_LEXEMES) {
      throw new TooMuch(`more than ${MOST_LEXEMES} words and signs up to here; a search file needs few`, parser.offset);
    }
  }
  yield* parser.end();
}

function isEmpty(document: Document.Parsed): boolean {
  const { contents } = document;
  return contents === null || ('value' in contents && contents.value === null);
}

/** The library's words, where ours say better what to do. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: 'tabs cannot indent YAML; use spaces',
  BLOCK_AS_IMPLICIT_KEY:
    'a second ":" on the line; put the inner mapping in {braces} or on its own line, or quote the text',
};

function addSyntaxFaults(document: Document.Parsed, faults: FaultList): void {
  // The first few hundred are as good as all of them.
  for (const { pos, code, message } of [...document.errors, ...document.warnings].slice(0, MOST_SYNTAX_FAULTS)) {
    faults.add({ offset: pos[0], path: '' }, WORDS[code] ?? shorten(lowerFirst(message), 300));
  }
  if (document.directives.yaml.version !== '1.2') {
    faults.add(START, `the file asks for YAML ${document.directives.yaml.version}, search files are YAML 1.2`);
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
