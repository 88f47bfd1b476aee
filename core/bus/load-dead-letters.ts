import type { Hive } from '../hive.ts'
import { decodeEnvelope } from '../protocol/envelope.ts'
import type { DeadLetter } from './dead-letters.ts'
import { decodeState } from './message-state.ts'
import { bodyKey } from './shared-bodies.ts'

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
  const inbox = bus.keys.inbox(agent)
  const row = async (fields: string[]) =>
    // without deserialisation the client gives a row, whatever its type says
    fields.length === 0 ? [] : ((await bus.ask((redis) => redis.hmget(inbox, ...fields))) as unknown as Row)
  const texts = await row(places.map(({ id }) => id))
  const found = places.map((place, i) => {
    const text = texts[i]
    const state = typeof text === 'string' ? decodeState(text) : undefined
    return { ...place, state: state?.state === 'dead' ? state : undefined }
  })

  let bytes = 0
  let read = 0
  for (const { state } of found) {
    bytes += state?.size ?? 0
    if (read > 0 && bytes > mostBytes) break
    read++
  }
  const dead = found.slice(0, read).flatMap(({ state, ...place }) => (state ? [{ ...place, state }] : []))
  const inline = dead.filter(({ state }) => state.body === null).map(({ id }) => id)
  const bodies = dead.flatMap(({ state }) => (state.body === null ? [] : [bodyKey(bus.keys, agent, state.body)]))
  const envelopes = await row(inline.map((id) => `m:${id}`))
  const large = bodies.length === 0 ? [] : await bus.ask((redis) => redis.mget<Row>(...bodies))

  const letters = dead.flatMap(({ id, diedAt, state }): LoadedLetter[] => {
    const envelope = state.body === null ? envelopes.shift() : large.shift()
    if (!envelope) return []
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

type Row = (string | null)[]
