import type { Hive } from '../../hive.ts'
import { uploadPrefix } from './upload-keys.ts'

export type FileToUpload = { path: string; bytes: number }

export type Upload = {
  /** Names the upload when it is to be moved. */
  upload: string
  /** Until when the URLs are good, ISO 8601. */
  expires_at: string
  /** Where each file is to be sent by PUT, as it is and whole. */
  files: { path: string; url: string }[]
}

/** Makes room for the files of a folder: a URL each, good for one file of just that size. Nothing is kept of it here. */
export async function createUpload({ ids, clock, config, objects }: Hive, files: FileToUpload[]): Promise<Upload> {
  const upload = ids.messageId()
  const expires = clock.now() + config.migrationUploadMs
  const signed = files.map(async ({ path, bytes }) => ({
    path,
    url: await objects.uploadUrl(uploadPrefix(upload) + path, bytes, config.migrationUploadMs),
  }))
  return { upload, expires_at: new Date(expires).toISOString(), files: await Promise.all(signed) }
}
