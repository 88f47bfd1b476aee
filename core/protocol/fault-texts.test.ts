import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { fieldErrors } from './field-errors.ts'
import { parse } from './parse.ts'

const messagesOf = (schema: z.ZodMiniType, value: unknown) => {
  const parsed = parse(schema, value)
  return parsed.success ? [] : fieldErrors(parsed.error)
}
const messageOf = (schema: z.ZodMiniType, value: unknown) => messagesOf(z.object({ it: schema }), { it: value })[0]

describe('the text of a fault', () => {
  it('says what the value must be, in the words of JSON', () => {
    const said = (schema: z.ZodMiniType, value: unknown) => messageOf(schema, value)?.message
    expect(said(z.string(), 1)).toBe('must be a string')
    expect(said(z.number(), '1')).toBe('must be a number')
    expect(said(z.int(), 1.5)).toBe('must be a whole number')
    expect(said(z.boolean(), 'yes')).toBe('must be true or false')
    expect(said(z.array(z.string()), 'x')).toBe('must be an array')
    expect(said(z.strictObject({}), [])).toBe('must be a JSON object')
    expect(said(z.record(z.string(), z.unknown()), 'x')).toBe('must be a JSON object')
    expect(said(z.literal(1), 2)).toBe('must be 1')
    expect(said(z.enum(['publish', 'receive']), 'fly')).toBe('must be one of publish, receive')
    expect(said(z.uuid(), 'x')).toBe('must be a UUID')
    expect(said(z.iso.datetime({ offset: true }), 'now')).toMatch(/^must be an ISO 8601 date and time with a zone/)
  })

  it('names the limit that is passed', () => {
    const said = (schema: z.ZodMiniType, value: unknown) => messageOf(schema, value)?.message
    expect(said(z.number().check(z.maximum(20)), 100)).toBe('must be at most 20')
    expect(said(z.number().check(z.minimum(1)), 0)).toBe('must be at least 1')
    expect(said(z.number().check(z.positive()), 0)).toBe('must be more than 0')
    expect(said(z.array(z.string()).check(z.maxLength(2)), ['a', 'b', 'c'])).toBe('must have at most 2 items')
    expect(said(z.array(z.string()).check(z.minLength(1)), [])).toBe('must not be empty')
    expect(said(z.string().check(z.maxLength(1)), 'ab')).toBe('must have at most 1 character')
  })

  it('says that a field is required, whatever text the schema has for wrong ones', () => {
    const schema = z.strictObject({
      name: z.string(),
      at: z.iso.datetime('must be a moment'),
      kind: z.enum(['a', 'b']),
      version: z.literal(1),
    })
    expect(messagesOf(schema, {})).toEqual(
      ['name', 'at', 'kind', 'version'].map((field) => ({ field, message: 'is required' })),
    )
  })

  it('names the whole by $', () => {
    expect(messagesOf(z.strictObject({}), [1])).toEqual([{ field: '$', message: 'must be a JSON object' }])
  })
})
