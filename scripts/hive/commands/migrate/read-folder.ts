import { stat } from 'node:fs/promises'
import type { FolderReport } from '../../../../core/migration/analyze/report.ts'
import type { Output } from '../../output.ts'
import { UsageError } from '../../problem.ts'

/** Analyses a folder, naming each file on stderr as it is done. Throws UsageError for what is no folder with databases. */
export async function analyze(folder: string, out: Output): Promise<FolderReport> {
  const stats = await stat(folder).catch((error: Error) => {
    throw new UsageError(`${folder} cannot be read: ${error.message}`)
  })
  if (!stats.isDirectory()) throw new UsageError(`${folder} is a file: give the folder it is in`)
  const { analyzeFolder } = await import('../../../../core/migration/analyze/analyze-folder.ts')
  const { readFolder } = await import('../../../../core/migration/analyze/reading/read-folder.ts')
  const report = await analyzeFolder(folder, readFolder(folder), ({ path, warnings }) => {
    for (const warning of warnings) out.note(`${path}: ${warning}`)
  })
  if (report.files.length === 0) {
    throw new UsageError(`there is no file called .db, .db3, .sqlite or .sqlite3 in ${folder}, nor in its folders`)
  }
  return report
}
