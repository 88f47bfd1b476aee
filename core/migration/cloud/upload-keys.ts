import { basename } from 'node:path'

const databaseName = /\.(?:db|sqlite|db3|sqlite3)$/i
const companions = ['', '-wal', '-journal'] as const

/** Where the files of an upload are, and the snapshots of a run. */
export const uploadPrefix = (upload: string) => `uploads/${upload}/`
export const snapshotKey = (run: string, sha256: string) => `snapshots/${run}/${sha256}.db`

/** A database of an upload with what was uploaded beside it. */
export type UploadedFile = { path: string; bytes: number; objects: { key: string; suffix: string }[] }

/** The databases among the objects of an upload, by path. Other files of a folder are passed over, as the CLI does. */
export function uploadedFiles(prefix: string, objects: readonly { key: string; bytes: number }[]): UploadedFile[] {
  const found = new Map(objects.map(({ key, bytes }) => [key, bytes]))
  return objects
    .filter(({ key }) => databaseName.test(basename(key)))
    .map(({ key }) => {
      const parts = companions.filter((suffix) => found.has(key + suffix))
      return {
        path: key.slice(prefix.length),
        bytes: parts.reduce((sum, suffix) => sum + (found.get(key + suffix) ?? 0), 0),
        objects: parts.map((suffix) => ({ key: key + suffix, suffix })),
      }
    })
}

/** Whether a path of an upload is a database or lies beside one. */
export const isUploadable = (path: string) =>
  companions.some((suffix) => path.endsWith(suffix) && databaseName.test(path.slice(0, path.length - suffix.length)))
