import { createHash } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect } from 'vitest'
import { it, samples } from '../../../test/moving.ts'
import { rebuildRun } from './rebuild-run.ts'

const seed = join(samples, 'agent-hive', 'audit_log.db')
/** What an event's hash is made of, in this order. */
const hashed = ['event_id', 'timestamp', 'event_type', 'actor_id', 'action', 'details', 'previous_hash'] as const

type Event = Record<(typeof hashed)[number] | 'event_hash', string | null>

const hashOf = (event: Partial<Event>) =>
  createHash('sha256')
    .update(JSON.stringify(hashed.map((name) => event[name] ?? null)))
    .digest('hex')

/** Appends events, each with the hash of the one before; the spaces and escapes in their details count. */
function makeChain(file: string, events: number): void {
  const database = new DatabaseSync(file)
  const insert = database.prepare(`INSERT INTO audit_events (sequence_number, event_id, timestamp, event_type, severity,
      actor_id, actor_type, target_resource, action, outcome, details, event_hash, previous_hash, integrity_hash)
    VALUES (?, ?, ?, ?, 'INFO', ?, 'agent', 'store', ?, 'success', ?, ?, ?, 'none')`)
  let previous_hash: string | null = null
  for (let i = 0; i < events; i++) {
    const event: Partial<Event> = {
      event_id: `event-${i}`,
      timestamp: `2026-01-01T00:${String(i % 60).padStart(2, '0')}:00.5`,
      event_type: 'access',
      actor_id: `agent-${i % 3}`,
      action: 'read',
      details: i % 4 === 0 ? `{"b": 1.50,  "a": "\\u00e9", "i": ${i}}` : `plain ${i}`,
      previous_hash,
    }
    previous_hash = hashOf(event)
    const { event_id, timestamp, event_type, actor_id, action, details } = event as Event
    insert.run(
      i,
      event_id,
      timestamp,
      event_type,
      actor_id,
      action,
      details,
      previous_hash,
      event.previous_hash ?? null,
    )
  }
  database.close()
}

/** The place of the first event that is not the successor of the one before it; undefined where the chain holds. */
function firstBroken(events: readonly Event[]): number | undefined {
  let previous: string | null = null
  for (const [place, event] of events.entries()) {
    if (event.previous_hash !== previous || event.event_hash !== hashOf(event)) return place
    previous = event.event_hash
  }
  return undefined
}

function eventsOf(file: string): Event[] {
  const database = new DatabaseSync(file)
  const events = database.prepare('SELECT * FROM audit_events ORDER BY sequence_number').all() as Event[]
  database.close()
  return events
}

it('a chain of audit hashes holds before, in the table it was moved to, and when it is built again', async ({
  moving: { client, folder, source, planOf, move },
}) => {
  const rebuilt = join(folder, 'rebuilt')
  const file = join(source, 'audit_log.db')
  copyFileSync(seed, file)
  makeChain(file, 500)
  expect(eventsOf(file)).toHaveLength(500)
  expect(firstBroken(eventsOf(file))).toBeUndefined()

  const { run, state } = await move(source, await planOf(source))
  expect(state).toBe('complete')

  const { rows } = await client.query('SELECT details FROM audit_logs ORDER BY id')
  const links = rows.map(({ details }) => [details.previous_hash ?? null, details.event_hash])
  expect(links).toHaveLength(500)
  expect(links.every(([before], at) => before === (links[at - 1]?.[1] ?? null))).toBe(true)

  await rebuildRun(client, run, rebuilt)
  const again = eventsOf(join(rebuilt, 'audit_log.db'))
  expect(again).toEqual(eventsOf(file))
  expect(firstBroken(again)).toBeUndefined()
  const tampered = again.map((event, place) => (place === 250 ? { ...event, details: 'other' } : event))
  expect(firstBroken(tampered)).toBe(250)
})
