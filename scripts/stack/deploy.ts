import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Check, preflight } from './preflight.ts'
import { madeNames, readMadeSecrets, readSecrets } from './read-secrets.ts'
import { type StageCommand, stageArguments } from './stage-arguments.ts'

const read = stageArguments(process.argv.slice(2))
if ('usage' in read) {
  console.log(read.usage)
  if (read.wrong !== null) console.error(`\n${read.wrong}`)
  process.exit(read.wrong === null ? 0 : 2)
}
const { command, stage } = read

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
  const checks = await preflight(secrets, {
    ...{ stage, migrate, env: process.env },
    yet: made.filter((name) => !secrets[name]),
  })
  for (const one of checks) console.log(line(one))
  if (checks.some(({ ok }) => !ok)) process.exit(1)
}

async function secretsOf(stage: string) {
  try {
    return { ...(await readSecrets(stage)), ...(await readMadeSecrets(stage, made, console.error)) }
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

function sst(command: StageCommand, stage: string): number {
  return spawnSync('sst', [command, '--stage', stage], { stdio: 'inherit' }).status ?? 1
}
