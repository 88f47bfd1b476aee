import { createReadStream, createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, NoSuchKey, PutObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { HiveConfig } from '../../config.ts'
import type { Objects, StoredObject } from './objects.ts'

export type S3Objects = Objects

/** The bucket by AWS's own client. */
export function s3Objects({
  s3Endpoint,
  awsRegion,
  migrationBucketName: Bucket = '',
}: Pick<HiveConfig, 's3Endpoint' | 'awsRegion' | 'migrationBucketName'>): S3Objects {
  const client = new S3Client({
    region: awsRegion,
    // a checksum in a URL would be that of nothing; TLS and the hash of a snapshot guard what is carried
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(s3Endpoint === undefined ? {} : { endpoint: s3Endpoint, forcePathStyle: true, ...anyCredentials() }),
  })
  return {
    uploadUrl: (Key, bytes, forMs) =>
      getSignedUrl(client, new PutObjectCommand({ Bucket, Key, ContentLength: bytes }), {
        expiresIn: Math.ceil(forMs / 1000),
        signableHeaders: new Set(['content-length', 'host']),
      }),

    async list(prefix) {
      const found: StoredObject[] = []
      for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix: prefix })) {
        for (const { Key, Size } of Contents) if (Key !== undefined) found.push({ key: Key, bytes: Size ?? 0 })
      }
      return found
    },

    async download(Key, file) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }))
        await pipeline(Body as Readable, createWriteStream(file, { mode: 0o600 }))
        return true
      } catch (error) {
        if (error instanceof NoSuchKey) return false
        throw error
      }
    },

    async upload(Key, file) {
      const { size } = await stat(file)
      await client.send(new PutObjectCommand({ Bucket, Key, Body: createReadStream(file), ContentLength: size }))
    },
  }
}

/** An S3 that is not AWS takes these, but the client insists on some. */
function anyCredentials() {
  if (process.env.AWS_ACCESS_KEY_ID !== undefined) return {}
  return { credentials: { accessKeyId: 'test', secretAccessKey: 'test' } }
}
