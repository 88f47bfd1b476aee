/** What a key may allow; `admin` allows everything, in the name of every agent. */
export const scopes = ['publish', 'receive', 'metrics:write', 'records:read', 'admin'] as const
export type Scope = (typeof scopes)[number]
