import { expect, it } from 'vitest'
import * as z from 'zod/mini'
import { faultText } from './fault-texts.ts'
import { parse } from './parse.ts'

it('reads alike the first time, when nothing is compiled, and later', () => {
  const make = () =>
    z.strictObject({
      name: z.string().check(z.minLength(2)),
      count: z._default(z.number(), 3),
      tags: z.exactOptional(z.array(z.string())),
    })
  for (const value of [
    { name: 'ab' },
    { name: 'ab', count: 1, tags: ['x'] },
    { name: 'a', count: 'x', tags: [1], other: 2 },
    { name: 'ab', tags: undefined },
    null,
    [],
  ]) {
    const schema = make()
    const [first, second] = [parse(schema, value), parse(schema, value)]
    const third = make().safeParse(value, { reportInput: true, error: faultText })
    expect(JSON.stringify(first)).toBe(JSON.stringify(second))
    expect(first.success).toBe(third.success)
    expect(first.error?.issues).toEqual(third.error?.issues)
    expect(first.data).toEqual(third.data)
  }
})
