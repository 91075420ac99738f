/** What stands where a secret was. */
export const REDACTED = '[secret]';

/** Shorter values are words of every text: cutting them out would hide nothing and spoil much. */
const SHORTEST = 4;

/**
 * Cuts secrets out of what a worker tells. It finds a value as it is, its lines, and as JSON, Base64 and addresses write it;
 * where a text was cut, also the end of a value at its beginning, and the beginning of one at its end. What a program does
 * to a value beyond that, it cannot know.
 */
export class Redactor {
  readonly #forms: readonly string[];

  constructor(secrets: readonly string[]) {
    const forms = new Set<string>();
    for (const secret of secrets) {
      for (const value of [secret, ...secret.split(/\r?\n/)]) {
        for (const form of formsOf(value)) if (form.length >= SHORTEST) forms.add(form);
      }
    }
    // The longest first, because one may hold another.
    this.#forms = [...forms].sort((a, b) => b.length - a.length);
  }

  get empty(): boolean {
    return this.#forms.length === 0;
  }

  /** @param cut whether the text may begin or end within a value */
  text(text: string, cut = false): string {
    if (this.empty) return text;
    let clean = text;
    for (const form of this.#forms) clean = clean.replaceAll(form, REDACTED);
    return cut ? this.#edges(clean) : clean;
  }

  /** The same for bytes that were printed. */
  bytes(bytes: Buffer, cut: boolean): Buffer {
    // Latin 1 keeps every byte as it is, whatever it means.
    if (this.empty) return bytes;
    let clean = bytes.toString('latin1');
    for (const form of this.#forms) clean = clean.replaceAll(Buffer.from(form).toString('latin1'), REDACTED);
    return Buffer.from(cut ? this.#edges(clean) : clean, 'latin1');
  }

  #edges(text: string): string {
    let clean = text;
    for (const form of this.#forms) {
      for (let length = form.length - 1; length >= SHORTEST; length--) {
        if (clean.startsWith(form.slice(-length))) clean = REDACTED + clean.slice(length);
        const end = clean.endsWith('…') ? '…' : '';
        const beginning = form.slice(0, length) + end;
        if (clean.endsWith(beginning)) clean = clean.slice(0, -beginning.length) + REDACTED + end;
      }
    }
    return clean;
  }
}

function formsOf(value: string): string[] {
  const base64 = Buffer.from(value).toString('base64');
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(toWellFormed(value)),
    base64.replace(/=+$/, ''),
  ];
}

/** A lone surrogate has no form in an address. */
function toWellFormed(value: string): string {
  return Buffer.from(value).toString();
}
