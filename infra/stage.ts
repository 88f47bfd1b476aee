import { givenSettings } from './given-settings.ts'
import { stageSettings } from './stage-settings.ts'

/** Protected stages keep data and logs for long; personal ones are small, cheap and leave nothing behind. */
export const permanent = $app.protect

export const settings = stageSettings(process.env, permanent)

/** Settings of the bus and the records that a stage changes; see core/config.ts for all of them and their meaning. */
export const hiveSettings: Record<string, string> = {
  stage: $app.stage,
  deployed: 'true',
  ...(permanent ? {} : { metricsDays: '30', conversationsDays: '30', securityEventsDays: '30', auditDays: '30' }),
  ...givenSettings(process.env),
}
