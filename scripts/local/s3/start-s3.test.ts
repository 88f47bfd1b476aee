import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createObjects, type Objects } from '../../../core/migration/cloud/objects.ts'
import { type S3Server, startS3 } from './start-s3.ts'

let dir: string
let server: S3Server
let objects: Objects
let client: S3Client
const bytes = randomBytes(300_000)
const Bucket = 'uploads'

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hive-s3-'))
  await writeFile(join(dir, 'source'), bytes)
  server = await startS3({ dir: join(dir, 's3') })
  objects = createObjects({ s3Endpoint: server.endpoint, awsRegion: 'us-east-1', migrationBucketName: Bucket })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true, credentials })
})
afterAll(async () => {
  client?.destroy()
  await server?.stop()
  await rm(dir, { recursive: true, force: true })
})

const put = (url: string, body: Buffer) => fetch(url, { method: 'PUT', body: new Uint8Array(body) })

describe('the local S3, as its real client meets it', () => {
  it.each(['plain.db', 'deep/er/a b+c&d.db', 'ümläut (1).db', `${'long/'.repeat(150)}x.db`])(
    'keeps %s and gives it back',
    async (name) => {
      const key = `kept/${name}`
      await objects.upload(key, join(dir, 'source'))
      expect(await objects.download(key, join(dir, 'copy'))).toBe(true)
      expect((await readFile(join(dir, 'copy'))).equals(bytes)).toBe(true)
      expect(await objects.list(key)).toEqual([{ key, bytes: bytes.length }])
    },
  )

  it('has no object that was not written or was deleted', async () => {
    expect(await objects.download('never', join(dir, 'none'))).toBe(false)
    await objects.upload('gone', join(dir, 'source'))
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }))
    expect(await objects.download('gone', join(dir, 'none'))).toBe(false)
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'gone' }))).rejects.toMatchObject({
      name: 'NotFound',
    })
  })

  it('gives a range', async () => {
    await objects.upload('ranged', join(dir, 'source'))
    const part = await client.send(new GetObjectCommand({ Bucket, Key: 'ranged', Range: 'bytes=100-299' }))
    const body = await part.Body?.transformToByteArray()
    expect(Buffer.from(body ?? []).equals(bytes.subarray(100, 300))).toBe(true)
    expect(part.ContentRange).toBe(`bytes 100-299/${bytes.length}`)
  })

  it('lists more than a page, by key, and only what begins so', async () => {
    await writeFile(join(dir, 'small'), 'x')
    const names = Array.from({ length: 1_005 }, (_, i) => `many/${String(i).padStart(4, '0')}`)
    await Promise.all(names.map((name) => objects.upload(name, join(dir, 'small'))))
    const keys = (await objects.list('many/')).map(({ key }) => key)
    expect(keys).toHaveLength(1_005)
    expect(keys).toEqual([...keys].sort())
    expect(await objects.list('none/')).toEqual([])
  })

  it('takes an upload by its URL, of that length, under that key, in that time, and no other', async () => {
    const url = await objects.uploadUrl('upload/a b.db', bytes.length, 60_000)
    expect((await put(url, bytes.subarray(1))).status).toBe(403)
    expect((await put(url.replace('a%20b.db', 'other.db'), bytes)).status).toBe(403)
    expect((await fetch(url)).status).toBe(403)
    expect((await put(url.split('?')[0] ?? '', bytes)).status).toBe(403)
    expect(await objects.list('upload/')).toEqual([])
    expect((await put(url, bytes)).status).toBe(200)
    expect(await objects.list('upload/')).toEqual([{ key: 'upload/a b.db', bytes: bytes.length }])

    const late = await objects.uploadUrl('upload/late.db', bytes.length, 1_000)
    await expect.poll(async () => (await put(late, bytes)).status, { timeout: 10_000, interval: 200 }).toBe(403)
  })
})
