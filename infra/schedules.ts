import { functionName, hiveFunction } from './hive-function.ts'
import { workerTimeoutSeconds } from './worker-timeout.ts'

/** A scheduled function is not repeated when it fails: its next turn does what was left. */
function scheduled(file: string, schedule: 'rate(1 minute)' | 'rate(1 hour)'): sst.aws.Function {
  const run = hiveFunction(file, workerTimeoutSeconds)
  new sst.aws.CronV2(`${functionName(file)}Schedule`, { function: run, schedule, retries: 0 })
  return run
}

export const schedules = {
  sweep: scheduled('sweep', 'rate(1 minute)'),
  retention: scheduled('retention', 'rate(1 hour)'),
  audit: scheduled('audit', 'rate(1 hour)'),
}
