import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isoTime } from './iso-time.ts'

describe('times in ISO 8601', () => {
  it('are written as Date writes them, however far they are from the one before', () => {
    const near = fc.double({ min: -2_500, max: 2_500, noNaN: true })
    const far = fc.date({ noInvalidDate: true }).map(Number)
    fc.assert(
      fc.property(far, fc.array(near), (start, steps) => {
        for (const step of [0, ...steps]) {
          const date = new Date(start + step)
          if (!Number.isNaN(Number(date))) expect(isoTime(start + step)).toBe(date.toISOString())
        }
      }),
    )
  })

  it('are refused where Date refuses them', () => {
    expect(() => isoTime(Number.NaN)).toThrow(RangeError)
    for (const ms of [9e15, 8.64e15 + 1, -8.64e15 - 1]) expect(() => isoTime(ms)).toThrow(RangeError)
    for (const ms of [8.64e15, -8.64e15]) expect(isoTime(ms)).toBe(new Date(ms).toISOString())
    expect(isoTime(0)).toBe('1970-01-01T00:00:00.000Z')
  })
})
