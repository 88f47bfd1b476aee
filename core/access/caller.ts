import { type FieldError, HiveError } from '../errors.ts'
import { mostFaults } from '../protocol/field-errors.ts'
import type { Scope } from './scopes.ts'

/** Who makes a request, as its key says. */
export type Caller = {
  /** The agent that the key is of; null for a key of an operator. */
  agent: string | null
  scopes: readonly Scope[]
  /** Names the key in logs, limits and audits; it is no secret. */
  keyId: string
}

/** Whether a caller may act for every agent. */
export function isAdmin(caller: Caller): boolean {
  return caller.scopes.includes('admin')
}

/** Whether a caller's key has a scope; `admin` has all of them. */
export function hasScope(caller: Caller, scope: Scope): boolean {
  return caller.scopes.includes(scope) || isAdmin(caller)
}

/**
 * Refuses what names other agents than the caller's own: `named` tells what each field says. Admins may name anyone.
 * Throws `auth.forbidden`, naming the fields.
 */
export function actOnlyAsSelf(caller: Caller, named: { field: string; agent: string }[]): void {
  if (isAdmin(caller)) return
  const errors = named
    .filter(({ agent }) => agent !== caller.agent)
    .map(({ field }) => ({ field, message: 'is not the agent of this key' }))
  if (errors.length > 0) throw forbidden('An agent acts only as itself.', errors.slice(0, mostFaults))
}

/**
 * The agent that a read is about: the one that is asked for, else the caller's own. Undefined, which is all agents, is
 * for admins without an agent. Throws `auth.forbidden` when it is another one's.
 */
export function agentToRead(caller: Caller, asked: string | undefined, field: string): string | undefined {
  const agent = asked ?? caller.agent ?? undefined
  if (agent !== undefined) actOnlyAsSelf(caller, [{ field, agent }])
  else if (!isAdmin(caller)) throw forbidden('This key is of no agent.')
  return agent
}

/** What is answered to a caller whose key is good and does not allow this. */
export function forbidden(message: string, errors: FieldError[] = []): HiveError {
  return new HiveError('auth.forbidden', message, { errors })
}
