import { type FieldError, HiveError } from '../../errors.ts'
import { columns } from '../columns.ts'

/** Why a statement brought no result, and whether the same again may. */
export type Failure = { error: HiveError; transient: boolean }

/** A refusal that is not Postgres's own: any status but 200 and 400. */
export class HttpRefusal extends Error {
  readonly status: number

  constructor(status: number) {
    super(`HTTP status ${status}`)
    this.status = status
  }
}

/** The connection string is no such thing. What the driver said of it may quote it, and is left out. */
export class UnusableUrl extends Error {
  constructor() {
    super('the connection string is not valid')
  }
}

/** Shutting down, starting up, too many connections, connection trouble, deadlocks and serialisation. */
const transientState = /^(?:57P0[123]|53300|08...|40001|40P01)$/
/** Data that does not fit: values, constraints, limits of the program. */
const dataState = /^(?:22|23|54)...$/

const checkName = new RegExp(`^(?:${Object.keys(columns).join('|')})_(\\w+)_check$`)

/** What drivers put into their errors; only what holds neither data nor connection strings is used. */
type DriverError = {
  message?: string
  code?: string
  column?: string
  constraint?: string
  sourceError?: unknown
  cause?: unknown
}

/**
 * Tells what an error of the driver means. The result's texts, its cause's too, never hold what Postgres or the driver
 * said in words: that may quote rows, statements or a password.
 */
export function toFailure(error: unknown): Failure {
  const { code = '', column, constraint, message = '', sourceError } = (error ?? {}) as DriverError
  if (/^[0-9A-Z]{5}$/.test(code) && code !== 'EPIPE') {
    const cause = new Error(constraint ? `SQLSTATE ${code}, constraint ${constraint}` : `SQLSTATE ${code}`)
    if (transientState.test(code)) return unavailable(cause)
    if (!dataState.test(code)) return internal(cause)
    return { error: unfit(column ?? columnOf(constraint), cause), transient: false }
  }
  if (message.startsWith('password authentication failed')) return internal(new Error('the credentials were refused'))
  if (sourceError instanceof HttpRefusal) {
    const { status } = sourceError
    const passing = status === 408 || status === 429 || (status >= 500 && status !== 507)
    return passing ? unavailable(sourceError) : internal(sourceError)
  }
  if (error instanceof UnusableUrl || code === 'ERR_INVALID_URL') return internal(new UnusableUrl())
  return unavailable(new Error(`no answer (${networkCode(sourceError ?? error) || 'connection closed'})`))
}

function unavailable(cause: Error): Failure {
  const error = new HiveError('postgres.unavailable', 'The records cannot be reached right now.', {
    retryAfter: 2,
    cause,
  })
  return { error, transient: true }
}

function internal(cause: Error): Failure {
  return { error: new HiveError('internal', 'The records failed.', { cause }), transient: false }
}

function unfit(column: string | undefined, cause: Error): HiveError {
  const errors: FieldError[] = column ? [{ field: column, message: 'does not fit its column' }] : []
  return new HiveError('request.unprocessable', 'A value does not fit the records.', { errors, cause })
}

/** Postgres names a column's check `<table>_<column>_check`. */
function columnOf(constraint: string | undefined): string | undefined {
  return checkName.exec(constraint ?? '')?.[1]
}

/** `ECONNREFUSED`, `TimeoutError` and the like, from as deep as fetch hides it. */
function networkCode(error: unknown): string | undefined {
  const { code, cause, name } = (error ?? {}) as { code?: unknown; cause?: unknown; name?: unknown }
  if (typeof code === 'string') return code
  return (cause ? networkCode(cause) : undefined) ?? (name === 'TimeoutError' ? name : undefined)
}
