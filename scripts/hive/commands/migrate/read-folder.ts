import { stat } from 'node:fs/promises'
import type { FolderReport } from '../../../../core/migration/analyze/report.ts'
import type { FoundFile } from '../../../../core/migration/plan/check-plan.ts'
import { UsageError } from '../../problem.ts'

/**
 * Analyses a folder. `tell` hears what to beware of and what is left out, which the report has too. Throws UsageError for what
 * is no folder with databases.
 */
export async function analyze(folder: string, tell: (text: string) => void): Promise<FolderReport> {
  const { analyzeFolder } = await import('../../../../core/migration/analyze/analyze-folder.ts')
  const report = await analyzeFolder(folder, await databasesIn(folder), tellWarnings(tell))
  tellLeftOut(report.left_out, tell)
  refuseNone(folder, report.files)
  return report
}

/** What a plan for a folder is checked against, without a look at any row. Tells and throws what `analyze` does. */
export async function findTables(folder: string, tell: (text: string) => void): Promise<FoundFile[]> {
  const { foundFiles } = await import('../../../../core/migration/analyze/found-files.ts')
  const { findLeftOut } = await import('../../../../core/migration/analyze/reading/find-files.ts')
  const files = await foundFiles(await databasesIn(folder), tellWarnings(tell))
  tellLeftOut(await findLeftOut(folder), tell)
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

function tellWarnings(tell: (text: string) => void) {
  return ({ path, warnings }: { path: string; warnings: string[] }) => {
    for (const warning of warnings) tell(`${path}: ${warning}`)
  }
}

function tellLeftOut(leftOut: FolderReport['left_out'], tell: (text: string) => void): void {
  for (const { path, why } of leftOut) tell(`${path}: left out: ${why}`)
}

function refuseNone(folder: string, files: readonly unknown[]): void {
  if (files.length > 0) return
  throw new UsageError(`there is no file called .db, .db3, .sqlite or .sqlite3 in ${folder}, nor in its folders`)
}
