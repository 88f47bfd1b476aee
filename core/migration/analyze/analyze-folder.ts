import { analyzeTable } from './analyze-table.ts'
import { findLeftOut } from './reading/find-files.ts'
import type { FileReport, FolderReport, NotData, TableReport } from './report.ts'
import type { AnalysedFile, AnalysedTable } from './source.ts'

/**
 * Says what is in each file of a folder, in one pass over each table and with memory that does not grow with it. Sources
 * are never written. `files` gives one file after the other; `report` hears of each as soon as it is done.
 */
export async function analyzeFolder(
  folder: string,
  files: AsyncIterable<AnalysedFile>,
  report: (file: FileReport) => void = () => {},
): Promise<FolderReport> {
  const found: FileReport[] = []
  for await (const file of files) {
    const one = analyzeFile(file)
    found.push(one)
    report(one)
  }
  found.sort((one, other) => (one.path < other.path ? -1 : 1))
  const tables = found.flatMap((file) => file.tables)
  return {
    folder,
    files: found,
    left_out: await findLeftOut(folder),
    totals: {
      files: found.length,
      unreadable: found.filter(({ state }) => state !== 'readable').length,
      tables: tables.length,
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    },
  }
}

export function analyzeFile({ path, bytes, state, detail, warnings, database }: AnalysedFile): FileReport {
  const said = { path, bytes, state, ...(detail !== undefined && { detail }), warnings }
  if (!database) return { ...said, tables: [], not_data: [] }
  return {
    ...said,
    encoding: database.encoding,
    journal_mode: database.journalMode,
    page_size: database.pageSize,
    tables: database.tables.flatMap((table) => {
      const kind = kindOfData(table)
      return kind ? [analyzeTable(table, kind)] : []
    }),
    not_data: database.tables.flatMap((table) => {
      const kind = kindOfNotData(table)
      return kind ? [{ name: table.name, kind }] : []
    }),
  }
}

/** Of SQLite's own tables only the counters of AUTOINCREMENT are data: a rebuilt file would use ids again without them. */
export function kindOfData({ kind, name }: AnalysedTable): TableReport['kind'] | undefined {
  if (kind === 'table' || kind === 'virtual') return kind
  return kind === 'internal' && name === 'sqlite_sequence' ? 'internal' : undefined
}

function kindOfNotData(table: AnalysedTable): NotData['kind'] | undefined {
  if (table.kind === 'view' || table.kind === 'shadow') return table.kind
  return table.kind === 'internal' && kindOfData(table) === undefined ? 'internal' : undefined
}
