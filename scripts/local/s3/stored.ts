import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

export type Found = { bytes: number; modified: Date }

/** Objects by bucket and key, `/` between the two. */
export type Stored = {
  /** Gives the object's ETag. What was not sent to its end is not there. */
  write(name: string, from: Readable): Promise<string>
  find(name: string): Promise<Found | undefined>
  read(name: string, range: { start: number; end: number }, to: Writable): Promise<void>
  list(prefix: string): Promise<(Found & { name: string })[]>
  remove(name: string): Promise<void>
}

/** Each part of a file's name is shorter than what file systems take; a key may be a folder's name of another. */
const partLength = 200

/** Objects as files of one folder. Their names are the keys in base 16: whatever a key is, it leads nowhere else. */
export function createFolder(dir: string): Stored {
  const fileOf = (name: string) => join(dir, `${Buffer.from(name).toString('hex').match(pattern)?.join('/')}.object`)
  return {
    async write(name, from) {
      const file = fileOf(name)
      await mkdir(join(file, '..'), { recursive: true, mode: 0o700 })
      const part = join(dir, `${randomUUID()}.part`)
      const hash = createHash('md5')
      from.on('data', (chunk: Buffer) => hash.update(chunk))
      try {
        await pipeline(from, createWriteStream(part, { mode: 0o600 }))
        await rename(part, file)
      } finally {
        await rm(part, { force: true })
      }
      return `"${hash.digest('hex')}"`
    },
    async find(name) {
      const stats = await stat(fileOf(name)).catch(() => undefined)
      return stats && { bytes: stats.size, modified: stats.mtime }
    },
    async read(name, { start, end }, to) {
      if (end < start) return void to.end()
      await pipeline(createReadStream(fileOf(name), { start, end }), to)
    },
    async list(prefix) {
      const entries = await readdir(dir, { recursive: true }).catch(() => [])
      const names = entries
        .filter((entry) => entry.endsWith('.object'))
        .map((entry) => Buffer.from(entry.slice(0, -'.object'.length).replaceAll(/[/\\]/g, ''), 'hex').toString())
        .filter((name) => name.startsWith(prefix))
      const found = await Promise.all(
        names.map(async (name) => {
          const stats = await stat(fileOf(name)).catch(() => undefined)
          return stats ? [{ name, bytes: stats.size, modified: stats.mtime }] : []
        }),
      )
      return found.flat()
    },
    async remove(name) {
      await rm(fileOf(name), { force: true })
    },
  }
}

const pattern = new RegExp(`.{1,${partLength}}`, 'g')
