import { Problem } from '../../functions/answers/problem.ts'
import type { FuzzRequest } from './make-request.ts'

export type FuzzAnswer = { status: number; type: string; text: string }

/** What nobody outside is to see: where code is, what Redis and Postgres are asked, and secrets. */
const inside =
  /\bat .{0,80}\.[tj]s:\d+|node_modules|file:\/\/\/.+\.[tj]s|\bSELECT\b.{0,200}\bFROM\b|INSERT INTO|relation "|user_script|EVALSHA|NOSCRIPT/

/** What is wrong with an answer; undefined when nothing is. */
export function faultOf(
  { route }: FuzzRequest,
  { status, type, text }: FuzzAnswer,
  secrets: string[],
): string | undefined {
  if (status < 200 || status >= 500 || (status >= 300 && status < 400)) return `it is ${status}`
  const seen = secrets.find((secret) => text.includes(secret))
  if (seen !== undefined) return `it shows ${seen.slice(0, 12)}…`
  // the document describes errors, and tells of Redis and Postgres in its own words
  if (status < 300) return undefined
  const leak = inside.exec(text)
  if (leak) return `it shows ${leak[0]}`
  if (!type.startsWith('application/problem+json')) return `it is ${type}`
  const problem = Problem.safeParse(JSON.parse(text))
  if (!problem.success) return `it is no problem: ${problem.error.message}`
  const { code, errors, status: told } = problem.data
  if (told !== status) return `it says ${told}`
  const names = code === 'request.invalid' && route !== 'none'
  return names && errors.length === 0 && !/percent-encoded|Idempotency-Key/i.test(problem.data.detail)
    ? 'it names no field'
    : undefined
}
