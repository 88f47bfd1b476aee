import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { analyzeFolder } from '../../analyze/analyze-folder.ts'
import { foundFiles } from '../../analyze/found-files.ts'
import { readFolder } from '../../analyze/reading/read-folder.ts'
import { checkedPlan } from '../check-plan.ts'
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
