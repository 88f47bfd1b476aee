/**
 * As much as is used here of two providers that a stage has only where their credentials are given: sst installs them then.
 */
declare namespace upstash {
  class RedisDatabase {
    constructor(
      name: string,
      args: {
        databaseName: string
        region: string
        primaryRegion: $util.Input<string>
        tls: boolean
        eviction: boolean
      },
      options: { protect: boolean; retainOnDelete: boolean },
    )
    endpoint: $util.Output<string>
    restToken: $util.Output<string>
  }
}

declare namespace neon {
  class Project {
    constructor(
      name: string,
      args: {
        name: string
        regionId: $util.Input<string>
        pgVersion: number
        historyRetentionSeconds: number
        orgId?: string
      },
      options: { protect: boolean; retainOnDelete: boolean },
    )
    connectionUri: $util.Output<string>
    connectionUriPooler: $util.Output<string>
  }
}
