import * as z from 'zod/mini'
import { isUploadable } from '../../core/migration/cloud/upload-keys.ts'
import { once } from '../../core/once.ts'
import { Timestamp } from '../../core/protocol/timestamp.ts'

/** S3's keys have 1,024 bytes, of which the upload's own name takes some. */
const mostPathBytes = 900
/** S3 takes no more in one PUT. */
const mostFileBytes = 5 * 1024 ** 3

const FilePath = once(() =>
  z.string().check(
    z.minLength(1),
    z.refine((path) => Buffer.byteLength(path) <= mostPathBytes, `must not be more than ${mostPathBytes} bytes`),
    z.refine((path) => path.isWellFormed() && !/\p{Cc}/u.test(path), 'must not hold control characters'),
    z.refine(
      (path) => !path.split('/').some((part) => ['', '.', '..'].includes(part)),
      'must be relative to its folder, with / between its parts',
    ),
    z.refine(isUploadable, 'must end in .db, .sqlite, .sqlite3 or .db3, or in that and -wal or -journal'),
    z.describe('Relative to the folder that the plan was made for. A -wal or -journal goes with its database.'),
  ),
)

/** Body of `POST /v1/migrations/uploads`. */
export const CreateUpload = once(() =>
  z
    .strictObject({
      files: z
        .array(
          z.strictObject({
            path: FilePath(),
            bytes: z.int().check(z.minimum(0), z.maximum(mostFileBytes), z.describe('Its size, exactly.')),
          }),
        )
        .check(
          z.minLength(1),
          z.maxLength(1_000),
          z.refine(
            (files) => new Set(files.map(({ path }) => path)).size === files.length,
            'must not hold a path twice',
          ),
        ),
    })
    .check(z.describe('The files of a folder that are to be uploaded.')),
)

/** Body of `POST /v1/migrations`. The plan is read by itself, so that all of its faults are named at once. */
export const StartMigration = once(() =>
  z
    .strictObject({
      upload: z.uuid().check(z.describe('What `POST /v1/migrations/uploads` has given.')),
      plan: z
        .record(z.string(), z.unknown())
        .check(
          z.describe('What becomes of each table of each file, as `hive migrate plan` makes it; docs/migration.md.'),
        ),
      as_new: z
        ._default(z.boolean(), false)
        .check(z.describe('Moves files although other content under their names was moved before.')),
      start_at: z.exactOptional(
        Timestamp().check(z.describe('When to begin; at once unless given, or when it is past.')),
      ),
    })
    .check(z.describe('An upload that is to be moved, and how.')),
)

export const MigrationPath = once(() =>
  z.object({
    migration_id: z.uuid().check(z.describe('The id of a run of a migration.')),
  }),
)
