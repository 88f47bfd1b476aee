import type { FileReport, FolderReport, NotData } from '../../analyze/report.ts'
import type { FilePlan, Plan, TablePlan } from '../plan.ts'
import { suggestTable } from './suggest-table.ts'

export type PlanOptions = {
  /** The zone of moments that name none. */
  zone: string
  /** The agent of metrics that name none. */
  agent: string
}

const reasons: Record<NotData['kind'], string> = {
  view: 'a view: its rows are those of tables',
  shadow: 'a shadow table: it holds what its virtual table shows',
  internal: 'statistics of SQLite’s planner: ANALYZE makes them again',
}

/** A plan for a folder, to be read and changed by people before it is run. */
export function suggestPlan(report: FolderReport, options: PlanOptions): Plan {
  return { version: 1, zone: options.zone, files: report.files.map((file) => planFile(file, options)) }
}

function planFile(file: FileReport, { agent }: PlanOptions): FilePlan {
  const { path } = file
  if (file.state !== 'readable') {
    return { path, unreadable: file.detail === undefined ? file.state : `${file.state}: ${file.detail}`, tables: [] }
  }
  const tables = file.tables.map((table) => suggestTable({ path, table, agent }))
  const skipped = file.not_data.map(({ name, kind }): TablePlan => ({ name, target: 'skip', because: reasons[kind] }))
  return { path, tables: [...tables, ...skipped] }
}
