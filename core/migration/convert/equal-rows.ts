import type { TargetRow } from './conversion.ts'
import { jsonbText } from './json-text.ts'
import { fromPostgres } from './timestamp/moment.ts'

/** How two texts of one target column are compared. */
export type Kind = 'text' | 'number' | 'timestamp' | 'jsonb'

const same: Record<Kind, (one: string, other: string) => boolean> = {
  text: () => false,
  number: (one, other) => Object.is(Number(one), Number(other)),
  timestamp: (one, other) => {
    const [a, b] = [fromPostgres(one), fromPostgres(other)]
    return a !== undefined && b !== undefined && a.ms === b.ms && a.us === b.us
  },
  jsonb: (one, other) => jsonbText(JSON.parse(one)) === jsonbText(JSON.parse(other)),
}

/** Compares target rows by what they say. */
export function equalRows(kinds: readonly Kind[]): (one: TargetRow, other: TargetRow) => boolean {
  return (one, other) =>
    kinds.every((kind, at) => {
      const [a, b] = [one[at] ?? null, other[at] ?? null]
      return a === b || (a !== null && b !== null && same[kind](a, b))
    })
}
