import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, type LeafOptions, makeAuthority, makeLeaf, type Pair } from '../../../cli/tls/authority.js';

/** A folder of certificates, all of one authority. */
export class TlsFiles {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'assay-tls-'));
  readonly authority: Authority;

  private constructor(authority: Authority) {
    this.authority = authority;
    this.write('ca', authority.pair);
  }

  static async make(): Promise<TlsFiles> {
    return new TlsFiles(await makeAuthority('test', 10));
  }

  /** Makes `name.crt` and `name.key`, in the place of what was there. Good for localhost and 127.0.0.1 for a day. */
  async leaf(
    name: string,
    options: Partial<LeafOptions> = {},
  ): Promise<{ readonly cert: string; readonly key: string }> {
    this.write(name, await makeLeaf(this.authority, { name, hosts: ['localhost', '127.0.0.1'], days: 1, ...options }));
    return { cert: this.at(`${name}.crt`), key: this.at(`${name}.key`) };
  }

  write(name: string, { cert, key }: Pair): void {
    writeFileSync(this.at(`${name}.key`), key);
    writeFileSync(this.at(`${name}.crt`), cert);
  }

  at(file: string): string {
    return join(this.folder, file);
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
