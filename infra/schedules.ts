import { type Extras, functionName, hiveFunction } from './hive-function.ts'
import * as queues from './queues.ts'
import { workerTimeoutSeconds } from './worker-timeout.ts'

/** A scheduled function is not repeated when it fails, by Lambda or by the schedule: its next turn does what was left. */
function scheduled(
  file: string,
  schedule: 'rate(1 minute)' | 'rate(5 minutes)' | 'rate(1 hour)',
  extras: Extras = {},
): sst.aws.Function {
  const run = hiveFunction(file, workerTimeoutSeconds, { ...extras, retries: 0 })
  new sst.aws.CronV2(`${functionName(file)}Schedule`, { function: run, schedule, retries: 0 })
  return run
}

export const schedules = {
  sweep: scheduled('sweep', 'rate(1 minute)'),
  retention: scheduled('retention', 'rate(1 hour)'),
  audit: scheduled('audit', 'rate(1 hour)'),
  'revive-migrations': scheduled('revive-migrations', 'rate(5 minutes)', { link: [queues.migrate.link] }),
}
