import { type Alias, isAlias, isScalar, isSeq, type ParsedNode, type Scalar } from 'yaml';
import { type FaultList, type Place, shorten } from './fault.js';

/** A YAML value with its place, aliases followed. */
export type SourceNode = SourceScalar | SourceList | SourceMap;

export interface SourceScalar extends Place {
  readonly kind: 'scalar';
  readonly value: string | number | boolean | null;
  /** As written, without quotes. */
  readonly text: string;
}

export interface SourceList extends Place {
  readonly kind: 'list';
  readonly items: readonly SourceNode[];
}

export interface SourceMap extends Place {
  readonly kind: 'map';
  /** No key twice. */
  readonly entries: readonly SourceEntry[];
}

export interface SourceEntry {
  readonly key: string;
  readonly keyPlace: Place;
  readonly node: SourceNode;
}

/** Aliases multiply; a file that grows beyond this many values when they are followed is refused. */
const MOST_NODES = 40_000;

/** Builds the tree of a document. Undefined when there are more nodes than allowed. */
export function buildSourceTree(root: ParsedNode, faults: FaultList): SourceNode | undefined {
  return new Builder(faults).build(root);
}

/** The path of a child: `.key` for plain keys, `["key"]` for others. */
export function keyPath(path: string, key: string): string {
  if (!/^[\w.-]+$/.test(key)) return `${path}[${JSON.stringify(shorten(key, 40))}]`;
  return path === '' ? key : `${path}.${key}`;
}

class TooManyNodes extends Error {}

class Builder {
  readonly #faults: FaultList;
  /** Named nodes seen completely, so that no node can contain itself. */
  readonly #anchors = new Map<string, ParsedNode>();
  readonly #targets = new Map<Alias, ParsedNode | undefined>();
  #nodes = 0;
  #following = 0;

  constructor(faults: FaultList) {
    this.#faults = faults;
  }

  build(root: ParsedNode): SourceNode | undefined {
    try {
      return this.#node(root, { offset: root.range[0], path: '' });
    } catch (error) {
      if (!(error instanceof TooManyNodes)) throw error;
      const message = `the file has more than ${MOST_NODES} values when its aliases are followed; use fewer`;
      this.#faults.add({ offset: root.range[0], path: '' }, message);
      return undefined;
    }
  }

  #node(node: ParsedNode, place: Place): SourceNode {
    if (++this.#nodes > MOST_NODES) throw new TooManyNodes();
    if (isAlias(node)) return this.#alias(node, place);
    const built = this.#content(node, place);
    if (node.anchor !== undefined && this.#following === 0) this.#anchors.set(node.anchor, node);
    return built;
  }

  #content(node: Exclude<ParsedNode, Alias.Parsed>, place: Place): SourceNode {
    if (isScalar(node)) return { kind: 'scalar', ...place, ...scalarValue(node) };
    if (isSeq(node)) {
      const items = node.items.map((item, i) =>
        this.#node(item, { offset: item.range[0], path: `${place.path}[${i}]` }),
      );
      return { kind: 'list', ...place, items };
    }
    return { kind: 'map', ...place, entries: this.#entries(node.items, place) };
  }

  #entries(
    pairs: readonly { readonly key: ParsedNode; readonly value: ParsedNode | null }[],
    place: Place,
  ): SourceEntry[] {
    const entries = new Map<string, SourceEntry>();
    for (const { key: keyNode, value } of pairs) {
      const key = this.#key(keyNode, place);
      if (key === undefined) continue;
      const keyPlace = { offset: keyNode.range[0], path: keyPath(place.path, key) };
      const first = entries.get(key);
      if (first !== undefined) {
        this.#faults.add(keyPlace, `the key ${JSON.stringify(shorten(key, 40))} is written twice; keep one of them`);
        continue;
      }
      const node: SourceNode =
        value === null
          ? { kind: 'scalar', ...keyPlace, value: null, text: '' }
          : this.#node(value, { offset: value.range[0], path: keyPath(place.path, key) });
      entries.set(key, { key, keyPlace, node });
    }
    return [...entries.values()];
  }

  #key(node: ParsedNode, place: Place): string | undefined {
    const at = { offset: node.range[0], path: place.path };
    if (!isScalar(node)) {
      this.#faults.add(at, 'a key must be plain text, not a list, a mapping or an alias');
      return undefined;
    }
    const { text } = scalarValue(node);
    if (text === '' || text === '__proto__') {
      this.#faults.add(at, text === '' ? 'a key is empty; give it a name' : '__proto__ cannot be a key; rename it');
      return undefined;
    }
    return text;
  }

  #alias(alias: Alias.Parsed, place: Place): SourceNode {
    // Remembered, because a name may be given again before this place is reached a second time.
    if (!this.#targets.has(alias)) this.#targets.set(alias, this.#anchors.get(alias.source));
    const target = this.#targets.get(alias);
    if (target === undefined) {
      const name = shorten(alias.source, 40);
      this.#faults.add(place, `*${name} names no value that ends before it; mark one with &${name}`);
      return { kind: 'scalar', ...place, value: null, text: '' };
    }
    this.#following++;
    const node = this.#node(target, { offset: target.range[0], path: place.path });
    this.#following--;
    return node;
  }
}

function scalarValue(node: Scalar): { value: string | number | boolean | null; text: string } {
  const { value } = node;
  if (typeof value === 'string') return { value, text: value };
  const text = node.source ?? '';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return { value, text };
  return { value: text, text };
}
