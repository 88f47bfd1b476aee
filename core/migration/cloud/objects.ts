import type { HiveConfig } from '../../config.ts'
import type { S3Objects } from './s3-objects.ts'

export type StoredObject = { key: string; bytes: number }

/** The bucket of uploaded databases. What is not there is undefined; all else that S3 says is thrown. */
export type Objects = {
  /** A URL that takes exactly so many bytes by PUT, for a while. */
  uploadUrl(key: string, bytes: number, forMs: number): Promise<string>
  /** Everything whose key begins so, by key. */
  list(prefix: string): Promise<StoredObject[]>
  /** Writes an object to a file; false when there is none. */
  download(key: string, file: string): Promise<boolean>
  upload(key: string, file: string): Promise<void>
}

/** Makes the bucket of a stage. The client is loaded at the first use and not before, as that of SQS is. */
export function createObjects(config: Pick<HiveConfig, 's3Endpoint' | 'awsRegion' | 'migrationBucketName'>): Objects {
  let loading: Promise<S3Objects> | undefined
  const load = () => {
    loading ??= import('./s3-objects.ts').then(({ s3Objects }) => s3Objects(config))
    return loading
  }
  return {
    uploadUrl: async (...given) => (await load()).uploadUrl(...given),
    list: async (...given) => (await load()).list(...given),
    download: async (...given) => (await load()).download(...given),
    upload: async (...given) => (await load()).upload(...given),
  }
}
