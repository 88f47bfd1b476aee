import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What is in a folder or in the folders in it: relative, / between the parts. */
export type FolderEntry = {
  path: string
  kind: 'file' | 'folder' | 'other'
  /** Why it cannot be looked into: a folder that cannot be listed, or a name by which nothing can be asked for. */
  fault?: string
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Everything in a folder and the folders in it; links are not followed. One folder that cannot be listed hides nothing else.
 * Throws where the folder itself cannot be.
 */
export async function walkFolder(folder: string): Promise<FolderEntry[]> {
  const found: FolderEntry[] = []
  const open: FolderEntry[] = [{ path: '', kind: 'folder' }]
  for (let next = open.pop(); next; next = open.pop()) {
    // as bytes: a name that is not UTF-8 would come as another one, which is not there
    const listed = await readdir(join(folder, next.path), { withFileTypes: true, encoding: 'buffer' }).catch(
      (error: Error) => error,
    )
    if (listed instanceof Error) {
      if (next.path === '') throw listed
      next.fault = `it is a folder that cannot be listed: ${listed.message}`
      continue
    }
    for (const entry of listed) {
      const name = nameOf(entry.name)
      const path = next.path === '' ? name.text : `${next.path}/${name.text}`
      const kind = entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other'
      const one: FolderEntry = { path, kind, ...(!name.isExact && { fault: 'its name is not UTF-8: rename it' }) }
      found.push(one)
      if (kind === 'folder' && name.isExact) open.push(one)
    }
  }
  return found
}

function nameOf(bytes: Buffer): { text: string; isExact: boolean } {
  try {
    return { text: strictUtf8.decode(bytes), isExact: true }
  } catch {
    return { text: bytes.toString('utf8'), isExact: false }
  }
}
