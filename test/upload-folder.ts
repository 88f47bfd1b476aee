import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Upload } from '../core/migration/cloud/create-upload.ts'
import { isUploadable } from '../core/migration/cloud/upload-keys.ts'
import type { HttpCall } from './http-call.ts'

/** Uploads the databases of a folder as a client of the API does, and gives the upload's id. */
export async function uploadFolder(call: HttpCall, folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true })
  const paths = entries.map((entry) => entry.split(sep).join('/')).filter(isUploadable)
  const sizes = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(join(folder, path))).size })))
  const { status, body } = await call('POST', '/v1/migrations/uploads', { files: sizes })
  if (status !== 201) throw new Error(JSON.stringify(body))
  const { upload, files } = body as Upload
  for (const { path, url } of files) {
    const sent = await fetch(url, { method: 'PUT', body: new Uint8Array(await readFile(join(folder, path))) })
    if (!sent.ok) throw new Error(`${relative('.', path)}: ${sent.status} ${await sent.text()}`)
  }
  return upload
}
