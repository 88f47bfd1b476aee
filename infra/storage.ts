import { permanent } from './stage.ts'

/** Where databases to be migrated are uploaded to. Private, encrypted, and emptied by itself. */
export const migrationBucket = new sst.aws.Bucket('MigrationBucket', {
  cors: false,
  lifecycle: [{ id: 'forget uploads', expiresIn: permanent ? '90 days' : '7 days' }],
  transform: { bucket: { forceDestroy: !permanent } },
})

new aws.s3.BucketServerSideEncryptionConfiguration('MigrationBucketEncryption', {
  bucket: migrationBucket.name,
  rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }],
})

/** Where the bucket is; what a function may do there is said with the function. */
export const bucketLink = new sst.Linkable('Migration', { properties: { bucketName: migrationBucket.name } })

const inBucket = (folder: string) => $interpolate`${migrationBucket.arn}/${folder}/*`

/** To see what has been uploaded. */
const list = { actions: ['s3:ListBucket'], resources: [migrationBucket.arn] }

/** To let somebody upload, and see what has arrived. */
export const takeUploads = [list, { actions: ['s3:PutObject'], resources: [inBucket('uploads')] }]

/** To make snapshots of uploads, and read them. */
export const moveUploads = [
  list,
  { actions: ['s3:GetObject'], resources: [inBucket('uploads'), inBucket('snapshots')] },
  { actions: ['s3:PutObject'], resources: [inBucket('snapshots')] },
]
