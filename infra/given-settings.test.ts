import { expect, it } from 'vitest'
import { givenSettings, sizeFrom } from './given-settings.ts'

it('gives the settings that a stage changes, by their fields', () => {
  const env = { HIVE_SET_metricsDays: '90', HIVE_METRICS_DAYS: '1', PATH: '/bin' }
  expect(givenSettings(env)).toEqual({ metricsDays: '90' })
})

it('reads sizes, and names the one that is wrong', () => {
  const size = sizeFrom({
    HIVE_MEMORY_MB: '2048',
    HIVE_REQUEST_RATE: '',
    HIVE_REQUEST_BURST: 'many',
    HIVE_DELIVER_CONCURRENCY: '1',
  })
  expect(size('HIVE_MEMORY_MB', 512)).toBe(2048)
  expect(size('HIVE_REQUEST_RATE', 100)).toBe(100)
  expect(() => size('HIVE_REQUEST_BURST', 200)).toThrow('HIVE_REQUEST_BURST must be a whole number, 1 or more')
  expect(() => size('HIVE_DELIVER_CONCURRENCY', 5, 2)).toThrow(
    'HIVE_DELIVER_CONCURRENCY must be a whole number, 2 or more',
  )
})
