import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { measures, namespace } from '../core/measure.ts'
import { routes } from '../functions/routes.ts'
import { type Inputs, type Resource, type Synthesized, synthesize } from '../test/stack/synthesize.ts'

let production: Synthesized
let personal: Synthesized

beforeAll(async () => {
  const made = await Promise.all([
    synthesize('production'),
    synthesize('ada', { HIVE_ALARM_EMAIL: 'ada@example.com', HIVE_TRACING: 'true' }),
  ])
  production = made[0]
  personal = made[1]
  // unpacking sst takes its time on a machine that has never done it
}, 300_000)

const stages = () => [production, personal]

/** The inputs of every resource of a type, by name. */
function all({ resources }: Synthesized, type: string): Record<string, Inputs> {
  return Object.fromEntries(resources.filter((one) => one.type === type).map(({ name, inputs }) => [name, inputs]))
}

const only = (stage: Synthesized, type: string): Inputs => Object.values(all(stage, type))[0] as Inputs

/** `actions on resources` of each statement of a role. */
function permissions(role: Inputs): string[] {
  const statements = role.inlinePolicies.flatMap(({ policy }: Inputs) => JSON.parse(policy as string))
  return statements.map(({ actions, resources }: { actions: string[]; resources: string[] }) => {
    return `${[...actions].sort().join(' ')} on ${resources.join(' ')}`
  })
}

const sqs = (name: string) => `arn:aws:sqs:us-east-1:123456789012:${name}Queue`

describe('routes', () => {
  it('are those of the table and $default, and no other', () => {
    for (const stage of stages()) {
      const keys = Object.values(all(stage, 'aws:apigatewayv2/route:Route')).map(({ routeKey }) => routeKey)
      expect(keys.sort()).toEqual([...routes.map(({ key }) => key), '$default'].sort())
    }
  })

  it('go to the function of their file, one function a file', () => {
    const integrations = all(production, 'aws:apigatewayv2/integration:Integration')
    const fileOf = Object.fromEntries(production.builds.map(({ functionID, handler }) => [functionID, handler]))
    const served = Object.entries(all(production, 'aws:apigatewayv2/route:Route')).map(([name, { routeKey }]) => {
      const uri = integrations[name.replace(/Route$/, 'Integration')]?.integrationUri as string
      return [
        routeKey,
        fileOf[
          uri
            .split(':')
            .at(-1)
            ?.replace(/Function$/, '') as string
        ],
      ]
    })
    const expected = routes.map(({ key, file }): [string, string] => [key, `functions/${file}.handler`])
    expect(Object.fromEntries(served)).toEqual({
      ...Object.fromEntries(expected),
      $default: 'functions/not-found.handler',
    })
    expect(new Set(production.builds.map(({ handler }) => handler)).size).toBe(production.builds.length)
  })

  it('are throttled', () => {
    for (const stage of stages()) {
      const { defaultRouteSettings } = only(stage, 'aws:apigatewayv2/stage:Stage')
      expect(defaultRouteSettings.throttlingRateLimit).toBeGreaterThan(0)
      expect(defaultRouteSettings.throttlingBurstLimit).toBeGreaterThan(0)
    }
  })
})

describe('queues', () => {
  it('each have a dead-letter queue that keeps what it gets for 14 days', () => {
    for (const stage of stages()) {
      const queues = all(stage, 'aws:sqs/queue:Queue')
      const waiting = Object.entries(queues).filter(([name]) => !name.includes('DeadLetters'))
      expect(waiting.length).toBe(3)
      for (const [name, { redrivePolicy }] of waiting) {
        const deadLetters = name.replace('Waiting', 'DeadLetters')
        expect(queues[deadLetters]?.messageRetentionSeconds).toBe(14 * 86_400)
        expect(JSON.parse(redrivePolicy)).toEqual({
          deadLetterTargetArn: `arn:aws:sqs:us-east-1:123456789012:${deadLetters}`,
          maxReceiveCount: 5,
        })
      }
    }
  })

  it('feed functions that report single failures and have a sixth of the time that a wake is hidden', () => {
    for (const stage of stages()) {
      const functions = all(stage, 'aws:lambda/function:Function')
      const queues = all(stage, 'aws:sqs/queue:Queue')
      const sources = Object.values(all(stage, 'aws:lambda/eventSourceMapping:EventSourceMapping'))
      expect(sources.length).toBe(3)
      for (const { eventSourceArn, functionName, functionResponseTypes, batchSize } of sources) {
        const queue = queues[(eventSourceArn as string).split(':').at(-1) as string]
        const fed = functions[(functionName as string).split(':').at(-1) as string]
        expect(functionResponseTypes).toEqual(['ReportBatchItemFailures'])
        expect(batchSize).toBe(1)
        expect(queue?.visibilityTimeoutSeconds).toBeGreaterThanOrEqual(6 * fed?.timeout)
      }
    }
  })

  it('feed functions that may wake themselves for as long as there is work', () => {
    for (const stage of stages()) {
      const functions = all(stage, 'aws:lambda/function:Function')
      const fed = Object.values(all(stage, 'aws:lambda/eventSourceMapping:EventSourceMapping')).map(
        ({ functionName }) => functions[(functionName as string).split(':').at(-1) as string]?.name,
      )
      const allowed = Object.values(all(stage, 'aws:lambda/functionRecursionConfig:FunctionRecursionConfig'))
      expect(allowed.map(({ functionName }) => functionName).sort()).toEqual(fed.sort())
      for (const { recursiveLoop } of allowed) expect(recursiveLoop).toBe('Allow')
    }
  })

  it('bound how much is done at once, and take nothing from the account for it', () => {
    for (const [stage, deliver] of [
      [production, 50],
      [personal, 5],
    ] as const) {
      const sources = all(stage, 'aws:lambda/eventSourceMapping:EventSourceMapping')
      expect(sources.DeliverSource?.scalingConfig).toEqual({ maximumConcurrency: deliver })
      for (const run of Object.values(all(stage, 'aws:lambda/function:Function'))) {
        expect(run.reservedConcurrentExecutions).toBeUndefined()
      }
    }
  })
})

describe('functions', () => {
  it('run on Node 24 and arm64, below the time that API Gateway waits', () => {
    for (const stage of stages()) {
      const functions = Object.entries(all(stage, 'aws:lambda/function:Function'))
      const workers = ['Deliver', 'History', 'Sweep', 'Retention', 'Audit', 'ReviveMigrations']
      const seconds = new Map(workers.map((name) => [`${name}Function`, 60])).set('MigrateBatchFunction', 900)
      for (const [name, { runtime, architectures, timeout }] of functions) {
        expect({ runtime, architectures }).toEqual({ runtime: 'nodejs24.x', architectures: ['arm64'] })
        expect([name, timeout]).toEqual([name, seconds.get(name) ?? 29])
      }
    }
  })

  it('may write their own logs, wake workers, and nothing else', () => {
    for (const stage of stages()) {
      const roles = all(stage, 'aws:iam/role:Role')
      const bucket = 'arn:aws:s3:::MigrationBucketBucket'
      const inBucket: Record<string, string[]> = {
        migrations: [`s3:ListBucket on ${bucket}`, `s3:PutObject on ${bucket}/uploads/*`],
        'migrate-batch': [
          `s3:ListBucket on ${bucket}`,
          `s3:GetObject on ${bucket}/uploads/* ${bucket}/snapshots/*`,
          `s3:PutObject on ${bucket}/snapshots/*`,
        ],
      }
      for (const { functionID, handler } of stage.builds) {
        const role = roles[`${functionID}Role`] as Inputs
        const file = handler.slice('functions/'.length, -'.handler'.length)
        const name = `agent-hive-${stage === production ? 'production' : 'ada'}-${file}`
        const logs = `arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/${name}:*`
        const source = { deliver: 'DeliverWaiting', history: 'HistoryWaiting', 'migrate-batch': 'MigrateWaiting' }[file]
        const migrates = ['migrations', 'migrate-batch', 'revive-migrations'].includes(file)
        const take = 'sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:ReceiveMessage'
        expect(permissions(role).sort()).toEqual(
          [
            `logs:CreateLogStream logs:PutLogEvents on ${logs}`,
            `sqs:SendMessage on ${sqs('DeliverWaiting')}`,
            `sqs:SendMessage on ${sqs('HistoryWaiting')}`,
            ...(stage === personal ? ['xray:PutTelemetryRecords xray:PutTraceSegments on *'] : []),
            ...(source ? [`${take} on ${sqs(source)}`] : []),
            ...(migrates ? [`sqs:SendMessage on ${sqs('MigrateWaiting')}`] : []),
            ...(inBucket[file] ?? []),
          ].sort(),
        )
        expect(role.managedPolicyArns).toEqual([])
      }
    }
  })

  it('are started by schedules that may start them alone', () => {
    const roles = all(production, 'aws:iam/role:Role')
    const functions = production.builds.map(({ functionID }) => `${functionID}Role`)
    const others = Object.entries(roles).filter(([name]) => !functions.includes(name))
    expect(others.map(([name, role]) => [name, permissions(role)]).sort()).toEqual([
      ['AuditScheduleRole', ['lambda:InvokeFunction on arn:aws:lambda:us-east-1:123456789012:function:AuditFunction']],
      [
        'RetentionScheduleRole',
        ['lambda:InvokeFunction on arn:aws:lambda:us-east-1:123456789012:function:RetentionFunction'],
      ],
      [
        'ReviveMigrationsScheduleRole',
        ['lambda:InvokeFunction on arn:aws:lambda:us-east-1:123456789012:function:ReviveMigrationsFunction'],
      ],
      ['SweepScheduleRole', ['lambda:InvokeFunction on arn:aws:lambda:us-east-1:123456789012:function:SweepFunction']],
    ])
    const schedules = all(production, 'aws:scheduler/schedule:Schedule')
    expect(schedules.SweepScheduleSchedule?.scheduleExpression).toBe('rate(1 minute)')
    expect(schedules.RetentionScheduleSchedule?.scheduleExpression).toBe('rate(1 hour)')
    expect(schedules.AuditScheduleSchedule?.scheduleExpression).toBe('rate(1 hour)')
    expect(schedules.ReviveMigrationsScheduleSchedule?.scheduleExpression).toBe('rate(5 minutes)')
  })

  it('that a schedule started are not started again before their next turn', () => {
    const schedules = Object.values(all(production, 'aws:scheduler/schedule:Schedule'))
    expect(schedules.map(({ target }) => target.retryPolicy.maximumRetryAttempts)).toEqual([0, 0, 0, 0])
    const retries = Object.entries(all(production, 'aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig'))
    expect(retries.map(([name, { maximumRetryAttempts }]) => [name, maximumRetryAttempts]).sort()).toEqual([
      ['AuditEventInvokeConfig', 0],
      ['RetentionEventInvokeConfig', 0],
      ['ReviveMigrationsEventInvokeConfig', 0],
      ['SweepEventInvokeConfig', 0],
    ])
  })

  it('get their configuration through links, and nothing of it through the environment', () => {
    for (const { name, inputs } of production.resources.filter(({ type }) => type === 'aws:lambda/function:Function')) {
      const variables = Object.keys(inputs.environment.variables).sort()
      expect([name, variables]).toEqual([name, ['SST_KEY', 'SST_KEY_FILE', 'SST_RESOURCE_App']])
    }
    const more: Record<string, string[]> = {
      migrations: ['MigrateQueue', 'Migration'],
      'migrate-batch': ['DatabaseDirectUrl', 'MigrateQueue', 'Migration'],
      'revive-migrations': ['MigrateQueue'],
    }
    for (const { links, handler } of production.builds) {
      const others = more[handler.slice('functions/'.length, -'.handler'.length)] ?? []
      expect(Object.keys(links).sort()).toEqual(
        [
          ...others,
          'AdminKeys',
          'DatabaseUrl',
          'DeliverQueue',
          'HistoryQueue',
          'Hive',
          'RedisRestToken',
          'RedisRestUrl',
          'SigningRoot',
        ].sort(),
      )
    }
  })

  it('keep their logs for a time', () => {
    for (const [stage, days] of [
      [production, 90],
      [personal, 7],
    ] as const) {
      const groups = Object.values(all(stage, 'aws:cloudwatch/logGroup:LogGroup'))
      expect(new Set(groups.map(({ retentionInDays }) => retentionInDays))).toEqual(new Set([days]))
      expect(groups.length).toBe(stage.builds.length + 1)
    }
  })

  it('are traced where the stage asks for it', () => {
    const modes = (stage: Synthesized) =>
      Object.values(all(stage, 'aws:lambda/function:Function')).map(({ tracingConfig }) => tracingConfig.mode)
    expect(new Set(modes(personal))).toEqual(new Set(['Active']))
    expect(new Set(modes(production))).toEqual(new Set(['PassThrough']))
  })
})

describe('storage', () => {
  it('is closed to the public, encrypted, and forgets uploads', () => {
    for (const stage of stages()) {
      const buckets = Object.keys(all(stage, 'aws:s3/bucket:Bucket'))
      const blocks = all(stage, 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock')
      expect(buckets.length).toBe(Object.keys(blocks).length)
      for (const block of Object.values(blocks)) {
        expect(block).toMatchObject({
          blockPublicAcls: true,
          blockPublicPolicy: true,
          ignorePublicAcls: true,
          restrictPublicBuckets: true,
        })
      }
      const type = 'aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration'
      expect(Object.keys(all(stage, type)).length).toBe(buckets.length)
      const lifecycle = only(stage, 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration')
      expect(lifecycle.rules[0].expiration.days).toBe(stage === production ? 90 : 7)
    }
  })
})

describe('databases', () => {
  const types = ['upstash:index/redisDatabase:RedisDatabase', 'neon:index/project:Project']

  it('are given by secrets, and none is made, where no credentials of their providers are given', () => {
    for (const stage of stages()) for (const type of types) expect(all(stage, type)).toEqual({})
    expect(Object.keys(production.app.providers)).toEqual(['aws'])
  })

  it('are made where they are, kept with a permanent stage, and linked to the functions as secrets are', async () => {
    const credentials = { UPSTASH_EMAIL: 'ada@example.com', UPSTASH_API_KEY: 'a-key', NEON_API_KEY: 'a-key' }
    const made = await synthesize('production', credentials)
    expect(Object.keys(made.app.providers)).toEqual(['aws', 'upstash', 'neon'])
    expect(only(made, types[0] as string)).toMatchObject({ databaseName: 'agent-hive-production', eviction: false })
    expect(only(made, types[1] as string)).toMatchObject({ name: 'agent-hive-production', regionId: 'aws-us-east-1' })
    const kept = made.resources.filter(({ retained }) => retained).map(({ name }) => name)
    expect(kept).toEqual(expect.arrayContaining(['Redis', 'Postgres']))
    const links = made.builds[0]?.links ?? {}
    expect(Object.keys(links).sort()).toEqual(Object.keys(production.builds[0]?.links ?? {}).sort())
    expect(links.RedisRestUrl).toMatchObject({ value: 'https://made.upstash.test' })
    expect(links.DatabaseUrl).toMatchObject({ value: 'postgresql://pooled.made' })
  }, 60_000)
})

describe('removal', () => {
  const retained = ({ resources }: Synthesized) =>
    resources.filter((one: Resource) => one.retained).map(({ name }) => name)

  it('is refused in production, and would keep what was uploaded', () => {
    expect(production.protected).toBe(true)
    expect(production.app.removal).toBe('retain')
    expect(retained(production)).toContain('MigrationBucketBucket')
    expect(only(production, 'aws:s3/bucket:Bucket').forceDestroy).toBe(false)
  })

  it('leaves nothing of a personal stage', () => {
    expect(personal.protected).toBe(false)
    expect(personal.app.removal).toBe('remove')
    expect(retained(personal)).toEqual([])
    expect(only(personal, 'aws:s3/bucket:Bucket').forceDestroy).toBe(true)
  })
})

describe('alarms', () => {
  it('go to one topic, and by mail to who asks for it', () => {
    for (const stage of stages()) {
      for (const { alarmActions } of Object.values(all(stage, 'aws:cloudwatch/metricAlarm:MetricAlarm'))) {
        expect(alarmActions).toEqual(['arn:aws:sns:us-east-1:123456789012:Alarms'])
      }
    }
    expect(all(production, 'aws:sns/topicSubscription:TopicSubscription')).toEqual({})
    expect(only(personal, 'aws:sns/topicSubscription:TopicSubscription').endpoint).toBe('ada@example.com')
  })

  it('each have a place in the runbook', async () => {
    const runbook = await readFile(join(import.meta.dirname, '..', 'docs', 'operate.md'), 'utf8')
    const headings = runbook.split('\n').filter((line) => line.startsWith('### '))
    const named = new Set(headings.flatMap((line) => line.slice('### '.length).split(', ')))
    const alarms = Object.keys(all(production, 'aws:cloudwatch/metricAlarm:MetricAlarm'))
    expect(alarms.filter((name) => !named.has(name))).toEqual([])
  })

  it('watch what the functions measure, under the names that they measure it by', () => {
    for (const [stage, name] of [
      [production, 'production'],
      [personal, 'ada'],
    ] as const) {
      const own = Object.values(all(stage, 'aws:cloudwatch/metricAlarm:MetricAlarm')).filter(
        (alarm) => alarm.namespace === namespace,
      )
      expect(own.map(({ metricName }) => metricName).sort()).toEqual([
        'ConservationViolated',
        'MetricWriteLatency',
        'MigrationGivenUp',
        'MigrationVerifyFailed',
        'PublishLatency',
      ])
      for (const { metricName, dimensions } of own) {
        expect(Object.keys(measures)).toContain(metricName)
        expect(dimensions).toEqual({ stage: name })
      }
    }
  })

  it('of scheduled functions go off within the turns that they have', () => {
    const schedules = Object.entries(all(production, 'aws:scheduler/schedule:Schedule'))
    const alarmsOf = all(production, 'aws:cloudwatch/metricAlarm:MetricAlarm')
    for (const [name, { scheduleExpression }] of schedules) {
      const [, count = '', unit] = /^rate\((\d+) (minute|hour)s?\)$/.exec(scheduleExpression) ?? []
      const everyMinutes = Number(count) * (unit === 'hour' ? 60 : 1)
      const fails = alarmsOf[name.replace('ScheduleSchedule', 'Fails')]
      const turns = Math.max(1, Math.floor(fails?.evaluationPeriods / everyMinutes))
      expect([name, fails?.metricName, fails?.datapointsToAlarm <= turns]).toEqual([name, 'Errors', true])
    }
    // it may take 15 minutes to run out of time
    expect(alarmsOf.MigrateBatchFails?.datapointsToAlarm).toBe(1)
  })

  it('watch every queue and dead-letter queue, the workers, the schedules and the API', () => {
    expect(Object.keys(all(production, 'aws:cloudwatch/metricAlarm:MetricAlarm')).sort()).toMatchSnapshot()
  })
})

describe('the whole stack', () => {
  it.each(['production', 'ada'])('of %s is what it was when it was last reviewed', (name) => {
    const stage = name === 'production' ? production : personal
    const lines = stage.resources
      .filter(({ custom }) => custom)
      .map(
        ({ type, name, inputs, retained }) => `${type} ${name}${retained ? ' (retained)' : ''} ${comparable(inputs)}`,
      )
    expect(lines.sort().join('\n')).toMatchSnapshot()
  })
})

/** Without what differs from run to run: the chance in names, the folder that bundles were built in, their hash. */
function comparable(inputs: Inputs): string {
  return JSON.stringify(inputs, (key, value) => (key === 'source' ? 'a bundle' : value))
    .replace(/-[abcdefhkmnorstuvwxz]{8}(?=[\\"/.])/g, '-#')
    .replace(/-code-[0-9a-f]{64}/g, '-code-#')
}
