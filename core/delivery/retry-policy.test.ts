import { describe, expect, it } from 'vitest'
import { decide, parseRetryAfter } from './retry-policy.ts'

describe('decide', () => {
  it.each([200, 201, 202, 204, 299])('acks on %i', (status) => {
    expect(decide({ status })).toEqual({ kind: 'ack' })
  })

  it('takes 410 as the end of the endpoint', () => {
    expect(decide({ status: 410 })).toEqual({ kind: 'gone', reason: 'endpoint.gone' })
  })

  it.each([400, 401, 403, 404, 405, 413, 415, 422, 426, 451, 499])('fails at once on %i', (status) => {
    expect(decide({ status })).toEqual({ kind: 'fail', reason: `endpoint.answered_${status}` })
  })

  it.each([408, 409, 425, 429, 500, 502, 503, 504, 599, 301, 302, 303, 307, 308, 304, 101, 600, 999])(
    'retries on %i',
    (status) => {
      expect(decide({ status })).toEqual({ kind: 'retry', reason: `endpoint.answered_${status}` })
    },
  )

  it('retries when no answer came, and says why', () => {
    expect(decide({ status: null, fault: 'timeout' })).toEqual({ kind: 'retry', reason: 'endpoint.timeout' })
    expect(decide({ status: null, fault: 'refused' })).toEqual({ kind: 'retry', reason: 'endpoint.refused' })
  })

  it('hands the wait that was asked for on, when there is something to wait for', () => {
    expect(decide({ status: 503, retryAfterMs: 7_000 })).toMatchObject({ kind: 'retry', retryAfterMs: 7_000 })
    expect(decide({ status: 429, retryAfterMs: 0 })).toMatchObject({ kind: 'retry', retryAfterMs: 0 })
    expect(decide({ status: 200, retryAfterMs: 7_000 })).toEqual({ kind: 'ack' })
    expect(decide({ status: 404, retryAfterMs: 7_000 })).not.toHaveProperty('retryAfterMs')
  })
})

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0)

  it.each([
    ['0', 0],
    ['30', 30_000],
    [' 30 ', 30_000],
    ['900', 900_000],
    ['901', 900_000],
    ['99999999999999999999', 900_000],
    ['Thu, 01 Jan 2026 12:00:10 GMT', 10_000],
    ['Thursday, 01-Jan-26 12:00:10 GMT', 10_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['Fri, 02 Jan 2026 12:00:00 GMT', 900_000],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['2026-01-01T12:00:10Z', undefined],
    ['never GMT', undefined],
  ])('reads %j as %s ms', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected)
  })
})
