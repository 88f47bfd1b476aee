import { startQueues } from '../local/queues.ts'

// SQS as a process of its own. Says what is to be set in the environment of functions.
const { endpoint, deliverQueueUrl, historyQueueUrl, migrateQueueUrl } = await startQueues()
process.once('disconnect', () => process.exit(0))
console.log(
  JSON.stringify({
    HIVE_SQS_ENDPOINT: endpoint,
    HIVE_DELIVER_QUEUE_URL: deliverQueueUrl,
    HIVE_HISTORY_QUEUE_URL: historyQueueUrl,
    HIVE_MIGRATE_QUEUE_URL: migrateQueueUrl,
  }),
)
