import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Secrets } from './preflight.ts'

/** The secrets that a stage has, its own over those of all stages, as `sst secret list` gives them. */
export async function readSecrets(stage: string): Promise<Secrets> {
  const { stdout } = await promisify(execFile)('sst', ['secret', 'list', '--stage', stage])
  return parseSecrets(stdout)
}

/** Lines of `Name=value`; values may hold further `=`. Headings are skipped, and a later line wins. */
export function parseSecrets(text: string): Secrets {
  const lines = text.split('\n').map((line) => /^([A-Z][A-Za-z0-9]*)=(.*)$/.exec(line.trim()))
  return Object.fromEntries(lines.flatMap((match) => (match ? [[match[1] ?? '', match[2] ?? '']] : [])))
}
