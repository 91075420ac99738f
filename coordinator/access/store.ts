import type { TokenRecord } from './token.js';

/** Where tokens are kept. What it resolves is durable; what others change in the same place is seen soon. */
export interface TokenStore {
  /** All of them, as far as this side knows. */
  all(): Iterable<TokenRecord>;
  find(id: string): TokenRecord | undefined;
  /** Adds one or changes it. */
  put(record: TokenRecord): Promise<void>;
  remove(id: string): Promise<void>;
  /** Calls `listener` after every change, whoever made it. */
  follow(listener: () => void): void;
  close(): Promise<void>;
}
