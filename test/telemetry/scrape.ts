/** What a scrape says: values by name and labels, as `assay_slots{state="busy"}`. */
export class Scrape {
  readonly #values = new Map<string, number>();
  /** Names of all series, without their labels; a histogram has three. */
  readonly names: Set<string> = new Set();
  /** Names of families with their types and help. */
  readonly families: Map<string, { type: string; help: string }> = new Map();

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const [, kind, family, words] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
      if (kind !== undefined) {
        const found = this.families.get(family!) ?? { type: '', help: '' };
        this.families.set(family!, { ...found, [kind.toLowerCase()]: words });
        continue;
      }
      const [, series, value] = /^([^#\s].*) (\S+)$/.exec(line) ?? [];
      if (series === undefined) continue;
      this.#values.set(series, Number(value));
      this.names.add(series.replace(/\{.*/, ''));
    }
  }

  /** @param series its name and labels; undefined when there is none */
  value(series: string): number | undefined {
    return this.#values.get(series);
  }

  /** The values of one family by its only label. */
  by(family: string): Record<string, number> {
    const found = [...this.#values].flatMap(([series, value]) => {
      const [, name, label] = /^(\w+)\{\w+="([^"]*)"\}$/.exec(series) ?? [];
      return name === family ? [[label!, value] as const] : [];
    });
    return Object.fromEntries(found);
  }
}
