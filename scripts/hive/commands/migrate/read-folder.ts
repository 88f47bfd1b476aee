import { stat } from 'node:fs/promises'
import type { FolderReport } from '../../../../core/migration/analyze/report.ts'
import type { FoundFile } from '../../../../core/migration/plan/check-plan.ts'
import type { Output } from '../../output.ts'
import { UsageError } from '../../problem.ts'

/** Analyses a folder, saying on stderr what to beware of. Throws UsageError for what is no folder with databases. */
export async function analyze(folder: string, out: Output): Promise<FolderReport> {
  const { analyzeFolder } = await import('../../../../core/migration/analyze/analyze-folder.ts')
  const report = await analyzeFolder(folder, await databasesIn(folder), noteWarnings(out))
  for (const { path, why } of report.left_out) out.note(`${path}: left out: ${why}`)
  refuseNone(folder, report.files)
  return report
}

/** What a plan for a folder is checked against, without a look at any row. Says and throws what `analyze` does. */
export async function findTables(folder: string, out: Output): Promise<FoundFile[]> {
  const { foundFiles } = await import('../../../../core/migration/analyze/found-files.ts')
  const files = await foundFiles(await databasesIn(folder), noteWarnings(out))
  refuseNone(folder, files)
  return files
}

/** Throws UsageError for what is no folder. */
export async function refuseNoFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch((error: Error) => {
    throw new UsageError(`${folder} cannot be read: ${error.message}`)
  })
  if (!stats.isDirectory()) throw new UsageError(`${folder} is a file: give the folder it is in`)
}

async function databasesIn(folder: string) {
  await refuseNoFolder(folder)
  const { readFolder } = await import('../../../../core/migration/analyze/reading/read-folder.ts')
  return readFolder(folder)
}

function noteWarnings(out: Output) {
  return ({ path, warnings }: { path: string; warnings: string[] }) => {
    for (const warning of warnings) out.note(`${path}: ${warning}`)
  }
}

function refuseNone(folder: string, files: readonly unknown[]): void {
  if (files.length > 0) return
  throw new UsageError(`there is no file called .db, .db3, .sqlite or .sqlite3 in ${folder}, nor in its folders`)
}
