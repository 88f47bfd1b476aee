/** Stages that people rely on: they are protected from `remove` and keep their data. All others are personal. */
const permanentStages = ['production', 'staging']

/** Providers of the databases that the stack makes: those whose credentials are given. */
function databases(): object {
  const { UPSTASH_EMAIL: email, UPSTASH_API_KEY, NEON_API_KEY } = process.env
  return {
    ...(UPSTASH_API_KEY
      ? { upstash: { package: '@upstash/pulumi', version: '0.5.0', email, apiKey: UPSTASH_API_KEY } }
      : {}),
    ...(NEON_API_KEY ? { neon: { package: '@sst-provider/neon', version: '0.13.0', apiKey: NEON_API_KEY } } : {}),
  }
}

// sst evaluates `app` alone before anything is installed, so what it needs stands here
export default $config({
  app(input) {
    const permanent = permanentStages.includes(input?.stage ?? '')
    return {
      name: 'agent-hive',
      home: 'aws',
      removal: permanent ? 'retain' : 'remove',
      protect: permanent,
      // the versions that this release of sst is made with
      version: '4.17.1',
      providers: {
        aws: { version: '7.20.0', region: (process.env.AWS_REGION as 'us-east-1') ?? 'us-east-1' },
        ...databases(),
      },
    }
  },
  async run() {
    const { api } = await import('./infra/api.ts')
    await import('./infra/workers.ts')
    await import('./infra/storage.ts')
    await import('./infra/schedules.ts')
    await import('./infra/alarms.ts')
    await import('./infra/dashboard.ts')
    return { url: api.url }
  },
})
