import type { Hive } from '../hive.ts'
import { decodeEnvelope } from '../protocol/envelope.ts'
import type { DeadLetter } from './dead-letters.ts'
import { decodeState } from './message-state.ts'

/** With the token of its body, when that lives under a key of its own. */
export type LoadedLetter = DeadLetter & { body: string | null }

/**
 * Reads dead letters with their messages, at most `mostBytes` of them but always one. `read` is how many places were
 * looked at; those that are no longer dead are left out of `letters`. Raises redis.unavailable.
 */
export async function loadDeadLetters(
  hive: Hive,
  agent: string,
  places: { id: string; diedAt: number }[],
  mostBytes = Number.POSITIVE_INFINITY,
): Promise<{ letters: LoadedLetter[]; read: number }> {
  if (places.length === 0) return { letters: [], read: 0 }
  const { bus } = hive
  const fields = places.flatMap(({ id }) => [id, `m:${id}`])
  const values = await bus.ask((redis) => redis.hmget(bus.keys.inbox(agent), ...fields))
  const row = values as unknown as (string | null)[]
  const found = places.map(({ id, diedAt }, i) => {
    const text = row[2 * i]
    const state = typeof text === 'string' ? decodeState(text) : undefined
    return { id, diedAt, state: state?.state === 'dead' ? state : undefined, inline: row[2 * i + 1] }
  })

  let bytes = 0
  let read = 0
  for (const { state } of found) {
    bytes += state?.size ?? 0
    if (read > 0 && bytes > mostBytes) break
    read++
  }
  const shown = found.slice(0, read)
  const tokens = shown.flatMap(({ state }) => (state?.body ? [state.body] : []))
  const bodies =
    tokens.length === 0
      ? []
      : await bus.ask((redis) => redis.mget<(string | null)[]>(...tokens.map((token) => bus.keys.body(agent, token))))
  const bodyOf = new Map(tokens.map((token, i) => [token, bodies[i]]))

  const letters = shown.flatMap(({ id, diedAt, state, inline }): LoadedLetter[] => {
    const envelope = state?.body ? bodyOf.get(state.body) : inline
    if (!state || !envelope) return []
    return [
      {
        dead_letter_id: id,
        died_at: new Date(diedAt).toISOString(),
        reason: state.reason,
        attempts: state.attempts,
        max_attempts: state.max_attempts,
        kept_until: new Date(state.due_at).toISOString(),
        message: decodeEnvelope(envelope),
        body: state.body,
      },
    ]
  })
  return { letters, read }
}
