import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Secrets } from './preflight.ts'

/** The secrets that a stage has, its own over those of all stages, as `sst secret list` gives them. Throws what sst says. */
export async function readSecrets(stage: string): Promise<Secrets> {
  try {
    const { stdout } = await promisify(execFile)('sst', ['secret', 'list', '--stage', stage])
    return parseSecrets(stdout)
  } catch (error) {
    if (saysNone(error as Said)) return {}
    throw error
  }
}

type Said = { stdout?: string; stderr?: string }

/** sst fails where there is no secret yet, and then says so. */
export const saysNone = ({ stdout = '', stderr = '' }: Said) => /no secrets found/i.test(stdout + stderr)

/** Secrets that the stack makes, by the variable with the provider's credentials: see infra/made-redis.ts and made-postgres.ts. */
export function madeNames(env: Record<string, string | undefined>): string[] {
  return [
    ...(env.UPSTASH_API_KEY ? ['RedisRestUrl', 'RedisRestToken'] : []),
    ...(env.NEON_API_KEY ? ['DatabaseUrl', 'DatabaseDirectUrl'] : []),
  ]
}

/**
 * The secrets that a stage has made, out of its links; none where it has not been deployed yet. sst does not tell that from
 * other faults, so what it says is passed on to `note`.
 */
export async function readMadeSecrets(
  stage: string,
  names: readonly string[],
  note: (text: string) => void,
): Promise<Secrets> {
  if (names.length === 0) return {}
  const print = 'process.stdout.write("\\n" + JSON.stringify(process.env))'
  try {
    const { stdout } = await promisify(execFile)('sst', [
      'shell',
      '--stage',
      stage,
      '--',
      process.execPath,
      '-e',
      print,
    ])
    return linkedSecrets(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '{}'), names)
  } catch (error) {
    const { stderr, message } = error as Error & Said
    note(`The links of ${stage} could not be read, as if it had never been deployed: ${(stderr || message).trim()}`)
    return {}
  }
}

/** The values of links as `sst shell` puts them into an environment. */
export function linkedSecrets(env: Record<string, string | undefined>, names: readonly string[]): Secrets {
  const links = names.map((name) => [name, JSON.parse(env[`SST_RESOURCE_${name}`] ?? '{}').value])
  return Object.fromEntries(links.filter(([, value]) => typeof value === 'string'))
}

/** Lines of `Name=value`; values may hold further `=`. Headings are skipped, and a later line wins. */
export function parseSecrets(text: string): Secrets {
  const lines = text.split('\n').map((line) => /^([A-Z][A-Za-z0-9]*)=(.*)$/.exec(line.trim()))
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? '']] : [])))
}
