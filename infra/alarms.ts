import { type Measure, namespace } from '../core/measure.ts'
import { api } from './api.ts'
import { functionName } from './hive-function.ts'
import * as queues from './queues.ts'
import { schedules } from './schedules.ts'
import { settings } from './stage.ts'
import { workers } from './workers.ts'

type Statistic = { statistic: 'Sum' | 'Maximum' } | { extendedStatistic: 'p95' | 'p99' }
type Alarm = Statistic & {
  namespace: string
  metric: string
  dimensions: Record<string, $util.Input<string>>
  above?: number
  below?: number
  /** Minutes that are so, in a row where there is no `within`. */
  minutes: number
  /** Minutes of which so many are. */
  within?: number
  missing?: 'breaching' | 'notBreaching'
}

const topic = new aws.sns.Topic('Alarms')
if (settings.alarmEmail) {
  new aws.sns.TopicSubscription('AlarmsByMail', { topic: topic.arn, protocol: 'email', endpoint: settings.alarmEmail })
}

/** docs/operate.md says what to do about each. */
function alarm(name: string, description: string, { above, below, minutes, within = minutes, ...what }: Alarm) {
  const bound = above !== undefined ? 'GreaterThanThreshold' : 'LessThanThreshold'
  return new aws.cloudwatch.MetricAlarm(name, {
    name: `${$app.name}-${$app.stage}-${name}`,
    alarmDescription: `${description} See docs/operate.md, ${name}.`,
    namespace: what.namespace,
    metricName: what.metric,
    dimensions: what.dimensions,
    comparisonOperator: bound,
    threshold: above ?? below ?? 0,
    period: 60,
    evaluationPeriods: within,
    datapointsToAlarm: minutes,
    treatMissingData: what.missing ?? 'notBreaching',
    alarmActions: [topic.arn],
    okActions: [topic.arn],
    ...('statistic' in what ? { statistic: what.statistic } : { extendedStatistic: what.extendedStatistic }),
  })
}

for (const [name, { waiting, deadLetters }, late] of [
  // beyond the longest delay of a wake, 15 minutes, and the 6 after which one that failed comes again
  ['Deliver', queues.deliver, 25],
  ['History', queues.history, 10],
  // the tables of a migration may wait for hours for each other
  ['Migrate', queues.migrate, null],
] as const) {
  alarm(`${name}DeadLettersNotEmpty`, 'A wake failed five times and was put aside.', {
    namespace: 'AWS/SQS',
    metric: 'ApproximateNumberOfMessagesVisible',
    dimensions: { QueueName: deadLetters.nodes.queue.name },
    statistic: 'Maximum',
    above: 0,
    minutes: 1,
  })
  if (late === null) continue
  alarm(`${name}Late`, `A wake is older than ${late} minutes.`, {
    namespace: 'AWS/SQS',
    metric: 'ApproximateAgeOfOldestMessage',
    dimensions: { QueueName: waiting.nodes.queue.name },
    statistic: 'Maximum',
    above: late * 60,
    minutes: 3,
  })
}

/** Of workers and schedules. A function that seldom runs, or runs for long, does not fail in three minutes in a row. */
const failing: Record<keyof typeof workers | keyof typeof schedules, { minutes: number; within?: number }> = {
  deliver: { minutes: 3 },
  history: { minutes: 3 },
  sweep: { minutes: 3 },
  'migrate-batch': { minutes: 1 },
  'revive-migrations': { minutes: 2, within: 15 },
  retention: { minutes: 1 },
  audit: { minutes: 1 },
}
// those of the API end in answers with 5xx, which have an alarm of their own
for (const [file, run] of Object.entries({ ...workers, ...schedules })) {
  alarm(`${functionName(file)}Fails`, 'The function throws or runs out of time.', {
    namespace: 'AWS/Lambda',
    metric: 'Errors',
    dimensions: { FunctionName: run.name },
    statistic: 'Sum',
    above: 0,
    ...failing[file as keyof typeof failing],
  })
}

alarm('Throttled', 'Lambda refuses to run functions: the account has too few concurrent executions.', {
  namespace: 'AWS/Lambda',
  metric: 'Throttles',
  dimensions: {},
  statistic: 'Sum',
  above: 0,
  minutes: 3,
})
alarm('ServerErrors', 'More than five requests a minute are answered with 5xx.', {
  namespace: 'AWS/ApiGateway',
  metric: '5xx',
  dimensions: { ApiId: api.nodes.api.id },
  statistic: 'Sum',
  above: 5,
  minutes: 3,
})
alarm('SweepMissing', 'The sweep has not run: what lost its wake is not found.', {
  namespace: 'AWS/Lambda',
  metric: 'Invocations',
  dimensions: { FunctionName: schedules.sweep.name },
  statistic: 'Sum',
  below: 1,
  minutes: 5,
  missing: 'breaching',
})
/** What the functions measure themselves, in lines of their logs. */
const measured = (metric: Measure) => ({ namespace, metric, dimensions: { stage: $app.stage } })

alarm('PublishSlow', 'One publish in a hundred takes more than a second.', {
  ...measured('PublishLatency'),
  extendedStatistic: 'p99',
  above: 1_000,
  minutes: 5,
})

alarm('MetricWriteSlow', 'One write of metrics in twenty takes more than 50 ms.', {
  ...measured('MetricWriteLatency'),
  extendedStatistic: 'p95',
  above: 50,
  minutes: 10,
})

alarm('ConservationViolated', 'An inbox has lost messages, or has more than it was given.', {
  ...measured('ConservationViolated'),
  statistic: 'Sum',
  above: 0,
  minutes: 1,
})

alarm('AuditMissing', 'For two hours no inbox was checked for lost messages.', {
  namespace: 'AWS/Lambda',
  metric: 'Invocations',
  dimensions: { FunctionName: schedules.audit.name },
  statistic: 'Sum',
  below: 1,
  minutes: 120,
  missing: 'breaching',
})

alarm('MigrationGivenUp', 'A step of a migration was begun again five times and got nowhere.', {
  ...measured('MigrationGivenUp'),
  statistic: 'Sum',
  above: 0,
  minutes: 1,
})

alarm('MigrationVerifyFailed', 'The rows of a migration are not those of its source.', {
  ...measured('MigrationVerifyFailed'),
  statistic: 'Sum',
  above: 0,
  minutes: 1,
})
