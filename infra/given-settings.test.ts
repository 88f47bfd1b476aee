import { expect, it } from 'vitest'
import { givenSettings } from './given-settings.ts'

it('gives the settings that a stage changes, by their fields', () => {
  const env = { HIVE_SET_metricsDays: '90', HIVE_METRICS_DAYS: '1', PATH: '/bin' }
  expect(givenSettings(env)).toEqual({ metricsDays: '90' })
})
