import { reviveMigrations } from '../core/migration/cloud/revive-migrations.ts'
import { scheduled } from './scheduled.ts'

/** How often this is run; infra/schedules.ts says the same. */
const everyMs = 5 * 60_000

/** Migrations whose time has come are begun, and those of which nothing is heard are begun again. */
export const handler = scheduled((hive) => reviveMigrations(hive, everyMs))
