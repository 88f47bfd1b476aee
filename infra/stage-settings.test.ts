import { expect, it } from 'vitest'
import { stageSettings } from './stage-settings.ts'

it('is larger for a stage that is to last, where nothing is said', () => {
  expect(stageSettings({ HIVE_MEMORY_MB: '' }, true)).toMatchObject({ memory: 1024, deliverConcurrency: 50 })
  expect(stageSettings({}, false)).toMatchObject({ memory: 512, deliverConcurrency: 5, tracing: false })
  expect(stageSettings({ HIVE_MEMORY_MB: '2048', HIVE_TRACING: 'true' }, true)).toMatchObject({
    memory: 2048,
    tracing: true,
  })
})

it.each([
  [{ HIVE_REQUEST_BURST: 'many' }, 'HIVE_REQUEST_BURST must be a whole number, 1 or more'],
  [{ HIVE_REQUEST_RATE: '1e3' }, 'HIVE_REQUEST_RATE must be a whole number, 1 or more'],
  [{ HIVE_MEMORY_MB: '64' }, 'HIVE_MEMORY_MB must be a whole number, 128 or more'],
  [{ HIVE_DELIVER_CONCURRENCY: '1' }, 'HIVE_DELIVER_CONCURRENCY must be a whole number, 2 to 1,000'],
  [{ HIVE_DELIVER_CONCURRENCY: '1001' }, 'HIVE_DELIVER_CONCURRENCY must be a whole number, 2 to 1,000'],
  [{ HIVE_TRACING: 'yes' }, 'HIVE_TRACING must be true or false'],
])('names what is not as it must be: %j', (env, says) => {
  expect(() => stageSettings(env, false)).toThrow(says)
})
