import { givenSettings, sizeFrom } from './given-settings.ts'

const size = sizeFrom(process.env)

/** Protected stages keep data and logs for long; personal ones are small, cheap and leave nothing behind. */
export const permanent = $app.protect

/**
 * What a stage can set, in `.env` or `.env.<stage>` beside sst.config.ts. Everything has a default that suits a new AWS
 * account with ten concurrent executions.
 */
export const settings = {
  /** Where alarms are mailed to; without it they are shown and nobody is told. */
  alarmEmail: process.env.HIVE_ALARM_EMAIL || null,
  /** X-Ray traces of every function. */
  tracing: process.env.HIVE_TRACING === 'true',
  /** MB of a function; CPU grows with it. */
  memory: size('HIVE_MEMORY_MB', permanent ? 1024 : 512),
  /** Agents that are pushed to at the same time. SQS takes 2 or more. */
  deliverConcurrency: size('HIVE_DELIVER_CONCURRENCY', permanent ? 50 : 5, 2),
  /** Shards of history that are drained at the same time, 2 or more. */
  historyConcurrency: size('HIVE_HISTORY_CONCURRENCY', permanent ? 8 : 2, 2),
  /** Tables of migrations that are worked on at the same time, 2 or more, and MB of the function: its CPU grows with it. */
  migrateConcurrency: size('HIVE_MIGRATE_CONCURRENCY', permanent ? 4 : 2, 2),
  migrateMemory: size('HIVE_MIGRATE_MEMORY_MB', 3008),
  /** Requests a second that API Gateway lets in, and how many at once. */
  requestRate: size('HIVE_REQUEST_RATE', permanent ? 2_000 : 100),
  requestBurst: size('HIVE_REQUEST_BURST', permanent ? 4_000 : 200),
  logRetention: permanent ? '3 months' : '1 week',
  logDays: permanent ? 90 : 7,
} as const

/** Settings of the bus and the records that a stage changes; see core/config.ts for all of them and their meaning. */
export const hiveSettings: Record<string, string> = {
  stage: $app.stage,
  deployed: 'true',
  ...(permanent ? {} : { metricsDays: '30', conversationsDays: '30', securityEventsDays: '30', auditDays: '30' }),
  ...givenSettings(process.env),
}
