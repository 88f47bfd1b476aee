import { indexedTogether, largestIndexed } from '../plan/target-limits.ts'
import type { TargetRow } from './conversion.ts'
import { Refusal } from './rule.ts'

/** Finds the texts of a target row that are too large for an index together; `at` is the place of the largest one. */
export type Indexed = (row: TargetRow) => { at: number; refusal: Refusal } | undefined

/** An entry that an index cannot take would fail the whole batch it is in. */
export function indexedOf(target: string, columns: readonly string[]): Indexed {
  const groups = (indexedTogether[target] ?? []).map((names) => names.map((name) => columns.indexOf(name)))
  return (row) => {
    for (const group of groups) {
      // a character is at most four bytes, and at most two units of UTF-16 for those four
      if (4 * sum(group, (at) => row[at]?.length ?? 0) <= largestIndexed) continue
      const bytes = sum(group, (at) => Buffer.byteLength(row[at] ?? ''))
      if (bytes <= largestIndexed) continue
      const at = group.reduce((one, other) => ((row[other]?.length ?? 0) > (row[one]?.length ?? 0) ? other : one))
      const names = group.map((place) => columns[place]).join(', ')
      return {
        at,
        refusal: new Refusal(`makes an index entry of ${bytes} bytes (${names}); it takes ${largestIndexed}`),
      }
    }
    return undefined
  }
}

function sum(places: readonly number[], of: (at: number) => number): number {
  let total = 0
  for (const at of places) total += of(at)
  return total
}
