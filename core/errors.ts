/** Every error code a caller can meet, with the HTTP status it is answered with. Codes are stable; texts may change. */
export const errorStatus = {
  'request.invalid_json': 400,
  'request.invalid': 400,
  'request.unprocessable': 422,
  'request.too_large': 413,
  'request.timeout': 503,
  'cursor.invalid': 400,
  'version.unknown': 400,
  'auth.missing': 401,
  'auth.invalid': 401,
  'auth.forbidden': 403,
  'rate.limited': 429,
  'key.unknown': 404,
  'key.ended': 409,
  'route.unknown': 404,
  'route.method': 405,
  'agent.unknown': 404,
  'agent.disabled': 409,
  'capability.unavailable': 409,
  'capability.limit': 409,
  'topic.full': 409,
  'subscription.limit': 409,
  'message.unknown': 404,
  'message.conflict': 409,
  'metrics.conflict': 409,
  'dead_letter.unknown': 404,
  'receipt.stale': 409,
  'loop.detected': 409,
  'endpoint.refused': 422,
  'inbox.full': 429,
  'waiting.full': 429,
  'history.backlog': 503,
  'redis.unavailable': 503,
  'postgres.unavailable': 503,
  'migration.plan_invalid': 422,
  'migration.changed': 409,
  'migration.unfinished': 409,
  'migration.busy': 409,
  'migration.unknown': 404,
  'migration.edited': 409,
  'migration.retried': 409,
  'migration.partial': 409,
  'migration.state': 409,
  internal: 500,
} as const

export type ErrorCode = keyof typeof errorStatus

/** One thing that is wrong with the input: `field` is a dotted path such as `messages[3].to_agent`. */
export type FieldError = { field: string; message: string; code?: ErrorCode }

export type HiveErrorOptions = {
  /** The fields at fault, all of them at once. */
  errors?: FieldError[]
  /** Seconds after which trying again makes sense; becomes the Retry-After header. */
  retryAfter?: number
  cause?: unknown
}

/** The one error type of the project. `message` is shown to callers: it must never hold a key, a secret or a body. */
export class HiveError extends Error {
  readonly code: ErrorCode
  readonly errors: FieldError[]
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, options: HiveErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'HiveError'
    this.code = code
    this.errors = options.errors ?? []
    this.retryAfter = options.retryAfter
  }

  /** The HTTP status this error is answered with. */
  get status(): number {
    return errorStatus[this.code]
  }
}

/** What an error is called in logs: its code, or `internal` for what core did not raise. */
export function codeOf(error: unknown): ErrorCode | 'internal' {
  return error instanceof HiveError ? error.code : 'internal'
}
