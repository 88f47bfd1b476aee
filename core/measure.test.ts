import { describe, expect, it } from 'vitest'
import { sampleMessage } from '../test/sample-message.ts'
import { configToEnvironment, loadConfig } from './config.ts'
import { createHive } from './hive.ts'
import { createJsonLog } from './json-log.ts'
import { measure } from './measure.ts'

const now = Date.parse('2026-03-01T12:00:00Z')

function hiveThatWrites(settings = {}) {
  const lines: string[] = []
  const config = loadConfig(
    configToEnvironment({
      stage: 'ada',
      redisRestUrl: 'http://127.0.0.1:1',
      redisRestToken: 'x',
      databaseUrl: 'postgresql://127.0.0.1:1/none',
      deliverQueueUrl: 'http://127.0.0.1:1/deliver',
      historyQueueUrl: 'http://127.0.0.1:1/history',
      adminKeys: 'a-test-key-of-the-hive',
      signingRoot: 'a root from which tests derive their keys',
      ...settings,
    }),
  )
  const log = createJsonLog(
    (line) => lines.push(line),
    () => now,
  )
  const clock = { now: () => now, sleep: async () => {} }
  return { hive: createHive(config, { log, clock }), read: () => lines.map((line) => JSON.parse(line)) }
}

describe('what is measured', () => {
  it('is one line that is a log entry and metrics of CloudWatch', () => {
    const { hive, read } = hiveThatWrites()
    measure(hive, 'published', { PublishLatency: 12, MessagesAccepted: 1 }, { request_id: 'r-1' })
    expect(read()).toEqual([
      {
        level: 'INFO',
        message: 'published',
        timestamp: '2026-03-01T12:00:00.000Z',
        service: 'agent-hive',
        _aws: {
          Timestamp: now,
          CloudWatchMetrics: [
            {
              Namespace: 'AgentHive',
              Dimensions: [['stage']],
              Metrics: [
                { Name: 'PublishLatency', Unit: 'Milliseconds' },
                { Name: 'MessagesAccepted', Unit: 'Count' },
              ],
            },
          ],
        },
        stage: 'ada',
        PublishLatency: 12,
        MessagesAccepted: 1,
        request_id: 'r-1',
      },
    ])
  })

  it('names messages and nothing that is in them, unless the stage does not want that', () => {
    const messages = [sampleMessage({ body: { secret: 'not for logs' }, correlation_id: 'c-1' })]
    for (const [logMessages, seen] of [
      [true, 1],
      [false, undefined],
    ] as const) {
      const { hive, read } = hiveThatWrites({ logMessages })
      measure(hive, 'published', { MessagesAccepted: 1 }, { messages })
      expect(read()[0].messages?.length).toBe(seen)
      expect(JSON.stringify(read())).not.toContain('not for logs')
    }
  })

  it('is no metric where there is nothing to count', () => {
    const { hive, read } = hiveThatWrites()
    measure(hive, 'received', {}, { agent: 'bob' })
    expect(read()[0]).not.toHaveProperty('_aws')
  })
})
