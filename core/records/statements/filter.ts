import type { Value } from '../drivers/run-statement.ts'
import { decodePosition } from './position.ts'

/** A time range and a place in a list that is read newest first. */
export type NewestQuery = {
  from?: string | undefined
  to?: string | undefined
  limit: number
  cursor?: string | undefined
}

export const newestFirst = '"timestamp" DESC, id DESC'

/** The conditions of a statement under construction and the values of its parameters. */
export type Filter = {
  values: Value[]
  conditions: string[]
  /** Adds a value and gives its parameter. */
  bind(value: Value): string
  /** Adds a condition for what is given. */
  equal(wanted: Record<string, Value | undefined>): void
  /** `WHERE` with these conditions and those that were added; nothing when there is none. */
  where(...more: string[]): string
}

/** Begins a filter with the range and the place of a query over (timestamp, id). Throws `cursor.invalid`. */
export function newestFilter(kind: string, { from, to, cursor }: NewestQuery): Filter {
  const filter = emptyFilter()
  const { conditions, bind } = filter
  if (from !== undefined) conditions.push(`"timestamp" >= ${bind(from)}::timestamptz`)
  if (to !== undefined) conditions.push(`"timestamp" < ${bind(to)}::timestamptz`)
  if (cursor !== undefined) {
    const last = decodePosition(kind, cursor)
    conditions.push(`("timestamp", id) < (${bind(last.timestamp)}::timestamptz, ${bind(last.id)}::bigint)`)
  }
  return filter
}

export function emptyFilter(): Filter {
  const values: Value[] = []
  const conditions: string[] = []
  const bind = (value: Value) => `$${values.push(value)}`
  return {
    values,
    conditions,
    bind,
    equal(wanted) {
      for (const [column, value] of Object.entries(wanted)) {
        if (value !== undefined) conditions.push(`${column} = ${bind(value)}`)
      }
    },
    where(...more) {
      const all = [...more, ...conditions]
      return all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`
    },
  }
}
