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
