/**
 * What a token lets its holder be: `view` looks; `submit` looks, submits and steers studies; `worker` runs trials and moves
 * what belongs to them; `admin` does everything, tokens included.
 */
export const ROLES = ['admin', 'submit', 'view', 'worker'] as const;

export type Role = (typeof ROLES)[number];
