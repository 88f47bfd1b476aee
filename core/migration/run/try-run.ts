import { join } from 'node:path'
import { readDatabase } from '../analyze/reading/catalogue.ts'
import { describeFault } from '../analyze/reading/diagnose.ts'
import { openPrivateCopy } from '../analyze/reading/private-copy.ts'
import { compileTable } from '../convert/compile-table.ts'
import { largestOf, type Plan } from '../plan/plan.ts'
import { encodeValue } from '../value.ts'

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
  fault?: string
}

const mostExamples = 5

/** Says what a run would make of each row, but for what only Postgres can refuse. Needs no database, writes nothing. */
export async function tryRun(folder: string, plan: Plan): Promise<TriedTable[]> {
  const tried: TriedTable[] = []
  for (const file of plan.files) {
    const copy = await openPrivateCopy(join(folder, file.path)).catch((error: Error) => error)
    try {
      const tables = 'database' in copy ? readDatabase(copy.database, largestOf(plan)).tables : []
      for (const table of file.tables) {
        if (table.target === 'skip') continue
        const source = tables.find(({ name }) => name === table.name)
        const one: TriedTable = {
          ...{ file: file.path, table: table.name, rows: 0, migrated: 0, legacy: 0, rejected: 0, target_rows: 0 },
          examples: [],
        }
        tried.push(one)
        if (!source) {
          one.fault = faultOf(copy) ?? 'the table is not there'
          continue
        }
        const compiled = compileTable(table, source.columns, plan.zone)
        const gap = (what: string) => {
          one.fault = what
        }
        for (const { values } of source.rows(gap)) {
          const conversion = compiled.convert(values)
          one[conversion.outcome]++
          if (conversion.outcome === 'migrated') one.target_rows += conversion.rows.length
          if (conversion.outcome === 'rejected' && one.examples.length < mostExamples) {
            const { column, value, reason } = conversion
            one.examples.push({ row: one.rows, column, value: encodeValue(value), reason })
          }
          one.rows++
        }
      }
    } finally {
      if (!(copy instanceof Error)) await copy.close()
    }
  }
  return tried
}

function faultOf(copy: Error | Awaited<ReturnType<typeof openPrivateCopy>>): string | undefined {
  if (copy instanceof Error) return copy.message
  return 'fault' in copy ? describeFault(copy.fault) : undefined
}
