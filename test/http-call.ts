import { expect } from 'vitest'
import type { ErrorCode } from '../core/errors.ts'
import { Problem } from '../functions/answers/problem.ts'
import { expectDescribed } from './described.ts'

export type HttpAnswer = { status: number; headers: Headers; body: unknown }

/**
 * A caller of one gateway: `body` is sent as JSON, or as it is when it is text or bytes. `key` null sends none.
 * Every answer is held against the OpenAPI document.
 */
export function httpCaller(url: string, adminKey: string) {
  return async (
    method: string,
    path: string,
    body?: unknown,
    options: { key?: string | null; headers?: Record<string, string> } = {},
  ): Promise<HttpAnswer> => {
    const key = options.key === undefined ? adminKey : options.key
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        'content-type': 'application/json',
        ...options.headers,
      },
      ...(body === undefined ? {} : { body: isRaw(body) ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const { status, headers } = response
    const answer = { status, headers, body: text === '' ? null : JSON.parse(text) }
    expectDescribed(method, path, answer)
    return answer
  }
}

function isRaw(body: unknown): body is string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array
}

export type HttpCall = ReturnType<typeof httpCaller>

/** Checks the whole shape of a problem answer, its code, and that it names exactly these fields. */
export function expectProblem(answer: HttpAnswer, status: number, code: ErrorCode, fields: string[] = []): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const problem = Problem.parse(answer.body)
  expect({ status: answer.status, code: problem.code, fields: problem.errors.map(({ field }) => field) }).toEqual({
    status,
    code,
    fields,
  })
  expect(problem.status).toBe(status)
  expect(problem.type).toBe(`urn:agent-hive:error:${code}`)
  expect(problem.request_id).toBe(answer.headers.get('x-request-id'))
  expect(problem.request_id).not.toBe('')
  if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  if (status === 503 || status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
}
