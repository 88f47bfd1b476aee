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

  it('are bounded in number', () => {
    const input = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, 1]))
    expect(faultsOf({ name: 'ok', ...input })).toHaveLength(mostFaults)
  })
})
