import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { analyzeFolder } from '../../analyze/analyze-folder.ts'
import { foundFiles } from '../../analyze/found-files.ts'
import { readFolder } from '../../analyze/reading/read-folder.ts'
import { checkedPlan } from '../check-plan.ts'
import type { TablePlan } from '../plan.ts'
import { suggestPlan } from './suggest-plan.ts'

export const newFolder = () => mkdtempSync(join(tmpdir(), 'hive-suggest-'))

/** Plans the folder of one file, checks the plan, and gives it with the columns of each table. */
export async function planned(folder: string) {
  const report = await analyzeFolder(folder, readFolder(folder))
  const found = await foundFiles(readFolder(folder))
  const plan = checkedPlan(suggestPlan(report, { zone: 'UTC', agent: 'fleet' }), found)
  const tables = new Map(plan.files[0]?.tables.map((table) => [table.name, table]))
  const columns = (name: string) =>
    (report.files[0]?.tables.find((table) => table.name === name)?.columns ?? []).map((column) => ({
      name: column.name,
      declaredType: column.declared_type,
    }))
  return { plan, tables, columns }
}

/** What is planned for one table of these statements. */
export async function suggested(table: string, ...statements: string[]): Promise<TablePlan | undefined> {
  const folder = newFolder()
  const database = new DatabaseSync(join(folder, 'some.db'))
  for (const statement of statements) database.exec(statement)
  database.close()
  return (await planned(folder)).tables.get(table)
}

/** What is planned for a table of one row, which is given with the names and types of its columns. */
export function suggestedFor(name: string, columns: string, row: string): Promise<TablePlan | undefined> {
  return suggested(name, `CREATE TABLE "${name}" (${columns})`, `INSERT INTO "${name}" VALUES (${row})`)
}
