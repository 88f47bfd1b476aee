type Environment = Record<string, string | undefined>

/**
 * What a stage can set, in `.env` or `.env.<stage>` beside sst.config.ts. Throws naming what is not as it must be. Protected
 * stages are large; what all their workers may do at once is beyond the ten functions that a new AWS account runs, see docs/deploy.md.
 */
export function stageSettings(env: Environment, permanent: boolean) {
  const size = sizeFrom(env)
  return {
    /** Where alarms are mailed to; without it they are shown and nobody is told. */
    alarmEmail: env.HIVE_ALARM_EMAIL || null,
    /** X-Ray traces of every function. */
    tracing: flagFrom(env, 'HIVE_TRACING'),
    /** MB of a function; CPU grows with it. */
    memory: size('HIVE_MEMORY_MB', permanent ? 1024 : 512, 128),
    /** Agents that are pushed to at the same time. SQS takes 2 to 1,000. */
    deliverConcurrency: size('HIVE_DELIVER_CONCURRENCY', permanent ? 50 : 5, 2, 1_000),
    /** Shards of history that are drained at the same time, of 16. */
    historyConcurrency: size('HIVE_HISTORY_CONCURRENCY', permanent ? 8 : 2, 2, 1_000),
    /** Tables of migrations that are worked on at the same time, and MB of the function: its CPU grows with it. */
    migrateConcurrency: size('HIVE_MIGRATE_CONCURRENCY', permanent ? 4 : 2, 2, 1_000),
    migrateMemory: size('HIVE_MIGRATE_MEMORY_MB', 3008, 128),
    /** Requests a second that API Gateway lets in, and how many at once. */
    requestRate: size('HIVE_REQUEST_RATE', permanent ? 2_000 : 100),
    requestBurst: size('HIVE_REQUEST_BURST', permanent ? 4_000 : 200),
    logRetention: permanent ? '3 months' : '1 week',
    logDays: permanent ? 90 : 7,
  } as const
}

/** Whole numbers, `byDefault` where there is none. */
function sizeFrom(env: Environment) {
  return (name: string, byDefault: number, least = 1, most = Number.MAX_SAFE_INTEGER): number => {
    const text = env[name]
    if (text === undefined || text === '') return byDefault
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most) {
      const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most.toLocaleString('en')}`
      throw new Error(`${name} must be a whole number, ${range}`)
    }
    return value
  }
}

function flagFrom(env: Environment, name: string): boolean {
  const text = env[name] || 'false'
  if (text !== 'true' && text !== 'false') throw new Error(`${name} must be true or false`)
  return text === 'true'
}
