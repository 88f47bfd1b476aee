import { loadConfig } from '../../core/config.ts'
import { createHive } from '../../core/hive.ts'
import { setWarmHive } from '../../functions/warm.ts'
import { loopbackEndpoints } from '../local/loopback.ts'
import { startWorkers } from '../local/start-workers.ts'
import { logErrors } from './log-errors.ts'

// The functions that queues and schedules run, in a process of their own. Takes how often the sweep runs, in ms.
const config = loadConfig(process.env)
setWarmHive(createHive(config, { log: logErrors, endpoints: loopbackEndpoints }))
startWorkers({
  endpoint: config.sqsEndpoint ?? '',
  deliverQueueUrl: config.deliverQueueUrl,
  historyQueueUrl: config.historyQueueUrl,
  migrateQueueUrl: config.migrateQueueUrl ?? '',
  sweepMs: Number(process.argv[2]),
  log: logErrors,
})
process.once('disconnect', () => process.exit(0))
console.log('{}')
