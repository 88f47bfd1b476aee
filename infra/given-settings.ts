const prefix = 'HIVE_SET_'

/** Settings of core/config.ts that a stage changes: `HIVE_SET_metricsDays=90` sets `metricsDays`. */
export function givenSettings(env: Record<string, string | undefined>): Record<string, string> {
  const entries = Object.entries(env).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value ?? '']))
}

/** Reads whole numbers of an environment, `byDefault` where it has none. Throws naming the variable that is none or too small. */
export function sizeFrom(env: Record<string, string | undefined>) {
  return (name: string, byDefault: number, least = 1): number => {
    const text = env[name]
    if (text === undefined || text === '') return byDefault
    const value = Number(text)
    if (!Number.isInteger(value) || value < least) throw new Error(`${name} must be a whole number, ${least} or more`)
    return value
  }
}
