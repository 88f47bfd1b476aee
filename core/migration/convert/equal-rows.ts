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
  jsonb: (one, other) =>
    isSpaced(one, other) || isSpaced(other, one) || jsonbText(JSON.parse(one)) === jsonbText(JSON.parse(other)),
}

/** Compares target rows by what they say. */
export function equalRows(kinds: readonly Kind[]): (one: TargetRow, other: TargetRow) => boolean {
  return (one, other) => {
    for (let at = 0; at < kinds.length; at++) {
      const a = one[at] ?? null
      const b = other[at] ?? null
      if (a !== b && (a === null || b === null || !same[kinds[at] as Kind](a, b))) return false
    }
    return true
  }
}

const quote = 0x22
const backslash = 0x5c
const space = 0x20

/** Whether the second is the first JSON text with spaces between its tokens: mostly that is all that Postgres changes. */
function isSpaced(compact: string, spaced: string): boolean {
  let at = 0
  let within = false
  for (let i = 0; i < spaced.length; i++) {
    const unit = spaced.charCodeAt(i)
    if (unit === compact.charCodeAt(at)) {
      at++
      if (unit === quote) within = !within
      else if (unit === backslash && spaced.charCodeAt(i + 1) === compact.charCodeAt(at)) {
        at++
        i++
      }
    } else if (unit !== space || within) return false
  }
  return at === compact.length
}
