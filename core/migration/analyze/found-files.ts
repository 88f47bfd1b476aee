import type { FoundFile } from '../plan/check-plan.ts'
import type { FolderReport } from './report.ts'

/** What a plan is checked against, from an analysis. */
export function foundFiles({ files }: FolderReport): FoundFile[] {
  return files.map(({ path, state, tables, not_data }) => ({
    path,
    readable: state === 'readable',
    tables: [
      ...tables.map(({ name, kind, columns }) => ({ name, kind, columns })),
      ...not_data.map(({ name, kind }) => ({ name, kind, columns: [] })),
    ],
  }))
}
