import { CommanderError } from 'commander'
import { HiveError } from '../../core/errors.ts'
import { HiveProblem, HiveUnreachable, Incomplete, UsageError } from './problem.ts'
import { visibleJson, visibleLine } from './visible-text.ts'

export const exitCode = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const

/** Says in one line on stderr what went wrong (a JSON line with --json) and returns the exit code. */
export function reportError(error: unknown, json: boolean, write: (line: string) => void): number {
  // the version, and help that was asked for or that was shown because nothing was: it has been printed
  if (error instanceof CommanderError && /^commander\.(help|version)/.test(error.code)) {
    return error.exitCode === 0 ? exitCode.ok : exitCode.usage
  }
  const document = describe(error)
  write(json ? visibleJson(document) : oneLine(document))
  if (error instanceof UsageError || error instanceof CommanderError) return exitCode.usage
  if (error instanceof HiveUnreachable) return exitCode.unreachable
  return exitCode.failed
}

type Described = {
  code: string
  status?: number
  detail: string
  errors?: { field: string; message: string }[]
  request_id?: string
}

function describe(error: unknown): Described {
  if (error instanceof HiveProblem) return error.document
  // what runs in this process: reading files, checking a plan
  if (error instanceof HiveError) return { code: error.code, detail: error.message, errors: error.errors }
  const detail = error instanceof Error ? error.message : String(error)
  if (error instanceof CommanderError)
    return { code: 'usage', detail: `${detail.replace(/^error: /, '')} (--help says more)` }
  if (error instanceof UsageError) return { code: 'usage', detail }
  if (error instanceof HiveUnreachable) return { code: 'unreachable', detail }
  if (error instanceof Incomplete) return { code: 'incomplete', detail }
  return { code: 'failed', detail }
}

function oneLine({ code, status, detail, errors = [], request_id }: Described): string {
  const told = ({ field, message }: { field: string; message: string }) => detail.includes(`${field} ${message}`)
  const fields = errors
    .filter((error) => !told(error))
    .map(({ field, message }) => (field === '' ? message : `${field}: ${message}`))
  const line = [
    `hive: ${detail.replace(/\.$/, '')}`,
    ...fields,
    `code ${code}${status === undefined ? '' : ` (${status})`}`,
    ...(request_id === undefined ? [] : [`request ${request_id}`]),
  ].join('; ')
  return visibleLine(line.replaceAll(/\s*\n\s*/g, ' '))
}
