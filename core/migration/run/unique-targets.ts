import type { CompiledTable, TargetRow } from '../convert/conversion.ts'
import { type MigrationClient, rowsOf } from '../load/migration-client.ts'

/** Columns of which no two rows of a target are alike. */
const uniqueColumns: Partial<Record<CompiledTable['target'], string[]>> = {
  agent_capabilities: ['agent_name', 'capability'],
  agent_conversations: ['from_agent', 'message_id', 'to_agent'],
  security_events: ['event_id'],
  audit_logs: ['event_id'],
}

/** The columns of a compiled table that must be unique, by their places in its rows; none when nothing must. */
function placesOf({ target, columns }: CompiledTable): number[] {
  const places = (uniqueColumns[target] ?? []).map((name) => columns.indexOf(name))
  return places.includes(-1) ? [] : places
}

/** Whether a row may be refused because of another one. */
export const isUnique = (compiled: CompiledTable): boolean => placesOf(compiled).length > 0

/** Gives the key of a row that must be unique in its target; undefined where nothing must. */
export function keyOf(compiled: CompiledTable): ((row: TargetRow) => string) | undefined {
  const places = placesOf(compiled)
  return places.length === 0 ? undefined : (row) => textOf(keyAt(places, row))
}

/** The values of a row's key. */
const keyAt = (places: readonly number[], row: TargetRow) => places.map((place) => normal(row[place] ?? null))

const textOf = (key: readonly (string | null)[]) => JSON.stringify(key)

/** Why a row is rejected whose key another one has. */
export const takenReason = (target: CompiledTable['target']) => `${target} has a row with the same key already`

/**
 * Finds rows that a target cannot take, because one with the same key is there already or comes before in the batch.
 * Gives a test for rows in their order.
 */
export async function findTaken(
  client: MigrationClient,
  compiled: CompiledTable,
  rows: readonly TargetRow[],
): Promise<(row: TargetRow) => boolean> {
  const places = placesOf(compiled)
  const names = places.map((place) => compiled.columns[place] as string)
  const wanted = rows.map((row) => keyAt(places, row))
  const there = await rowsOf<Record<string, string>>(
    client,
    `SELECT ${names.map((name) => `${name}::text`).join(', ')} FROM ${compiled.target}
     WHERE (${names.map((name) => `${name}::text`).join(', ')}) IN (
       SELECT * FROM unnest(${names.map((_, i) => `$${i + 1}::text[]`).join(', ')})
     )`,
    names.map((_, i) => wanted.map((key) => key[i])),
  )
  const taken = new Set(there.map((row) => textOf(names.map((name) => row[name] ?? null))))
  return (row) => {
    const key = textOf(keyAt(places, row))
    if (taken.has(key)) return true
    taken.add(key)
    return false
  }
}

/** UUIDs are the same in any case. */
const normal = (text: string | null) =>
  text !== null && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : text
