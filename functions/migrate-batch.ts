import { MigrationWork } from '../core/migration/cloud/work.ts'
import { workMigration } from '../core/migration/cloud/work-migration.ts'
import { batch } from './batch.ts'

/** Works on one table of a migration, or on the run around it, as far as its time goes. */
export const handler = batch(MigrationWork, workMigration)
