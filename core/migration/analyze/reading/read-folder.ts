import { join } from 'node:path'
import type { AnalysedFile } from '../source.ts'
import { readDatabase } from './catalogue.ts'
import { diagnoseError } from './diagnose.ts'
import { findFiles } from './find-files.ts'
import { openPrivateCopy } from './private-copy.ts'

/** The databases of a folder, each open for as long as it is the current one. */
export async function* readFolder(folder: string): AsyncGenerator<AnalysedFile> {
  for (const path of await findFiles(folder)) {
    const copy = await openPrivateCopy(join(folder, path)).catch((error: Error) => error)
    if (copy instanceof Error) {
      yield { path, bytes: 0, state: 'unreadable', detail: copy.message, warnings: [] }
      continue
    }
    try {
      yield { path, bytes: copy.bytes, warnings: copy.warnings, ...read(copy) }
    } finally {
      await copy.close()
    }
  }
}

function read(copy: Awaited<ReturnType<typeof openPrivateCopy>>): Pick<AnalysedFile, 'state' | 'detail' | 'database'> {
  if ('fault' in copy) return copy.fault
  try {
    return { state: 'readable', database: readDatabase(copy.database) }
  } catch (error) {
    return diagnoseError(error)
  }
}
