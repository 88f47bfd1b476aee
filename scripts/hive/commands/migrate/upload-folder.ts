import { openAsBlob } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { walkFolder } from '../../../../core/migration/analyze/reading/walk-folder.ts'
import { isUploadable } from '../../../../core/migration/cloud/upload-keys.ts'
import type { HiveClient } from '../../client.ts'
import type { Output } from '../../output.ts'
import { UsageError } from '../../problem.ts'

const mostTries = 3

/**
 * Uploads the databases of a folder with what lies beside them, and gives the id of the upload. What is left out has been told
 * when the plan was read. Throws UsageError for a file
 * that is written to meanwhile or that the bucket does not take.
 */
export async function uploadFolder(client: HiveClient, folder: string, out: Output): Promise<string> {
  const entries = await walkFolder(folder)
  const paths = entries
    .filter(({ path, kind, fault }) => kind === 'file' && fault === undefined && isUploadable(path))
    .map(({ path }) => path)
    .sort()
  const files = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(join(folder, path))).size })))
  const upload = await client.createUpload({ files })
  for (const [index, { path, url }] of upload.files.entries()) {
    out.note(`uploading ${path}, ${files[index]?.bytes} bytes`)
    await send(join(folder, path), url, files[index]?.bytes ?? 0)
  }
  return upload.upload
}

/** Streamed from the disk. The URL takes just so many bytes, so that a file which has grown is refused. */
async function send(file: string, url: string, bytes: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    const body = await openAsBlob(file)
    if (body.size !== bytes) throw new UsageError(`${file} was written to: stop its writer and try again`)
    const answer = await fetch(url, { method: 'PUT', body }).catch((error: Error) => error)
    if (answer instanceof Response && answer.ok) return void (await answer.arrayBuffer())
    const isRefused = answer instanceof Response && answer.status < 500
    if (!isRefused && tries < mostTries) continue
    const why = answer instanceof Response ? `${answer.status} ${await answer.text()}` : String(answer.cause ?? answer)
    throw new UsageError(`${file} was not uploaded: ${why}`)
  }
}
