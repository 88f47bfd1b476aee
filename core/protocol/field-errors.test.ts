import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { fieldErrors, fieldPath, mostFaults } from './field-errors.ts'
import { parse } from './parse.ts'

const Request = z.strictObject({
  name: z.string(),
  kind: z.optional(z.literal('x')),
  items: z.optional(z.array(z.strictObject({ size: z.int() }))),
})

const faultsOf = (input: unknown, prefix?: string) => {
  const { error } = parse(Request, input)
  return error === undefined ? [] : fieldErrors(error, prefix)
}

describe('field errors', () => {
  it('name every fault by its dotted path', () => {
    const faults = faultsOf({ items: [{ size: 1 }, { size: 'x', weight: 2 }], colour: 1 })
    expect(faults.map((fault) => fault.field)).toEqual(['name', 'items[1].size', 'items[1].weight', 'colour'])
    expect(faults[0]?.message).toBe('is required')
    expect(faults[3]?.message).toBe('is not a known field')
  })

  it('put a prefix in front of each path', () => {
    expect(faultsOf({}, 'messages[3]')).toEqual([{ field: 'messages[3].name', message: 'is required' }])
  })

  it('never show a value', () => {
    expect(JSON.stringify(faultsOf({ name: 'ok', kind: 'hunter2', items: 'hunter2' }))).not.toContain('hunter2')
  })

  it('carry the error code of a check', () => {
    const Sized = z.object({
      text: z.string().check(z.refine(() => false, { params: { code: 'request.too_large' }, error: 'too large' })),
    })
    const { error } = parse(Sized, { text: '' })
    expect(error && fieldErrors(error)).toEqual([{ field: 'text', message: 'too large', code: 'request.too_large' }])
  })

  it('quote and cut a key that would break a line', () => {
    expect(fieldPath('a', 'b\nc')).toBe('a["b\\nc"]')
    expect(fieldPath('', 'k'.repeat(10_000)).length).toBeLessThan(100)
  })

  it('are one for a value of another type, and one for a number beyond a bound', () => {
    const Bounded = z.object({
      scopes: z.array(z.string()).check(z.minLength(1), z.maxLength(5)),
      ttl: z.int().check(z.minimum(1), z.maximum(100)),
    })
    const told = (input: object) => {
      const { error } = parse(Bounded, input)
      return error === undefined ? [] : fieldErrors(error)
    }
    const scopes = ['a']
    const ttl = 1
    const atMost = [{ field: 'ttl', message: 'must be at most 100' }]
    expect(told({ ttl, scopes: 'publish' })).toEqual([{ field: 'scopes', message: 'must be an array' }])
    expect(told({ ttl, scopes: '' })).toEqual([{ field: 'scopes', message: 'must be an array' }])
    expect(told({ scopes, ttl: 1e300 })).toEqual(atMost)
    expect(told({ scopes, ttl: 101 })).toEqual(atMost)
    expect(told({ scopes, ttl: -1e300 })).toEqual([{ field: 'ttl', message: 'must be at least 1' }])
    expect(told({ scopes, ttl: 0.5 })).toEqual([{ field: 'ttl', message: 'must be a whole number' }])
  })

  it('are bounded in number', () => {
    const input = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, 1]))
    expect(faultsOf({ name: 'ok', ...input })).toHaveLength(mostFaults)
  })
})
