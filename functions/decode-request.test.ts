import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { decodeBody, decodeQuery } from './decode-request.ts'

const event = (body: string | undefined, isBase64Encoded = false) =>
  ({ body, isBase64Encoded }) as APIGatewayProxyEventV2

describe('decoding a body', () => {
  it('reads JSON as text and in base64', () => {
    expect(decodeBody(event('{"a":"ü"}'))).toEqual({ a: 'ü' })
    expect(decodeBody(event(Buffer.from('{"a":"ü"}').toString('base64'), true))).toEqual({ a: 'ü' })
  })

  it.each([undefined, '', ' \n'])('takes %j for an empty object', (body) => {
    expect(decodeBody(event(body))).toEqual({})
  })

  it('refuses more than 4 MiB before it parses, whatever the encoding', () => {
    const most = 4 * 1024 * 1024
    const json = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2))
    const inBase64 = (bytes: number) => event(Buffer.from(json(bytes)).toString('base64'), true)
    expect(decodeBody(event(json(most)))).toHaveLength(most - 2)
    expect(decodeBody(inBase64(most))).toHaveLength(most - 2)
    expect(() => decodeBody(event('{'.repeat(most + 1)))).toThrow(
      expect.objectContaining({ code: 'request.too_large' }),
    )
    expect(() => decodeBody(event('ü'.repeat(most / 2 + 1)))).toThrow(
      expect.objectContaining({ code: 'request.too_large' }),
    )
    expect(() => decodeBody(event('€'.repeat(most / 3 + 1)))).toThrow(
      expect.objectContaining({ code: 'request.too_large' }),
    )
    expect(() => decodeBody(inBase64(most + 1))).toThrow(expect.objectContaining({ code: 'request.too_large' }))
  })

  it.each(['\ufeff', '\ufeff{}', '\ufeff\ufeff{}', '\u00a0'])(
    'refuses %j, which begins with no white space of JSON, as text and in base64',
    (text) => {
      for (const given of [event(text), event(Buffer.from(text).toString('base64'), true)]) {
        expect(() => decodeBody(given)).toThrow(expect.objectContaining({ code: 'request.invalid_json' }))
      }
    },
  )

  it('refuses what is not UTF-8 instead of replacing it', () => {
    const latin1 = Buffer.from('{"a":"ü"}', 'latin1').toString('base64')
    expect(() => decodeBody(event(latin1, true))).toThrow(expect.objectContaining({ code: 'request.invalid_json' }))
  })
})

describe('decoding a query', () => {
  it('decodes names and values, a plus being a space', () => {
    expect(decodeQuery('agent_name=a+b%2Bc&from=2026-01-01T00%3A00%3A00Z&empty=&bare')).toEqual({
      agent_name: 'a b+c',
      from: '2026-01-01T00:00:00Z',
      empty: '',
      bare: '',
    })
    expect(decodeQuery('')).toEqual({})
  })

  it('names every parameter that is repeated or badly encoded', () => {
    expect(() => decodeQuery('limit=1&limit=2&cursor=%ZZ&metric_type=%FF')).toThrow(
      expect.objectContaining({
        code: 'request.invalid',
        errors: [
          { field: 'limit', message: 'is given more than once' },
          { field: 'cursor', message: 'is not valid percent-encoded UTF-8' },
          { field: 'metric_type', message: 'is not valid percent-encoded UTF-8' },
        ],
      }),
    )
  })

  it('treats names of object members as any other', () => {
    expect(Object.keys(decodeQuery('__proto__=1&constructor=2'))).toEqual(['__proto__', 'constructor'])
  })
})
