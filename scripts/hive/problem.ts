import type { FieldError } from '../../core/errors.ts'

/** The body of an `application/problem+json` answer (RFC 9457) as the hive writes it. */
export type ProblemDocument = {
  type?: string
  title?: string
  status: number
  detail: string
  code: string
  errors?: FieldError[]
  request_id?: string
}

/** The hive answered, and the answer is an error. `retryAfter` is in seconds. */
export class HiveProblem extends Error {
  readonly document: ProblemDocument
  readonly retryAfter: number | undefined

  constructor(document: ProblemDocument, retryAfter?: number) {
    super(document.detail)
    this.name = 'HiveProblem'
    this.document = document
    this.retryAfter = retryAfter
  }

  get code(): string {
    return this.document.code
  }

  get errors(): FieldError[] {
    return this.document.errors ?? []
  }
}

/** Nothing that speaks HTTP answered at the URL, or not in time. */
export class HiveUnreachable extends Error {
  override readonly name = 'HiveUnreachable'
}

/** What was asked for makes no sense before anything is sent: wrong flags, an unreadable file, no key. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command ran and did not do all that was asked; its result was printed already. */
export class Incomplete extends Error {
  override readonly name = 'Incomplete'
}

/** Reads a failed answer. One that is not a problem document (a proxy's page, a wrong URL) is named by its status. */
export async function readProblem(response: Response, url: string): Promise<HiveProblem> {
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  const text = await response.text()
  return new HiveProblem(
    parseProblem(text) ?? foreignAnswer(response, url),
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  )
}

function parseProblem(text: string): ProblemDocument | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    const isProblem = typeof parsed === 'object' && parsed !== null && 'code' in parsed && 'detail' in parsed
    return isProblem ? (parsed as ProblemDocument) : undefined
  } catch {
    return undefined
  }
}

export function foreignAnswer(response: Response, url: string): ProblemDocument {
  return {
    status: response.status,
    code: `http.${response.status}`,
    detail:
      `${new URL(url).origin} answered ${response.status} ${response.statusText}`.trim() +
      ', not as an Agent Hive does',
  }
}
