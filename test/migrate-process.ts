import { readFileSync } from 'node:fs'
import pg from 'pg'
import type { Plan } from '../core/migration/plan/plan.ts'
import { runMigration } from '../core/migration/run/run-migration.ts'

/** Runs a plan, in a process of its own that a test can kill; says a line after each batch. */
const [url, folder, planFile] = process.argv.slice(2) as [string, string, string]
const plan = JSON.parse(readFileSync(planFile, 'utf8')) as Plan
const clients = Array.from({ length: 3 }, () => new pg.Client({ connectionString: url }))
for (const client of clients) {
  client.on('error', () => {})
  await client.connect()
}
const [client, ...lanes] = clients as [pg.Client, ...pg.Client[]]
const { state } = await runMigration(client, {
  ...{ folder, plan, lanes, id: crypto.randomUUID() },
  progress: ({ rows }) => process.stdout.write(`${rows}\n`),
})
for (const one of clients) await one.end()
process.exitCode = state === 'complete' ? 0 : 1
