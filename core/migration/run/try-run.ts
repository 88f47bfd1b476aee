import { join } from 'node:path'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { describeFault, diagnoseError } from '../analyze/reading/diagnose.ts'
import { openPrivateCopy } from '../analyze/reading/private-copy.ts'
import type { AnalysedTable } from '../analyze/source.ts'
import { compileTable } from '../convert/compile-table.ts'
import type { CompiledTable, Conversion } from '../convert/conversion.ts'
import { largestOf, type Plan } from '../plan/plan.ts'
import { encodeValue } from '../value.ts'
import { valueUpTo } from './encode-row.ts'
import { SeenKeys } from './seen-keys.ts'
import { keyOf, takenReason } from './unique-targets.ts'

export type TriedTable = {
  file: string
  table: string
  rows: number
  migrated: number
  legacy: number
  rejected: number
  target_rows: number
  /** Some of the rows that would be rejected. */
  examples: { row: number; column: string; value: unknown; reason: string }[]
  /** There are more keys than are remembered: some that are given twice may count as migrated. */
  keys_unchecked?: true
  fault?: string
}

const mostExamples = 5
/** Bytes of a value that is shown. */
const largestExample = 1_048_576

/**
 * Says what a run would make of each row, but for what only Postgres can refuse: a key that the hive has already is among it, one
 * that the sources give twice is not. Needs no database, writes nothing.
 */
export async function tryRun(folder: string, plan: Plan): Promise<TriedTable[]> {
  const tried: TriedTable[] = []
  const keysOf: KeysOf = new Map()
  for (const file of plan.files) {
    const copy = await openPrivateCopy(join(folder, file.path)).catch((error: Error) => error)
    try {
      const tables = tablesOf(copy, largestOf(plan))
      for (const table of file.tables) {
        if (table.target === 'skip') continue
        const source = typeof tables === 'string' ? undefined : tables.find(({ name }) => name === table.name)
        const one: TriedTable = {
          ...{ file: file.path, table: table.name, rows: 0, migrated: 0, legacy: 0, rejected: 0, target_rows: 0 },
          examples: [],
        }
        tried.push(one)
        if (!source) {
          one.fault = typeof tables === 'string' ? tables : 'the table is not there'
          continue
        }
        tryRows(one, source, () => compileTable(table, source.columns, plan.zone), keysOf)
      }
    } finally {
      if (!(copy instanceof Error)) await copy.close()
    }
  }
  return tried
}

/** The keys that the rows before have, by the table that they go to. */
type KeysOf = Map<CompiledTable['target'], SeenKeys>

/** What is wrong with one table says nothing of the others. */
function tryRows(one: TriedTable, source: AnalysedTable, compile: () => CompiledTable, keysOf: KeysOf): void {
  const gap = (what: string) => {
    one.fault = what
  }
  try {
    const compiled = compile()
    const key = keyOf(compiled)
    const keys = keysOf.get(compiled.target) ?? new SeenKeys()
    keysOf.set(compiled.target, keys)
    for (const { values } of source.rows(gap)) {
      const converted = compiled.convert(values)
      const isTaken = key && converted.outcome === 'migrated' && converted.rows.some((row) => keys.seen(key(row)))
      const conversion = isTaken ? takenBy(compiled.target) : converted
      one[conversion.outcome]++
      if (conversion.outcome === 'migrated') one.target_rows += conversion.rows.length
      if (conversion.outcome === 'rejected' && one.examples.length < mostExamples) {
        const { column, value, reason } = conversion
        one.examples.push({ row: one.rows, column, value: encodeValue(valueUpTo(largestExample, value)), reason })
      }
      one.rows++
    }
    if (key && keys.isFull) one.keys_unchecked = true
  } catch (error) {
    one.fault = error instanceof Error ? error.message : String(error)
  }
}

const takenBy = (target: CompiledTable['target']): Conversion => ({
  outcome: 'rejected',
  column: '',
  value: null,
  reason: takenReason(target),
})

/** The tables of a file; or why nothing of it can be read. */
function tablesOf(
  copy: Error | Awaited<ReturnType<typeof openPrivateCopy>>,
  largest: number,
): AnalysedTable[] | string {
  if (copy instanceof Error) return copy.message
  if ('fault' in copy) return describeFault(copy.fault)
  try {
    return readDatabase(copy.database, largest).tables
  } catch (error) {
    return describeFault(diagnoseError(error))
  }
}
