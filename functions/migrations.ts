import { actorOf } from '../core/access/audit.ts'
import { http, on } from './http.ts'
import { CreateUpload, MigrationPath, StartMigration } from './requests/migrations.ts'
import { PageQuery } from './requests/paging.ts'

/** Moves of SQLite databases that were uploaded: starting, following, verifying, taking back. */
export const handler = http({
  'POST /v1/migrations/uploads': on({ body: CreateUpload }, async (hive, { body: { files } }) => {
    const { createUpload } = await import('../core/migration/cloud/create-upload.ts')
    return { status: 201, body: await createUpload(hive, files) }
  }),
  'POST /v1/migrations': on({ body: StartMigration }, async (hive, { body }, { caller }) => {
    const { startMigration } = await import('../core/migration/cloud/start-migration.ts')
    const { run, begun } = await startMigration(hive, body, actorOf(caller))
    return { status: begun ? 202 : 200, body: run }
  }),
  'GET /v1/migrations': on({ query: PageQuery }, async (hive, { query }) => {
    const { migrations } = await hive.records()
    return { body: await migrations.list(query) }
  }),
  'GET /v1/migrations/{migration_id}': on({ path: MigrationPath }, async (hive, { path }) => {
    const { findMigration } = await import('../core/migration/cloud/find-migration.ts')
    return { body: await findMigration(hive, path.migration_id) }
  }),
  'GET /v1/migrations/{migration_id}/tables': on(
    { path: MigrationPath, query: PageQuery },
    async (hive, { path, query }) => {
      const { findMigration } = await import('../core/migration/cloud/find-migration.ts')
      const { id } = await findMigration(hive, path.migration_id)
      const { migrations } = await hive.records()
      return { body: await migrations.tables(id, query) }
    },
  ),
  'GET /v1/migrations/{migration_id}/rejects': on(
    { path: MigrationPath, query: PageQuery },
    async (hive, { path, query }) => {
      const { findMigration } = await import('../core/migration/cloud/find-migration.ts')
      const { id } = await findMigration(hive, path.migration_id)
      const { migrations } = await hive.records()
      return { body: await migrations.rejects(id, query) }
    },
  ),
  'POST /v1/migrations/{migration_id}/verify': on({ path: MigrationPath }, async (hive, { path }, { caller }) => {
    const { requestVerify } = await import('../core/migration/cloud/request-step.ts')
    return { status: 202, body: await requestVerify(hive, path.migration_id, actorOf(caller)) }
  }),
  'POST /v1/migrations/{migration_id}/rollback': on({ path: MigrationPath }, async (hive, { path }, { caller }) => {
    const { requestRollback } = await import('../core/migration/cloud/request-step.ts')
    return { status: 202, body: await requestRollback(hive, path.migration_id, actorOf(caller)) }
  }),
})
