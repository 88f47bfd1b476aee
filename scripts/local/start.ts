import { rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { getAgent, registerAgent } from '../../core/access/agents.ts'
import { settingsOf } from '../../core/config.ts'
import { HiveError } from '../../core/errors.ts'
import type { Hive, Log } from '../../core/hive.ts'
import { type Cloud, startCloud } from './cloud.ts'
import { restoreProjection } from './restore-projection.ts'
import { untilInterrupted } from './until-interrupted.ts'
import { withoutPassword } from './without-password.ts'

/**
 * Starts the local cloud and keeps it until Ctrl-C. `HIVE_STATE_DIR` and `PORT` say where, if not `.hive` and 4800; settings
 * that have a default are taken from the environment (`HIVE_METRICS_DAYS=30`).
 */
const stateDir = process.env.HIVE_STATE_DIR || join(import.meta.dirname, '..', '..', '.hive')
const { REDIS_URL: redisUrl, DATABASE_URL: databaseUrl, PORT: port } = process.env

const line = (level: string) => (message: string, extra?: object) =>
  console.error(`${new Date().toISOString()} ${level} ${message} ${extra ? JSON.stringify(extra) : ''}`)
const log: Log = { info: () => {}, warn: line('warn'), error: line('error') }

const interrupted = untilInterrupted()
try {
  console.log('Starting the local cloud …')
  const cloud = await startCloud({
    stateDir,
    persistent: true,
    ...(port ? { port: portOf(port) } : {}),
    redisUrl,
    databaseUrl,
    settings: settingsOf(process.env),
    log,
  })
  const code = await run(cloud).finally(() => stop(cloud))
  process.exit(code)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

/** Works until Ctrl-C, or until a server that everything needs is gone. Gives what the process ends with. */
async function run(cloud: Cloud): Promise<number> {
  const restored = await restoreProjection(cloud.hive)
  if (restored) console.log(`Redis did not know the agents. It has them again: ${JSON.stringify(restored)}`)
  await makeDemoAgent(cloud.hive)
  console.log(welcome(cloud))
  const gone = await Promise.race([interrupted, endOf(cloud.redis, 'Redis'), endOf(cloud.postgres, 'Postgres')])
  if (gone) console.error(`\n${gone} has ended by itself. Stopping; npm start begins again with what is on disk.`)
  else console.log('\nStopping; press Ctrl-C again to stop at once.')
  return gone ? 1 : 0
}

/** The name of a server once it has ended; never, where it is somebody else's. */
function endOf(server: { ended(): Promise<void> } | null, name: string): Promise<string> {
  return new Promise((resolve) => void server?.ended().then(() => resolve(name)))
}

async function stop(cloud: Cloud): Promise<void> {
  await rm(join(stateDir, 'connection.json'), { force: true })
  await cloud.stop()
}

function portOf(text: string): number {
  const number = Number(text)
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= 65_535) return number
  throw new Error('PORT must be a whole number from 1 to 65535')
}

/** Somebody to publish to. One that is there already is left as it is. */
async function makeDemoAgent(hive: Hive): Promise<void> {
  try {
    await getAgent(hive, 'hello-agent')
  } catch (error) {
    if (!(error instanceof HiveError && error.code === 'agent.unknown')) throw error
    await registerAgent(hive, 'hello-agent', { endpoint: null, disabled: false })
  }
}

function welcome({ url, adminKey, redis, postgres, redisUrl, databaseUrl }: Cloud): string {
  const own = (server: object | null, name: string) => (server ? '' : `  (given by ${name})`)
  return `
Agent Hive is running. Ctrl-C stops it; what it keeps is in ${relative(process.cwd(), stateDir) || stateDir}.

  URL        ${url}
  Admin key  ${adminKey}
  Redis      ${withoutPassword(redisUrl)}${own(redis, 'REDIS_URL')}
  Postgres   ${postgres ? databaseUrl : withoutPassword(databaseUrl)}${own(postgres, 'DATABASE_URL')}

Send a first message to hello-agent:

curl -sS ${url}/v1/messages \\
  -H 'Authorization: Bearer ${adminKey}' \\
  -d '{"from_agent":"me","to_agent":"hello-agent","message_type":"greeting","body":{"text":"Hello, hive!"}}'

and take it out of its inbox:

curl -sS ${url}/v1/agents/hello-agent/inbox/receive \\
  -H 'Authorization: Bearer ${adminKey}' -d '{}'
`
}
