import { type Measure, namespace } from '../core/measure.ts'
import { api, apiFunctions } from './api.ts'
import * as queues from './queues.ts'
import { schedules } from './schedules.ts'
import { workers } from './workers.ts'

const region = aws.getRegionOutput().region
const functions = { ...apiFunctions, ...workers, ...schedules }
const names = $resolve(Object.values(functions).map(({ name }) => name))
const queueNames = $resolve(Object.values(queues).map(({ waiting }) => waiting.nodes.queue.name))
const deadLetterNames = $resolve(Object.values(queues).map(({ deadLetters }) => deadLetters.nodes.queue.name))

const body = $resolve({ region, names, queueNames, deadLetterNames, apiId: api.nodes.api.id }).apply((the) => {
  const perFunction = (metric: string) => the.names.map((name) => ['AWS/Lambda', metric, 'FunctionName', name])
  const own = (...metrics: Measure[]) => metrics.map((metric) => [namespace, metric, 'stage', $app.stage])
  const charts: [title: string, statistic: string, metrics: string[][]][] = [
    ['Requests', 'Sum', ['Count', '4xx', '5xx'].map((metric) => ['AWS/ApiGateway', metric, 'ApiId', the.apiId])],
    ['Latency of requests, p99 ms', 'p99', [['AWS/ApiGateway', 'Latency', 'ApiId', the.apiId]]],
    ['Latency of publish and metric writes, p99 ms', 'p99', own('PublishLatency', 'MetricWriteLatency')],
    ['Messages', 'Sum', own('MessagesAccepted', 'MessagesDelivered', 'MessagesRetried', 'MessagesFailed')],
    ['Written to history', 'Sum', own('EventsRecorded')],
    ['What must stay 0', 'Sum', own('ConservationViolated', 'MigrationVerifyFailed', 'MigrationGivenUp')],
    ['Invocations', 'Sum', perFunction('Invocations')],
    ['Duration, p99 ms', 'p99', perFunction('Duration')],
    ['Errors', 'Sum', perFunction('Errors')],
    ['Throttles', 'Sum', perFunction('Throttles')],
    [
      'Oldest wake, s',
      'Maximum',
      the.queueNames.map((name) => ['AWS/SQS', 'ApproximateAgeOfOldestMessage', 'QueueName', name]),
    ],
    [
      'Dead wakes',
      'Maximum',
      the.deadLetterNames.map((name) => ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', name]),
    ],
  ]
  const widgets = charts.map(([title, stat, metrics], index) => ({
    type: 'metric',
    x: (index % 2) * 12,
    y: Math.floor(index / 2) * 6,
    width: 12,
    height: 6,
    properties: { title, stat, metrics, region: the.region, period: 60, view: 'timeSeries' },
  }))
  return JSON.stringify({ widgets })
})

new aws.cloudwatch.Dashboard('Dashboard', { dashboardName: `${$app.name}-${$app.stage}`, dashboardBody: body })
