import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ROLES, type Role } from './roles.js';

/** A token as it is kept: everything but the secret. */
export interface TokenRecord {
  /** The first half of the hash. */
  readonly id: string;
  /** SHA-256 of the secret, hexadecimal. */
  readonly sha256: string;
  /** A session is a token of the dashboard's own: it is let in as a cookie alone, and lives no longer than its parent. */
  readonly kind: 'token' | 'session';
  readonly role: Role;
  /** What people call it; may be ''. */
  readonly name: string;
  readonly createdAtMs: number;
  /** 0: never. */
  readonly expiresAtMs: number;
  /** 0: it is not revoked. */
  readonly revokedAtMs: number;
  /** The id of the token that logged in; '' for one that is no session. */
  readonly parent: string;
}

export const tokenRecordSchema: z.ZodType<TokenRecord> = z.object({
  id: z.string(),
  sha256: z.string(),
  kind: z.enum(['token', 'session']),
  role: z.enum(ROLES),
  name: z.string(),
  createdAtMs: z.number(),
  expiresAtMs: z.number(),
  revokedAtMs: z.number(),
  parent: z.string(),
});

/** Secrets are made here or come from files of people's own; those are to be no shorter than this, characters. */
export const SHORTEST_SECRET = 32;
export const LONGEST_NAME = 100;
/** What every token that we draw begins with, so that programs that look for secrets find it. */
const PREFIX = 'assay_';

/** A secret of 256 random bits. */
export function drawSecret(): string {
  return PREFIX + randomBytes(32).toString('base64url');
}

/**
 * One round of SHA-256, without salt. Passwords need more because people choose them; a secret of 256 random bits cannot
 * be found by trying, whatever a try costs, and a slow hash would let anybody keep the coordinator busy.
 */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Names a token without giving it away. */
export function idOf(sha256: string): string {
  return sha256.slice(0, 32);
}

/** Ids as people read and type them. */
export function shortId(id: string): string {
  return id.slice(0, 10);
}
