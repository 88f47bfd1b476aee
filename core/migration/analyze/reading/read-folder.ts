import { join } from 'node:path'
import { hashSource } from '../../run/source-file.ts'
import type { AnalysedFile } from '../source.ts'
import { readDatabase } from './catalogue.ts'
import { diagnoseError } from './diagnose.ts'
import { findFiles } from './find-files.ts'
import { openPrivateCopy } from './private-copy.ts'

/** The databases of a folder, each open for as long as it is the current one. Of two with one content the second is warned about. */
export async function* readFolder(folder: string): AsyncGenerator<AnalysedFile> {
  const seen = new Map<number, Seen[]>()
  for (const path of await findFiles(folder)) {
    const copy = await openPrivateCopy(join(folder, path)).catch((error: Error) => error)
    if (copy instanceof Error) {
      yield { path, bytes: 0, state: 'unreadable', detail: copy.message, warnings: [] }
      continue
    }
    try {
      const other = 'database' in copy ? await equalTo(folder, path, copy.bytes, seen) : undefined
      const warnings =
        other === undefined ? [] : [`it has the content of ${other}: what is moved of both is there twice`]
      const found = read(copy)
      const said = [...copy.warnings, ...warnings, ...(found.database?.warnings ?? [])]
      yield { path, bytes: copy.bytes, warnings: said, ...found }
    } finally {
      await copy.close()
    }
  }
}

type Seen = { path: string; hash?: string }

/** Another file with the same content. Only those of one size are hashed. */
async function equalTo(
  folder: string,
  path: string,
  bytes: number,
  seen: Map<number, Seen[]>,
): Promise<string | undefined> {
  const others = seen.get(bytes) ?? []
  const own: Seen = { path }
  seen.set(bytes, [...others, own])
  for (const one of others.length === 0 ? [] : [...others, own]) {
    // one that is gone or written to meanwhile is like no other
    one.hash ??= await hashSource(join(folder, one.path)).catch(() => one.path)
  }
  return others.find(({ hash }) => hash === own.hash)?.path
}

function read(copy: Awaited<ReturnType<typeof openPrivateCopy>>): Pick<AnalysedFile, 'state' | 'detail' | 'database'> {
  if ('fault' in copy) return copy.fault
  try {
    return { state: 'readable', database: readDatabase(copy.database) }
  } catch (error) {
    return diagnoseError(error)
  }
}
