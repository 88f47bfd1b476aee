import type { MappedTable, TablePlan } from '../plan/plan.ts'
import { decodeValue, encodeValue, Omitted, type SqliteValue } from '../value.ts'
import { type CompiledTable, type Conversion, Difference, type Kept, type TargetRow } from './conversion.ts'
import { equalRows, type Kind } from './equal-rows.ts'
import { type Indexed, indexedOf } from './indexed.ts'
import type { Part } from './part.ts'
import { partsOf } from './parts.ts'
import { type Pivot, pivotOf } from './pivot.ts'
import { Refusal } from './rule.ts'
import { sameValue } from './same-value.ts'
import { type Source, sourceOf } from './source.ts'
import { valueSize } from './value-size.ts'

/** Values above this many units of text or bytes belong to a legacy row, which is stored in pieces where it is large. */
const largestValue = 1_048_576
/** So does a row whose values have more of them together: as JSON each may take six times as much, and no string is over 512 MiB. */
const largestRow = 16 * 1_048_576

/**
 * Makes the functions that convert a table's rows and give them back. `columns` are the source's, in the order of the
 * values of a row; `zone` is the plan's; the plan was checked. Lossless by construction: it is tried for each value
 * whether the target gives it back, and if not it is kept beside the row.
 */
export function compileTable(
  table: TablePlan,
  columns: readonly { name: string; declaredType: string }[],
  zone: string,
): CompiledTable {
  if (table.target === 'skip') throw new Error(`table ${table.name} is skipped: none of its rows is converted`)
  const source = sourceOf(columns)
  if (table.target !== 'legacy') return compileMapped(table, source, zone)
  return {
    target: 'legacy',
    columns: [],
    kinds: [],
    rest: [],
    affinities: source.affinities,
    width: 0,
    convert: (row) => omittedIn(row, source) ?? { outcome: 'legacy' },
    invert: () => {
      throw new Difference('a legacy row has no rows in a target')
    },
    equal: equalRows([]),
  }
}

type Compiled = {
  source: Source
  parts: readonly Part[]
  pivot: Pivot | undefined
  /** Source columns that no part gives back. */
  homeless: readonly number[]
  /** Places of values that may not be large. */
  inline: readonly number[]
  indexed: Indexed
}

function compileMapped(table: MappedTable, source: Source, zone: string): CompiledTable {
  const parts = partsOf(table, source, zone)
  const pivot = 'pivot' in table && table.pivot ? pivotOf(table.pivot, source) : undefined
  const placed = new Set([...parts.flatMap(({ indexes }) => indexes), ...(pivot?.indexes ?? [])])
  const body = new Set(parts.filter(({ column }) => column === 'content').flatMap(({ indexes }) => indexes))
  const all = source.names.map((_, index) => index)
  const columns = parts.map(({ column }) => column)
  if (pivot) columns.push('metric_type', 'value')
  const compiled: Compiled = {
    source,
    parts,
    pivot,
    homeless: all.filter((index) => !placed.has(index)),
    inline: all.filter((index) => !body.has(index)),
    indexed: indexedOf(table.target, columns),
  }
  const rules = table.columns as Record<string, { rule: string } | undefined>
  const kinds = parts.map(({ kind }): Kind => kind)
  if (pivot) kinds.push('text', 'number')
  return {
    target: table.target,
    columns,
    kinds,
    rest: parts.find(({ column }) => rules[column]?.rule === 'rest')?.indexes ?? [],
    affinities: source.affinities,
    width: pivot?.indexes.length ?? 1,
    convert: (row) => convert(row, compiled),
    invert: (rows, kept) => invert(rows, kept, compiled),
    equal: equalRows(kinds),
  }
}

function convert(row: readonly SqliteValue[], compiled: Compiled): Conversion {
  const { source, parts, pivot, homeless, inline } = compiled
  const omitted = omittedIn(row, source)
  if (omitted) return omitted
  let size = 0
  for (const index of inline) {
    const own = valueSize(row[index])
    size += own
    if (own > largestValue || size > largestRow) return { outcome: 'legacy' }
  }
  const shared: TargetRow = []
  const tried: SqliteValue[] = []
  let kept: Kept | null = null
  const keepUnlessSame = (indexes: readonly number[]) => {
    for (const index of indexes) {
      const value = row[index] ?? null
      if (!sameValue(tried[index] ?? null, value)) kept = keep(kept, source.names[index] ?? '', value)
    }
  }
  for (const part of parts) {
    const text = part.write(row)
    if (text instanceof Refusal) return rejected(row, text, part.blame, source)
    shared.push(text)
    if (part.surelyExact(row)) continue
    part.recover(text, tried)
    keepUnlessSame(part.indexes)
  }
  for (const index of homeless) {
    const value = row[index] ?? null
    if (value !== null) kept = keep(kept, source.names[index] ?? '', value)
  }
  if (!pivot) return fits([shared], row, compiled) ?? { outcome: 'migrated', rows: [shared], kept }
  const rows = pivot.write(shared, row)
  if (rows instanceof Refusal) return rejected(row, rows, 0, source)
  // nothing was measured: a row of the target would have to say otherwise
  if (rows.length === 0) return { outcome: 'legacy' }
  if (!pivot.surelyExact(row)) {
    pivot.recover(rows, tried)
    keepUnlessSame(pivot.indexes)
  }
  return fits(rows, row, compiled) ?? { outcome: 'migrated', rows, kept }
}

function fits(rows: readonly TargetRow[], row: readonly SqliteValue[], compiled: Compiled): Conversion | undefined {
  for (const target of rows) {
    const fault = compiled.indexed(target)
    if (fault) return rejected(row, fault.refusal, compiled.parts[fault.at]?.blame ?? 0, compiled.source)
  }
  return undefined
}

function invert(rows: readonly TargetRow[], kept: Kept | null, compiled: Compiled): SqliteValue[] {
  const { source, parts, pivot } = compiled
  const [first] = rows
  if (!first) throw new Difference('there are no rows')
  if (!pivot && rows.length > 1) throw new Difference(`there are ${rows.length} rows, not one`)
  const row: SqliteValue[] = source.names.map(() => null)
  for (const [at, part] of parts.entries()) {
    try {
      part.recover(first[at] ?? null, row)
    } catch (error) {
      throw new Difference(`${part.column} cannot be read back`, { cause: error })
    }
  }
  pivot?.recover(rows, row)
  if (kept !== null) {
    for (const [index, name] of source.names.entries()) {
      if (Object.hasOwn(kept, name)) row[index] = decodeValue(kept[name])
    }
  }
  return row
}

/** A row that was not read as a whole cannot be kept. */
function omittedIn(row: readonly SqliteValue[], source: Source): Conversion | undefined {
  for (let at = 0; at < row.length; at++) {
    const value = row[at]
    if (!(value instanceof Omitted)) continue
    const reason = `has ${value.size} bytes: values of so many are moved only where the plan's largest_value_mib allows it`
    return { outcome: 'rejected', column: source.names[at] ?? '', value, reason }
  }
  return undefined
}

function keep(kept: Kept | null, name: string, value: SqliteValue): Kept {
  const entries = kept ?? {}
  // a column may be called __proto__
  Object.defineProperty(entries, name, { value: encodeValue(value), enumerable: true, configurable: true })
  return entries
}

function rejected(row: readonly SqliteValue[], refusal: Refusal, blame: number, source: Source): Conversion {
  const index = refusal.index ?? blame
  return { outcome: 'rejected', column: source.names[index] ?? '', value: row[index] ?? null, reason: refusal.reason }
}
