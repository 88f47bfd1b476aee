const prefix = 'HIVE_SET_'

/** Settings of core/config.ts that a stage changes: `HIVE_SET_metricsDays=90` sets `metricsDays`. */
export function givenSettings(env: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value ?? '']))
}
