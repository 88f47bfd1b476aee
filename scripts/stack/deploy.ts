import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Check, preflight } from './preflight.ts'
import { madeNames, readMadeSecrets, readSecrets } from './read-secrets.ts'

const usage = `  npm run preflight -- --stage X    checks secrets, Redis, Postgres and the schema, and changes nothing
  npm run deploy -- --stage X       the same, applies SQL migrations, then deploys
  npm run remove -- --stage X       removes a stage that is not protected`

const commands = ['preflight', 'deploy', 'remove'] as const
type Command = (typeof commands)[number]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { stage: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
})
const command = positionals[0] as Command
const stage = values.stage
if (values.help || !commands.includes(command) || stage === undefined || !/^[a-z0-9-]{1,32}$/.test(stage)) {
  console.log(usage)
  if (!values.help) console.error('\nA stage is 1 to 32 of a to z, 0 to 9 and -.')
  process.exit(values.help ? 0 : 2)
}

// as sst reads them; what is set already stays
for (const file of [`.env.${stage}`, '.env']) if (existsSync(file)) process.loadEnvFile(file)
const made = madeNames(process.env)
if (command !== 'remove') await check(stage, command === 'deploy')
if (command === 'preflight') process.exit(0)
const status = sst(command, stage)
// what the first deploy has made has no schema yet
if (status === 0 && command === 'deploy' && made.length > 0) await check(stage, true)
process.exit(status)

/** Ends the process where something is not as a deploy needs it. */
async function check(stage: string, migrate: boolean): Promise<void> {
  const secrets = await secretsOf(stage)
  const checks = await preflight(secrets, { migrate, yet: made.filter((name) => !secrets[name]) })
  for (const one of checks) console.log(line(one))
  if (checks.some(({ ok }) => !ok)) process.exit(1)
}

async function secretsOf(stage: string) {
  try {
    return { ...(await readSecrets(stage)), ...(await readMadeSecrets(stage, made)) }
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string }
    console.error(`The secrets of ${stage} could not be read: ${stderr || message}`)
    console.error('sst needs AWS credentials: aws sts get-caller-identity says whether there are any.')
    process.exit(1)
  }
}

function line({ name, ok, says }: Check): string {
  return `${ok ? 'ok    ' : 'FAILS '} ${name}: ${says}`
}

function sst(command: Command, stage: string): number {
  return spawnSync('sst', [command, '--stage', stage], { stdio: 'inherit' }).status ?? 1
}
