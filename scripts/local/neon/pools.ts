import pg from 'pg'

const idleMs = 10_000
const connectionsPerPool = 20

/** Postgres connections, kept for each connection string while they are in use. */
export type Pools = {
  /** Throws what `pg` throws when there is no connection to be had. */
  connect(connectionString: string): Promise<pg.PoolClient>
  close(): Promise<void>
}

export function createPools(): Pools {
  const pools = new Map<string, pg.Pool>()

  const open = (connectionString: string): pg.Pool => {
    const pool = new pg.Pool({
      connectionString,
      max: connectionsPerPool,
      idleTimeoutMillis: idleMs,
      connectionTimeoutMillis: 10_000,
      allowExitOnIdle: true,
    })
    // an idle connection that dies (Postgres was killed, the database dropped) is simply no longer in the pool
    pool.on('error', () => {})
    // so is one that dies as it is given back: the pool listens to none in between
    pool.on('connect', (client) => client.on('error', () => {}))
    pool.on('remove', () => {
      if (pool.totalCount === 0 && pool.waitingCount === 0 && pools.get(connectionString) === pool) {
        pools.delete(connectionString)
      }
    })
    pools.set(connectionString, pool)
    return pool
  }

  return {
    connect: (connectionString) => (pools.get(connectionString) ?? open(connectionString)).connect(),
    async close() {
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map((pool) => pool.end()))
    },
  }
}
