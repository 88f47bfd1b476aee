import { columnEvidence } from './column-evidence.ts'
import type { ForeignKeyReport, Oddity, TableReport } from './report.ts'
import type { AnalysedTable } from './source.ts'

/** Names in Postgres are cut to this many bytes; the hive makes no names there from those of a source. */
const longestName = 63

/** Reads a table once, from its first row to its last, and says what is in it. */
export function analyzeTable(table: AnalysedTable, kind: TableReport['kind']): TableReport {
  const columns = table.columns.map(columnEvidence)
  const gaps: string[] = []
  let rows = 0
  for (const { values } of table.rows((what) => gaps.push(what))) {
    for (const [at, column] of columns.entries()) column.add(values[at] ?? null)
    rows++
  }
  return {
    name: table.name,
    kind,
    rows,
    primary_key: table.primaryKey,
    unique: table.uniqueKeys(),
    without_rowid: table.withoutRowid,
    columns: columns.map((column) => column.report()),
    foreign_keys: foreignKeys(table),
    odd: [...keyOddities(table), ...nameOddities(table)],
    gaps,
  }
}

function foreignKeys(table: AnalysedTable): ForeignKeyReport[] {
  if (table.foreignKeys.length === 0) return []
  const orphans = table.orphans()
  return table.foreignKeys.map((key, at) => ({
    ...key,
    orphans: typeof orphans === 'string' ? orphans : (orphans[at] ?? 0),
  }))
}

function keyOddities({ primaryKey, kind }: AnalysedTable): Oddity[] {
  return kind === 'table' && primaryKey.length === 0 ? [{ what: 'no primary key', count: 1 }] : []
}

function nameOddities({ columns }: AnalysedTable): Oddity[] {
  const short = Map.groupBy(columns, ({ name }) => Buffer.from(name).subarray(0, longestName).toString('latin1'))
  return [...short.values()].flatMap((alike) =>
    alike.length < 2
      ? []
      : [
          {
            what: `columns whose names are equal in their first ${longestName} bytes`,
            count: alike.length,
            examples: alike.map(({ name }) => name),
          },
        ],
  )
}
